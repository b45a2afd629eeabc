"""Messages between a client's node and the session's node: what is read back, and what cannot be read."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.edge.accounts.proof import Login
from gateway.edge.sessions.remote import Forwarder, Hello, RemoteSide, Shown, Standing
from gateway.state.idempotency import Speaker
from ring.ids import UNREADABLE, Incarnation, Term
from ring.wire.history import Cursor

CURSOR = Cursor(3, 1_003, Term(1, "k", 1))
STANDING = Standing(frozenset(("sasl", "server-time")), 302, Login("Ann", "life", "phone"), "ann")
HELLO = Hello("10.0.0.1", True, "ab" * 32, STANDING, "Ann", True, {"#c": CURSOR}, Speaker(Incarnation("k", 1), 7), 41)
SHOWN = Shown(b":irc PING x\r\n", {"#c": CURSOR}, 42, STANDING)


@pytest.mark.parametrize("message", [HELLO, SHOWN, Shown(b"", {}, 0)])
def test_a_message_is_read_back_as_written(message: Any) -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(message), type=type(message)) == message


def test_an_introduction_without_the_last_field_is_of_a_client_that_is_there() -> None:
    fields = msgspec.msgpack.decode(msgspec.msgpack.encode(HELLO))
    read = msgspec.convert(fields[:-1], Hello, strict=False)
    assert not read.gone and read == HELLO


@pytest.mark.parametrize(
    "data",
    [b"", b"\xc1", b"\x90", msgspec.msgpack.encode(SHOWN), msgspec.msgpack.encode("x")],
    ids=["nothing", "no MessagePack", "no fields", "another message", "a text"],
)
def test_another_message_is_no_introduction(data: bytes) -> None:
    with pytest.raises(UNREADABLE):
        msgspec.msgpack.decode(data, type=Hello)


def test_a_standing_is_news_only_if_a_fact_differs() -> None:
    same = Standing(frozenset(("server-time", "sasl")), 302, Login("Ann", "life", "phone"), "ann")
    assert same == STANDING
    for change in ({"caps": frozenset()}, {"cap_version": 0}, {"login": None}, {"session": ""}):
        assert msgspec.structs.replace(STANDING, **change) != STANDING, change


def test_a_new_connection_has_no_other_side_and_no_settled_line_told() -> None:
    side = RemoteSide()
    assert side.forwarder is side.stream is side.told is side.speaker is None
    assert side.settled_told < 0, "even line 0, of a client that has said nothing, is still to be told"


def test_a_forwarder_has_to_say_whether_anything_is_owed() -> None:
    names = ("device", "send", "tick", "close", "was_sent", "delivered_now")
    partly = type("Partly", (Forwarder,), dict.fromkeys(names))
    with pytest.raises(TypeError, match="owes"):
        partly()
