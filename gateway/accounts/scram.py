"""SCRAM-SHA-256, the server's side: the client proves the password, and never sends the password.

Source: RFC 5802, RFC 7677.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import NamedTuple

from gateway.accounts.credentials import Credentials
from gateway.accounts.steps import WRONG, Challenge, Done, Exchange, NeedAccount, Refused, check_itself, split_name

# Section 7: gs2-header client-first-message-bare, client-final-message. A name has =2C for "," and =3D for "=".
_FIRST = re.compile(r"([ny],(?:a=([^,]+))?,)(n=([^,]*),r=([!-+\--~]+)(?:,[A-Za-z]=[^,]+)*)")
_FINAL = re.compile(r"(c=([A-Za-z0-9+/=]+),r=([!-+\--~]+)(?:,[A-Za-z]=[^,]+)*),p=([A-Za-z0-9+/=]+)")
_BAD_ESCAPE = re.compile(r"=(?!2C|3D)")

Proves = Callable[[bytes, bytes, bytes], bool]
"""A function like `is_proof`: judges a proof, given the proof, the stored key, and the signed words."""


class _First(NamedTuple):
    """gs2: the header; the client repeats the header later. bare: the signed part."""

    gs2: str
    bare: str
    authzid: str
    authcid: str
    nonce: str


def is_proof(proof: bytes, stored_key: bytes, signed: bytes) -> bool:
    """Whether the proof fits the stored key and the signed words."""
    signature = hmac.digest(stored_key, signed, "sha256")
    if len(proof) != len(signature):
        return False
    client_key = bytes(a ^ b for a, b in zip(proof, signature, strict=True))
    return hmac.compare_digest(hashlib.sha256(client_key).digest(), stored_key)


def scram(nonce: str, proves: Proves = is_proof) -> Exchange:
    """Run the exchange.

    nonce: the server's part of the nonce, printable, without ",", never used before. proves: a function like is_proof.
    """
    data: bytes = yield Challenge(b"")
    first = _read_first(_text(data))
    check_itself(first.authzid, first.authcid)
    name, device = split_name(first.authcid)
    answer: tuple[str | None, Credentials | None] = yield NeedAccount(name)
    shown, credentials = answer
    if credentials is None or credentials.scram is None:
        raise Refused(WRONG, b"e=other-error")
    keys, both = credentials.scram, first.nonce + nonce
    server_first = f"r={both},s={b64encode(keys.salt).decode()},i={keys.iterations}"
    data = yield Challenge(server_first.encode())
    without_proof, proof = _read_final(_text(data), first.gs2, both)
    signed = f"{first.bare},{server_first},{without_proof}".encode()
    # An account that does not exist fails only here, so a client cannot tell such an account from a wrong password.
    if not proves(proof, keys.stored_key, signed) or shown is None:
        raise Refused(WRONG, b"e=invalid-proof")
    data = yield Challenge(b"v=" + b64encode(hmac.digest(keys.server_key, signed, "sha256")))
    if data:
        raise Refused("An empty answer was due", b"e=other-error")
    return Done(shown, device)


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Refused("Not UTF-8", b"e=invalid-encoding") from None


def _read_first(text: str) -> _First:
    if text.startswith("p="):
        raise Refused("No channel binding is offered", b"e=channel-binding-not-supported")
    found = _FIRST.fullmatch(text)
    if found is None:
        if re.match(r"[^,]*,[^,]*,m=", text):
            raise Refused("No extensions are known", b"e=extensions-not-supported")
        raise Refused("Not the form of SCRAM's first message", b"e=other-error")
    gs2, authzid, bare, authcid, nonce = found.groups("")
    return _First(gs2, bare, _unescaped(authzid), _unescaped(authcid), nonce)


def _unescaped(name: str) -> str:
    if _BAD_ESCAPE.search(name):
        raise Refused("In a name, only =2C and =3D may follow =", b"e=invalid-username-encoding")
    return name.replace("=2C", ",").replace("=3D", "=")


def _read_final(text: str, gs2: str, nonce: str) -> tuple[str, bytes]:
    """Read the client's final message: the signed part, and the proof."""
    found = _FINAL.fullmatch(text)
    if found is None:
        raise Refused("Not the form of SCRAM's final message", b"e=other-error")
    without_proof, binding, repeated, proof = found.groups()
    if _decoded(binding) != gs2.encode():
        raise Refused("The header has changed", b"e=channel-bindings-dont-match")
    if not hmac.compare_digest(repeated, nonce):
        raise Refused("The nonce has changed", b"e=other-error")
    return without_proof, _decoded(proof)


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        raise Refused("Not base64", b"e=invalid-encoding") from None
