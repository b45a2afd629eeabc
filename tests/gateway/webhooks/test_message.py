"""One message as a receiver gets it."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import msgspec
import pytest

from gateway.state.channel.messages import Said
from gateway.state.idempotency import IdempotencyKey, Speaker
from gateway.webhooks.message import body, key_of, sign
from ring.ids import GroupId, Incarnation, Term
from ring.storage.store import Line

LINE = Line(GroupId("channel", "#c"), Term(5, "a", 1), 7, 1_700_000_000_123, "x-5.a-7", b"")


def said(text: bytes = b"hi", verb: str = "PRIVMSG", **facts: Any) -> Said:
    return Said("0uid", "Ann!~ann@host.example", verb, text, **facts)


def content(one: Said, gap: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(body("Net", "#C", "h1", LINE, one, gap))
    return found


def test_what_a_message_says_and_what_it_does_not() -> None:
    one = said(account="Ann", life="registration", tags={"+draft/reply": "x"})
    assert content(one, gap=4) == {
        "key": key_of(LINE, one),
        "subscription": "h1",
        "network": "Net",
        "channel": "#C",
        "msgid": "x-5.a-7",
        "time": "2023-11-14T22:13:20.123Z",
        "kind": "message",
        "nick": "Ann",
        "account": "Ann",
        "bot": False,
        "text": "hi",
        "gap": 4,
    }


@pytest.mark.parametrize(
    ("verb", "text", "kind", "shown"),
    [
        ("NOTICE", b"hi", "notice", "hi"),
        ("PRIVMSG", b"\x01ACTION waves\x01", "action", "waves"),
        ("PRIVMSG", b"\x01ACTION\x01", "action", ""),
        ("PRIVMSG", b"\x01VERSION\x01", "ctcp", "VERSION"),
        ("PRIVMSG", b"\x01ACTION unended", "action", "unended"),
        ("PRIVMSG", b"caf\xe9 \xf0\x9f\x98\x80", "message", "caf\ufffd \U0001f600"),
        ("PRIVMSG", b'"\\\x02bold', "message", '"\\\x02bold'),
    ],
)
def test_kinds_and_texts(verb: str, text: bytes, kind: str, shown: str) -> None:
    found = content(said(text, verb))
    assert (found["kind"], found["text"]) == (kind, shown)


def test_the_key_is_that_of_the_line_which_was_said_wherever_it_was_committed() -> None:
    idempotency_key = IdempotencyKey(Speaker(Incarnation("n1", 7), 3), 12)
    elsewhere = Line(LINE.group, Term(6, "b", 1), 9, LINE.at, "x-6.b-9", b"")
    assert key_of(LINE, said(idempotency_key=idempotency_key)) == key_of(
        elsewhere, said(idempotency_key=idempotency_key)
    )
    others = [
        said(idempotency_key=idempotency_key._replace(line=13)),
        said(idempotency_key=idempotency_key._replace(target=1)),
        said(),
    ]
    keys = {key_of(LINE, one) for one in [said(idempotency_key=idempotency_key), *others]}
    assert len(keys) == 4 and all(len(key) == 32 for key in keys)
    assert key_of(LINE, said()) != key_of(elsewhere, said())
    in_another = Line(GroupId("channel", "#d"), LINE.term, 7, LINE.at, LINE.msgid, b"")
    assert key_of(LINE, said(idempotency_key=idempotency_key)) != key_of(
        in_another, said(idempotency_key=idempotency_key)
    )


def test_the_signature_covers_time_and_body() -> None:
    expected = hmac.new(b"secret", b"1700000000." + b'{"a":1}', hashlib.sha256).hexdigest()
    assert sign("secret", 1_700_000_000, b'{"a":1}') == f"t=1700000000,v1={expected}"
    assert sign("secret", 1_700_000_001, b'{"a":1}') != sign("secret", 1_700_000_000, b'{"a":1}')
