"""Secrets and texts that a recording must not hold, and the fillers in their place."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.accounts.credentials import Credentials, Scram
from gateway.edge.direct.remote_messages import Sent
from gateway.recording.doors import Lines
from gateway.recording.fillers import client_line, packed, said, shown
from gateway.state.people import Person
from ring.ids import UNREADABLE

PLAIN = b64encode(b"\0ann\0sesame")


@pytest.mark.parametrize(
    ("line", "filled"),
    [
        (b"PRIVMSG #c :hello there", b"PRIVMSG #c :xxxxx xxxxx"),
        (b"privmsg #c hello", b"privmsg #c xxxxx"),
        (b"NOTICE ann :\x01ACTION waves\x01", b"NOTICE ann :\x01ACTION xxxxx\x01"),
        (b"@+reply=abc;+x=a\\sb PRIVMSG #c :\xff\xc3\xbc", b"@+reply=abc;+x=x\\sx PRIVMSG #c :xxx"),
        (b":ann!a@b PRIVMSG #c :hi", b":ann!a@b PRIVMSG #c :xx"),
        (b"TOPIC #c :our topic", b"TOPIC #c :xxx xxxxx"),
        (b"TOPIC #c word", b"TOPIC #c word"),
        (b"USER ann 0 * :Ann Example", b"USER ann 0 * :xxx xxxxxxx"),
        (b"JOIN #a,#b key1,key2", b"JOIN #a,#b key1,key2"),  # decides, and stands in the channel's modes anyway
        (b"MODE #c +b *!*@host", b"MODE #c +b *!*@host"),
        (b"PING :now", b"PING :now"),
        (b"", b""),
        (b"   ", b"   "),
        (b"PRIVMSG", b"PRIVMSG"),
    ],
)
def test_what_is_said_is_replaced_unless_asked_for(line: bytes, filled: bytes) -> None:
    assert client_line(line, texts=False) == filled and len(line) == len(filled)
    assert client_line(line, texts=True) == line


@pytest.mark.parametrize("texts", [True, False])
@pytest.mark.parametrize(
    ("line", "filled"),
    [
        (b"PASS sesame", b"PASS xxxxxx"),
        (b"PASS :open sesame", b"PASS :xxxx xxxxxx"),
        (b"PASS ann@phone:sesame:street", b"PASS ann@phone:xxxxxxxxxxxxx"),
        (b"OPER root sesame", b"OPER root xxxxxx"),
        (b"REGISTER * a@example.net :sesame", b"REGISTER * a@example.net :xxxxxx"),
        (b"PRIVMSG NickServ :IDENTIFY sesame", b"PRIVMSG NickServ :IDENTIFY xxxxxx"),
        (b"PRIVMSG nickserv :identify ann sesame", b"PRIVMSG nickserv :identify ann xxxxxx"),
        (b"NS REGISTER sesame a@example.net", b"NS REGISTER xxxxxx x@xxxxxxxxxxx"),
        (b"NICKSERV :PASSWD old new", b"NICKSERV :PASSWD xxx xxx"),
        (b"NS GHOST ann", b"NS GHOST ann"),
        (b"NS GHOST ann sesame", b"NS GHOST ann xxxxxx"),
        (b"NS SET ALWAYS-ON on", b"NS SET ALWAYS-ON on"),
        (b"NS IDENTIFY", b"NS IDENTIFY"),
        (b"NS", b"NS"),
        (b"AUTHENTICATE PLAIN", b"AUTHENTICATE PLAIN"),
        (b"AUTHENTICATE +", b"AUTHENTICATE +"),
        (b"AUTHENTICATE " + PLAIN, b"AUTHENTICATE " + b64encode(b"\0ann\0xxxxxx")),
        (b"AUTHENTICATE " + b64encode(b"\0ann\0" + b"p" * 293), b"AUTHENTICATE " + b"A" * 400),
        (b"AUTHENTICATE no:base64", b"AUTHENTICATE AAAAAAAAA"),
        (b"AUTHENTICATE", b"AUTHENTICATE"),
    ],
)
def test_passwords_are_replaced_always(line: bytes, filled: bytes, texts: bool) -> None:
    assert client_line(line, texts=texts) == filled and len(line) == len(filled)


def test_scram_keeps_its_names_and_not_its_proof() -> None:
    first, proof = b64encode(b"n,,n=ann,r=nonce"), b64encode(b"p" * 32)
    assert client_line(b"AUTHENTICATE " + first, texts=False) == b"AUTHENTICATE " + first
    final = client_line(b"AUTHENTICATE " + b64encode(b"c=biws,r=nonce,p=" + proof), texts=True)
    assert b64decode(final.split(b" ")[1]) == b"c=biws,r=nonce,p=" + b"A" * 43 + b"="


def fill(value: Any, *, texts: bool = False) -> Any:
    return msgspec.msgpack.decode(packed(msgspec.msgpack.encode(value), texts=texts))


def test_credentials_are_replaced_wherever_they_are_and_can_still_be_read() -> None:
    real = Credentials("$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA", Scram(b"salt" * 4, 4096, b"k" * 32, b"s" * 32))
    for texts in (True, False):
        filled = packed(msgspec.msgpack.encode([5, ["x", real]]), texts=texts)
        assert not [part for part in (b"c2FsdA", b"salt", b"kkk", b"sss") if part in filled]
        read = msgspec.msgpack.decode(filled, type=tuple[int, tuple[str, Credentials]])[1][1]
        assert read.scram is not None and read.scram.iterations == 4096
        assert len(read.password_hash) == len(real.password_hash) and read.password_hash.startswith("$argon2")


def test_secrets_of_webhooks_are_replaced_and_their_hosts_stay() -> None:
    made = ["id", "https://example.net:8443/in/token", "a-secret", "root", 5]
    hidden = ["id", "https://example.net:8443/xx/xxxxx", "xxxxxxxx", "root", 5]
    for texts in (True, False):
        assert fill([53, made], texts=texts) == [53, hidden]
        assert fill([50, *made], texts=texts) == [50, *hidden]
        asked = {"type": "add_webhook", "url": made[1], "secret": "a-secret"}
        assert fill(asked, texts=texts) == {"type": "add_webhook", "url": hidden[1], "secret": "xxxxxxxx"}
    record = ["127.0.0.1", 5, "n", "127.0.0.1", 7600, "", "1", 0, False, 2, None, "http://127.0.0.1:8067/"]
    assert fill(record) == record


def test_texts_in_messages_are_replaced_and_names_stay() -> None:
    said_there = [23, "0uid-1", "ann!~a@host", "PRIVMSG", b"hello you", "", None]
    assert fill(said_there) == [23, "0uid-1", "ann!~a@host", "PRIVMSG", b"xxxxx xxx", "", None]
    assert fill(said_there, texts=True) == said_there
    assert fill(["a topic", "word", {"k": "two words"}, 7, 1.5, True]) == [
        "x xxxxx", "word", {"k": "xxx xxxxx"}, 7, 1.5, True,
    ]  # fmt: skip
    assert fill([b"\x92\x01\xc4\x02hi"]) == [b"\x92\x01\xc4\x02xx"]  # a value within bytes, as lines on disk are


def test_private_messages_of_guests_of_other_nodes_are_treated_as_texts() -> None:
    sent = Sent(
        "bob",
        "0a",
        1,
        Person("0b", 1, "ann", "~ann", "host", "ann", "node", 1),
        "PRIVMSG",
        b"NICK me",
        {"+a": "b c"},
        "m",
        7,
        0,
    )
    flow = [41, 1, True, 0, [msgspec.msgpack.encode(sent)], 0]
    (found,) = fill(flow)[4]
    assert msgspec.msgpack.decode(found, type=Sent) == msgspec.structs.replace(
        sent, text=b"xxxx xx", tags={"+a": "x x"}
    )


def test_lines_of_clients_of_other_nodes_are_treated_as_lines() -> None:
    flow = [41, 1, True, 0, [msgspec.msgpack.encode([1, b"PRIVMSG #c :hi you"])], 0]
    assert fill(flow)[4] == [msgspec.msgpack.encode([1, b"PRIVMSG #c :xx xxx"])]


@given(st.binary(max_size=200))
def test_a_filler_is_its_own_filler_and_as_long(data: bytes) -> None:
    assert said(said(data)) == said(data) and len(said(data)) == len(data)
    for texts in (True, False):
        once = client_line(data, texts=texts)
        assert client_line(once, texts=texts) == once and len(once) == len(data)
        assert shown(shown(data, texts=texts), texts=texts) == shown(data, texts=texts)


@given(st.binary(max_size=100))
def test_any_bytes_can_be_packed(data: bytes) -> None:
    once = packed(data, texts=False)
    assert packed(once, texts=False) == once


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=20) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@example({"\x01\x80 ": 1})
@given(VALUES)
def test_values_keep_their_shape_and_size(value: Any) -> None:
    data = msgspec.msgpack.encode(value)
    once = packed(data, texts=False)
    assert packed(once, texts=False) == once
    try:
        assert type(msgspec.msgpack.decode(once)) is type(value)
    except UNREADABLE:
        raise AssertionError from None


def test_what_a_client_reads_is_compared_without_its_texts() -> None:
    line = b"@time=1;msgid=a-b :ann!a@h PRIVMSG #c :hello\r\n:irc 332 me #c :a topic\r\nAUTHENTICATE abc=\r\n"
    assert shown(line, texts=False) == (
        b"@time=1;msgid=a-b :ann!a@h PRIVMSG #c :xxxxx\r\n:irc 332 me #c :x xxxxx\r\nAUTHENTICATE\r\n"
    )
    assert shown(b":a PRIVMSG #c word\r\n", texts=False) == b":a PRIVMSG #c xxxx\r\n"


def test_a_line_that_comes_in_parts_is_recorded_whole() -> None:
    lines = Lines()
    parts = [lines.part(part, texts=False) for part in (b"PRIVMSG #c :he", b"llo\r", b"\nPASS se", b"same\n", b"\n")]
    assert parts == [b"", b"PRIVMSG #c :xxxxx\r", b"\n", b"PASS xxxxxx\n", b"\n"]
    assert lines.part(b"y" * 20_000, texts=False) == b"x" * 20_000
