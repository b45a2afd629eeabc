"""Questions of admin clients to a node's core, and the answers, for any input."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.admin_clients.requests import Problem, StatusAsk, answer, encode, read_reply
from gateway.status import Status
from ring.links.link import LinkState
from tests.gateway.commands.stage import network

CORE = network(1).nodes["n1"].core


def asked(payload: bytes) -> list[bytes]:
    replies: list[bytes] = []
    answer(CORE, {"127.0.0.2": LinkState(1.5)}, payload, replies.append)
    return replies


def test_a_node_says_how_it_is() -> None:
    (payload,) = asked(encode(StatusAsk()))
    status = read_reply(payload)
    assert isinstance(status, Status) and status.name == "n1.sim" and status.links == {"127.0.0.2": 1.5}


def test_a_request_of_a_later_version_is_answered_in_words() -> None:
    (payload,) = asked(msgspec.msgpack.encode({"type": "weather", "where": "here"}))
    assert read_reply(payload) == Problem("it runs version 1, which does not know this request")


def test_a_later_version_may_say_more() -> None:
    (payload,) = asked(encode(StatusAsk()))
    more = {**msgspec.msgpack.decode(payload), "mood": "good"}
    assert read_reply(msgspec.msgpack.encode(more)) == read_reply(payload)
    assert len(asked(msgspec.msgpack.encode({"type": "status", "verbose": True}))) == 1


@given(st.binary(max_size=300))
@settings(max_examples=300)
def test_every_request_has_one_answer(payload: bytes) -> None:
    (answered,) = asked(payload)
    assert isinstance(read_reply(answered), Problem | Status)
