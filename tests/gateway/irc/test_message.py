from __future__ import annotations

import timeit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from irctokens.line import tokenise

from gateway.irc.message import Message, clean, decode, encode, is_utf8, parse, storable

COMMANDS = st.sampled_from(["PRIVMSG", "privmsg", "NOTICE", "TAGMSG", "PING", "Mode", "ß", "é"])
WORDS = st.text(st.sampled_from(" :@;=\\#aé\t\udc80,!"), max_size=30)
LINES = st.binary(max_size=80).map(lambda data: data.translate(None, b"\r\n"))


@given(COMMANDS, WORDS)
@example("PING", " :")
@example("PRIVMSG", "  #c  :  a : b")
def test_the_fast_path_reads_as_irctokens_does(command: str, words: str) -> None:
    text = f"{command} {words}"
    expected = tokenise(text)
    message = parse(encode(text))
    assert message is not None
    assert (message.tags, message.source, message.command) == (None, None, expected.command)
    assert message.params == expected.params[:14] + ([" ".join(expected.params[14:])] if expected.params[14:] else [])


@given(st.text(st.sampled_from("=;\\\\:snrax@é\t\udc80"), min_size=1, max_size=30), COMMANDS)
@example("a @b", "PING")
@example("a=\\\\", "PING")
def test_tags_are_read_as_irctokens_reads_them(tags: str, command: str) -> None:
    expected = tokenise(f"@{tags} {command} x")
    assert parse(encode(f"@{tags} {command} x")) == Message(
        expected.tags, expected.source, expected.command, expected.params
    )


def test_a_long_tag_is_read_about_as_fast_as_a_long_text() -> None:
    """irctokens takes 2 ms for such a line, on a machine where 4 KB of text take 5 us."""
    tagged, long = b"@+a=" + b"x" * 4000 + b" PING x", b"PING :" + b"x" * 4000
    taken = [min(timeit.repeat(lambda line=line: parse(line), number=50, repeat=5)) for line in (tagged, long)]
    assert taken[0] < 50 * taken[1]


@given(LINES)
def test_no_line_raises_and_none_has_surplus_params(line: bytes) -> None:
    message = parse(line)
    assert message is None or (message.command and len(message.params) <= 15 and " " not in message.command)


@given(st.binary())
def test_bytes_that_are_not_utf8_pass_through(data: bytes) -> None:
    assert encode(decode(data)) == encode(storable(decode(data))) == data
    assert storable(decode(data)).encode() is not None


@given(
    st.lists(
        st.sampled_from([b"\xf4", b"\x8f", b"\xbe", b"\xbf", b"\x80", b"\xff", b"\xc3", b"\xa9", b"A"]), max_size=12
    )
)
def test_private_characters_of_somebody_s_own_pass_too(parts: list[bytes]) -> None:
    data = b"".join(parts)
    text = decode(data)
    assert encode(text) == encode(storable(text)) == data
    assert encode(decode(encode(text))) == data and clean(storable(text)) == data.decode("utf-8", "replace")
    assert is_utf8(text) == is_utf8(storable(text))
    assert not is_utf8(text) or data.decode("utf-8") == text


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b" ",
        b"    ",
        b"@",
        b"@ ",
        b"@a=b",
        b"@a=b ",
        b"@a=b  ",
        b":",
        b":src",
        b":src ",
        b"@a :src",
        b": :x",
    ],
)
def test_lines_that_say_nothing(line: bytes) -> None:
    assert parse(line) is None


def test_a_line_with_nul_says_nothing() -> None:
    assert parse(b"PRIVMSG #a :one\0two") is None
    assert parse(b"@a=\0 PING") is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"ping x", Message(None, None, "PING", ["x"])),
        (b"PRIVMSG #c :hi  there", Message(None, None, "PRIVMSG", ["#c", "hi  there"])),
        (b"PRIVMSG #c :", Message(None, None, "PRIVMSG", ["#c", ""])),
        (b"  QUIT", Message(None, None, "QUIT", [])),
        (b"  :joe QUIT", Message(None, "joe", "QUIT", [])),
        (b":joe!j@h PART #c", Message(None, "joe!j@h", "PART", ["#c"])),
        (b"@a=x\\sy\\:;b;+c=1  :joe  TAGMSG #c", Message({"a": "x y;", "b": "", "+c": "1"}, "joe", "TAGMSG", ["#c"])),
        (b"PRIVMSG #c :\xff", Message(None, None, "PRIVMSG", ["#c", "\udcff"])),
        (b"@a=\xff PING \xfe", Message({"a": "\udcff"}, None, "PING", ["\udcfe"])),
    ],
)
def test_lines(line: bytes, message: Message) -> None:
    assert parse(line) == message


def test_the_fifteenth_parameter_takes_the_rest() -> None:
    words = [str(n) for n in range(20)]
    message = parse(f"ISON {' '.join(words)}".encode())
    assert message is not None
    assert message.params == [*words[:14], " ".join(words[14:])]


def test_encode_takes_any_text() -> None:
    assert encode("a\ud800b") == b"a?b"
