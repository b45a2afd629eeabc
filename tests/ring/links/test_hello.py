"""The first messages of a link: what is read of a stranger's bytes, which settings differ, and who knows the key."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ring.features import LEVEL, OLDEST
from ring.links.hello import NONCE, PROTOCOL, Hello, Refused, Role, Terms, compare, encode, is_proof, proof, read
from ring.roster import MAX_LEVEL, NodeRecord

TERMS = Terms("Circlet", "irc.circlet.local", "absolute", 1, 2, "rfc1459", {"nick_len": 30})
NODE = NodeRecord("127.0.0.1", 7, "n1.test", "127.0.0.1", 7600, "", "1", 0, level=LEVEL)
NONCES = bytes(range(NONCE))


def hello(**changes: Any) -> Hello:
    return msgspec.structs.replace(Hello(PROTOCOL, TERMS, NODE, NONCES, LEVEL, OLDEST), **changes)


@pytest.mark.parametrize("changes", [{}, {"record": None}, {"acting": 0, "oldest": 0}])
def test_a_hello_is_read_as_it_was_written(changes: dict[str, Any]) -> None:
    assert read(encode(hello(**changes))) == hello(**changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"nonce": b"short"}, "malformed"),
        ({"record": msgspec.structs.replace(NODE, ip="nonsense")}, "malformed"),
        ({"record": msgspec.structs.replace(NODE, link_port=0)}, "malformed"),
        ({"acting": -1}, "malformed"),
        ({"acting": MAX_LEVEL}, "malformed"),
        ({"oldest": MAX_LEVEL}, "malformed"),
        ({"protocol": 9}, "upgrade the node of version 1"),
        ({"protocol": 0}, "upgrade the node of version 0"),
        ({"record": "a name"}, "cannot be read"),
        ({"terms": 5}, "cannot be read"),
    ],
)
def test_a_bad_hello_is_refused_in_words(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        read(msgspec.msgpack.encode(hello(**changes)))


@pytest.mark.parametrize(
    "body", [b"", b"\xc1", b"GET / HTTP/1.1", b"\x90", b"\x91\xa1x", b"\x91" * 5000, b"\x91\xa1\xff"]
)
def test_what_is_no_hello_is_refused(body: bytes) -> None:
    with pytest.raises(Refused, match="does not speak the link protocol"):
        read(body)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        assert read(body).protocol == PROTOCOL
    except Refused as refused:
        assert str(refused)


@given(st.integers(0, 400), st.integers(1, 255))
def test_a_changed_byte_is_read_or_refused_in_words(at: int, flip: int) -> None:
    body = bytearray(encode(hello()))
    body[at % len(body)] ^= flip
    try:
        assert len(read(bytes(body)).nonce) == NONCE
    except Refused as refused:
        assert str(refused)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, []),
        ({"network": "Other"}, ["network.name: here Circlet, there Other"]),
        ({"server_name": "irc.x"}, ["network.server_name: here irc.circlet.local, there irc.x"]),
        (
            {"distance": "circular", "points": 3},
            ["ring.distance: here absolute, there circular", "ring.points: here 1, there 3"],
        ),
        ({"copies": 1}, ["ring.copies: here 2, there 1"]),
        ({"casemapping": "ascii"}, ["network.casemapping: here rfc1459, there ascii"]),
        ({"limits": {"nick_len": 9}}, ["limits.nick_len: here 30, there 9"]),
        (
            {"limits": {"topic_len": 5}},
            ["limits.nick_len: here 30, there None", "limits.topic_len: here None, there 5"],
        ),
    ],
)
def test_each_setting_that_differs_is_named(changes: dict[str, Any], words: list[str]) -> None:
    assert compare(TERMS, msgspec.structs.replace(TERMS, **changes)) == words


def test_a_proof_holds_for_one_key_role_session_and_certificate() -> None:
    facts: tuple[bytes, Role, bytes, bytes, bytes] = (b"k" * 32, "dialler", b"hello of a", b"hello of b", b"c" * 32)
    known = proof(*facts)
    assert is_proof(known, proof(*facts)) and len(known) == 32
    others: list[tuple[bytes, Role, bytes, bytes, bytes]] = [
        (b"x" * 32, *facts[1:]),
        (facts[0], "listener", *facts[2:]),
        (*facts[:2], b"hello of m", *facts[3:]),
        (*facts[:3], b"hello of m", facts[4]),
        (*facts[:4], b"m" * 32),
        (*facts[:2], b"hello of ah", b"ello of b", facts[4]),  # the same bytes, cut elsewhere
    ]
    assert not any(is_proof(known, proof(*other)) for other in others)
    assert not is_proof(known, known[:-1]) and not is_proof(known, b"")
