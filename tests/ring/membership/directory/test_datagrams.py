"""Signing, sizes and versions of directory datagrams."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ring.ids import Incarnation
from ring.membership.directory.datagrams import (
    MAX_DATAGRAM,
    VERSION_NOTICE,
    Announce,
    Ask,
    Codec,
    Cookie,
    Depart,
    Dropped,
    Listing,
    is_public,
    pack,
    unpack,
    wants_notice,
)
from ring.roster import MAX_HTTP, MAX_LEVEL, MAX_TEXT, NodeRecord, is_sane, read_record

KEY = bytes(range(32))
NODE = NodeRecord("127.0.0.1", 5, "n1.example", "127.0.0.1", 7600, "127.0.0.1:6667", "0.1", 1_700_000_000)
HELLO = Announce(NODE.id, 1, 2**62, 1_800_000_000_000, NODE)
CODEC = Codec("TestNet", KEY)


def reason(data: bytes, codec: Codec = CODEC) -> str:
    with pytest.raises(Dropped) as caught:
        codec.open(data)
    return caught.value.reason


def test_a_sealed_message_opens() -> None:
    assert CODEC.open(CODEC.seal(HELLO)) == HELLO


def test_the_largest_sane_record_fits_a_datagram() -> None:
    text = "é" * (MAX_TEXT // 2)
    ip = "1111:2222:3333:4444:5555:6666:7777:8888"
    facts = (text, 2**53 - 1, text, ip, 65535, text, text, 2**53 - 1, True, MAX_LEVEL - 1)
    ring = ("é" * 8, 1023, 1023, "é" * 8)
    http = "https://" + "a" * (MAX_HTTP - 8)
    record = read_record([*facts, ring, http, "x" * (MAX_TEXT - 3)])
    assert is_sane(record)
    data = CODEC.seal(Announce(record.id, 2**62, 2**62, 2**62, record))
    assert len(data) <= MAX_DATAGRAM


def test_another_network_or_key_is_refused() -> None:
    data = CODEC.seal(HELLO)
    assert reason(data, Codec("OtherNet", KEY)) == "network"
    assert reason(data, Codec("TestNet", bytes(32))) == "mac"


def test_the_network_is_proven_and_not_only_named() -> None:
    other = Codec("OtherNet", KEY).seal(HELLO)
    ours = CODEC.seal(HELLO)
    assert reason(other[:4] + ours[4:8] + other[8:]) == "mac"


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_any_changed_byte_is_noticed(at: int, flip: int) -> None:
    data = bytearray(CODEC.seal(HELLO))
    data[at % len(data)] ^= flip
    reason(bytes(data))


def test_reasons_are_told_apart() -> None:
    data = CODEC.seal(HELLO)
    assert reason(data + bytes(MAX_DATAGRAM)) == "oversized"
    assert reason(b"") == reason(data[:3]) == reason(data[:20]) == "truncated"
    assert reason(b"GET / HTTP/1.1") == "foreign"
    assert reason(data[:-1]) == "mac"
    assert reason(data[:2] + b"\x07" + data[3:]) == "version"
    assert reason(pack(Ask(1, b"", ""))) == "malformed"


def test_signed_nonsense_is_malformed() -> None:
    head = CODEC.seal(HELLO)[:8]
    for body in (b"", b"\xc1", b"\x91" * 1100, msgspec.msgpack.encode(["x"] * 9), b"\x95\x92\xa1\xff\x01\x01\x01\x01"):
        assert reason(head + CODEC._mac(head, body) + body) == "malformed"
    head = head[:3] + b"\x63" + head[4:]
    assert reason(head + CODEC._mac(head, b"")) == "malformed"


def test_a_notice_of_the_version_is_not_answered_with_another() -> None:
    newer = VERSION_NOTICE[:2] + b"\x02\x00"
    with pytest.raises(Dropped) as caught:
        is_public(newer)
    assert (caught.value.reason, caught.value.version) == ("version", 2)
    assert not wants_notice(newer)
    assert wants_notice(newer[:3] + b"\x01 whatever")
    assert len(VERSION_NOTICE) == 4


def test_an_ask_is_as_long_as_any_answer() -> None:
    for ask in (Ask(0, b"", ""), Ask(2**62, bytes(16), "k" * 128)):
        data = pack(ask)
        assert len(data) == MAX_DATAGRAM
        assert msgspec.structs.replace(unpack(data), padding=b"") == ask
    for answer in (Cookie(7, bytes(16)), Listing(7, "TestNet", (), "")):
        assert unpack(pack(answer)) == answer


@given(st.one_of(st.binary(max_size=1300), st.binary(max_size=300).map(lambda tail: b"cD\x01" + tail)))
def test_every_byte_string_opens_or_is_dropped(data: bytes) -> None:
    for read in (CODEC.open, unpack):
        try:
            read(data)
        except Dropped:
            continue


def test_departs_differ_by_life() -> None:
    assert CODEC.seal(Depart(Incarnation("a", 1), 1, 1, 1)) != CODEC.seal(Depart(Incarnation("a", 2), 1, 1, 1))
