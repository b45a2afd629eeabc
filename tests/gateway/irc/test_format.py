from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from irctokens.line import tokenise

from gateway.irc.format import (
    escape_tag_value,
    format_body,
    format_line,
    format_tags,
    format_text,
    room_for_text,
    rows_of,
    truncate,
    truncate_text,
)
from gateway.irc.message import decode, parse

NASTY = st.text(st.sampled_from("a :@;\r\n\0é\udc80😀\\"), max_size=20)
LAST = 0x10FF7F  # the characters above stand for bytes outside UTF-8
CLEAN = st.text(st.characters(max_codepoint=LAST, exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=20)
MIDDLE = st.text(
    st.characters(max_codepoint=LAST, exclude_characters="\r\n\0 :", exclude_categories=["Cs"]), min_size=1, max_size=10
)


@given(st.none() | NASTY, NASTY, st.lists(NASTY, max_size=8), st.dictionaries(st.sampled_from(["a", "+b/c"]), NASTY))
def test_one_line_leaves_whatever_goes_in(
    source: str | None, command: str, params: list[str], tags: dict[str, str]
) -> None:
    line = format_line(source, command, params, tags)
    assert line.endswith(b"\r\n")
    assert not set(line[:-2]) & {0, 10, 13}


@given(
    NASTY.filter(lambda source: "\udc80" not in source),
    st.sampled_from(["PRIVMSG", "NOTICE"]),
    st.sampled_from(["#c", "@#c", "#é", "ann", "", ":x", "a b", "#\n"]),
    st.binary(max_size=700)
    | st.text(max_size=300).map(str.encode)
    | st.sampled_from([b"\xf4\x8f\xbe\x80", b"x\r\ny", b":"]),
)
def test_a_text_in_bytes_makes_the_same_line_as_the_text(source: str, command: str, target: str, text: bytes) -> None:
    assert format_text(source, command, target, text) == format_body(source, command, (target, decode(text)))


@given(MIDDLE, st.lists(MIDDLE, max_size=6), CLEAN, st.dictionaries(st.sampled_from(["a", "b", "+c/d"]), CLEAN))
def test_what_is_formatted_is_read_back(source: str, middle: list[str], last: str, tags: dict[str, str]) -> None:
    line = tokenise(format_line(source, "PRIVMSG", [*middle, last], tags)[:-2].decode())
    assert (line.source, line.command, line.params) == (source, "PRIVMSG", [*middle, last])
    assert (line.tags or {}) == tags


@given(st.lists(NASTY, min_size=1, max_size=8))
def test_no_parameter_shifts_another(params: list[str]) -> None:
    message = parse(format_line(None, "X", params)[:-2])
    assert message is not None
    assert len(message.params) == len(params)


@pytest.mark.parametrize(
    ("params", "line"),
    [
        ([], b":s 001\r\n"),
        (["a"], b":s 001 a\r\n"),
        (["a", ""], b":s 001 a :\r\n"),
        (["a", "b c"], b":s 001 a :b c\r\n"),
        (["a", ":)"], b":s 001 a ::)\r\n"),
        (["", "x y", "::1", "b"], b":s 001 * x_y 1 b\r\n"),
        (["a", "b\r\nQUIT"], b":s 001 a :b  QUIT\r\n"),
    ],
)
def test_parameters(params: list[str], line: bytes) -> None:
    assert format_line("s", "001", params) == line


def test_tags_keep_their_order_and_do_not_count_as_body() -> None:
    tags = {"time": "t", "b": None, "+a": "x; y\\\r\n\0"}
    line = format_line("s", "PRIVMSG", ["#c", "x" * 600], tags)
    assert line.startswith(b"@time=t;b;+a=x\\:\\sy\\\\\\r\\n :s PRIVMSG #c :xxx")
    assert len(line.partition(b" ")[2]) == 512
    assert format_tags({}) == b""


def test_tag_values_without_specials_stay() -> None:
    assert escape_tag_value("2026-11-23T09:00:00.000Z") == "2026-11-23T09:00:00.000Z"


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 40))
def test_truncation_keeps_whole_characters(text: str, limit: int) -> None:
    data = text.encode()
    cut = truncate(data, limit)
    assert data.startswith(cut)
    assert len(cut) <= limit
    assert len(data) <= limit or len(cut) > limit - 4
    assert text.startswith(cut.decode())
    assert truncate_text(text, limit) == cut.decode()


def test_truncation_of_no_utf8_still_ends() -> None:
    assert truncate(b"\x80" * 20, 10) == b"\x80" * 10
    assert len(format_line(None, "X", ["\udc80" * 600])) == 512


@given(MIDDLE, MIDDLE, st.lists(st.text(st.sampled_from("aé日"), min_size=1, max_size=40), max_size=60))
def test_rows_keep_the_words_in_order_fill_their_lines_and_are_never_cut(
    source: str, nick: str, words: list[str]
) -> None:
    room = room_for_text(source, "353", nick)
    rows = rows_of(words, room)
    assert " ".join(rows).split() == words
    for row, following in itertools.pairwise(rows):
        assert format_line(source, "353", [nick, row]).endswith(f" {row}\r\n".encode()) or " " not in row
        assert len(f"{row} {following.split()[0]}".encode()) > room


def _rows_one_by_one(words: list[str], room: int) -> list[str]:
    rows: list[str] = []
    for word in words:
        if rows and len(rows[-1]) + 1 + len(word) <= room:
            rows[-1] += f" {word}"
        else:
            rows.append(word)
    return rows


@given(st.lists(st.text(st.sampled_from("ab "), max_size=9), max_size=40), st.integers(1, 30))
def test_rows_are_filled_word_by_word(words: list[str], room: int) -> None:
    assert rows_of(words, room) == _rows_one_by_one(words, room)


def test_a_word_without_room_has_a_row_of_its_own() -> None:
    assert rows_of(["a", "bbbbb", "c"], 3) == ["a", "bbbbb", "c"]
    assert rows_of([], 3) == []
