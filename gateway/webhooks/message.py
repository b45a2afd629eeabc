"""A message in a webhook's request: key, JSON and signature (P46). Interfaces: contrib/docs/webhooks.md."""

from __future__ import annotations

import hmac
from hashlib import blake2b
from typing import Any, Final

import msgspec

from gateway.irc.times import server_time
from gateway.state.channel.messages import Said
from ring.storage.store import Line

SIGNATURE: Final = "Circlet-Signature"
KEY: Final = "Idempotency-Key"
_CTCP = b"\x01"


def key_of(line: Line, said: Said) -> str:
    """Return the message's key. The key is the same on every node, and on every side of a partition."""
    known: Any = [line.group.name, line.msgid if said.idempotency_key is None else said.idempotency_key]
    return blake2b(msgspec.json.encode(known), digest_size=16).hexdigest()


def body(network: str, channel: str, subscription: str, line: Line, said: Said, gap: int) -> bytes:
    """Encode the request's body. gap: the number of messages given up right before this message."""
    kind, text = _kind(said)
    content = {
        "key": key_of(line, said),
        "subscription": subscription,
        "network": network,
        "channel": channel,
        "msgid": line.msgid,
        "time": server_time(line.at),
        "kind": kind,
        "nick": said.source.partition("!")[0],
        "account": said.account,
        "bot": said.bot,
        "text": text.decode("utf-8", "replace"),
        "gap": gap,
    }
    return msgspec.json.encode(content)


def _kind(said: Said) -> tuple[str, bytes]:
    """Return the kind and text: message, notice, action (/me), or ctcp for other requests between clients."""
    text = said.text
    if text[:1] != _CTCP:
        return ("notice" if said.verb == "NOTICE" else "message"), text
    inner = text.strip(_CTCP)
    word, _, rest = inner.partition(b" ")
    return ("action", rest) if word == b"ACTION" else ("ctcp", inner)


def sign(secret: str, at: int, content: bytes) -> str:
    """Sign a request: HMAC-SHA256 over `at`, a dot and the body. at: Unix seconds of the request."""
    digest = hmac.digest(secret.encode(), f"{at}.".encode() + content, "sha256").hex()
    return f"t={at},v1={digest}"
