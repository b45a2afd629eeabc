"""Queries and bodies by their models; a wrong request reads what would be right, and never its own password."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.web.api import models as m
from gateway.web.api.reading import JSON, MAX_PATH, TEXT, read_body, read_json, read_path, read_query
from gateway.web.refusal import BadRequest, Refused


def test_a_query_is_read_with_numbers_and_defaults() -> None:
    query: Any = read_query(m.PageQuery, [("limit", "7")])
    assert (query.limit, query.next) == (7, "")
    named: Any = read_query(m.MessageQuery, [("as", "builds"), ("channel", "#c")])
    assert (named.speaker, named.channel) == ("builds", "#c")


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([("limit", "7"), ("limit", "8")], "the parameter limit stands twice: give it once"),
        ([("limit", "many")], "the parameter limit is wrong: it should be a valid integer"),
        ([("limit", "0")], "the parameter limit is wrong: it should be greater than or equal to 1"),
        ([("page", "2")], "the parameter page is not known: there is limit, next"),
        ([("next", "a\nb")], "the parameter next is wrong: it should be plain text on one line"),
    ],
)
def test_a_wrong_query_is_answered_with_what_would_be_right(pairs: list[tuple[str, str]], words: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read_query(m.PageQuery, pairs)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the body is no JSON: send an object with name, password"),
        (b"\xff", "the body is not UTF-8"),
        (b"[" * 100_000, "the body is no JSON"),
        (b"[]", "the body is no JSON object: send one with name, password"),
        (b'{"name": "joe"}', "the field password is missing"),
        (b'{"name": "joe", "password": "sesame", "nick": 1}', "the field nick is not known: there is name, password"),
        (b'{"name": 5, "password": "sesame"}', "the field name is wrong: it should be a valid string"),
    ],
)
def test_a_wrong_body_is_answered_with_what_would_be_right(data: bytes, words: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read_json(m.NewAccount, data)
    assert words in str(refused.value)
    assert "sesame" not in str(refused.value)


def test_a_body_of_text_is_the_text_where_text_is_taken() -> None:
    body: Any = read_body(m.NewMessage, b"Build 7 is green\r\n", TEXT, text=True)
    assert body.text == "Build 7 is green"
    assert read_body(m.NewMessage, b'{"text": "hi"}', JSON, text=True) == m.NewMessage(text="hi")


@pytest.mark.parametrize(
    ("content_type", "text", "status", "words"),
    [
        (TEXT, False, 415, "send application/json"),
        ("application/x-www-form-urlencoded", True, 415, "send application/json or text/plain"),
        ("", True, 415, "send application/json or text/plain"),
    ],
)
def test_another_kind_of_body_is_refused(content_type: str, text: bool, status: int, words: str) -> None:
    with pytest.raises(Refused) as refused:
        read_body(m.NewMessage, b"hi", content_type, text=text)
    assert refused.value.status == status and words in str(refused.value)


@pytest.mark.parametrize("data", [b"", b"\xff", b"x" * 5_000])
def test_text_that_nobody_can_say_is_refused(data: bytes) -> None:
    with pytest.raises(BadRequest):
        read_body(m.NewMessage, data, TEXT, text=True)


def test_a_path_has_plain_text_of_a_bounded_length() -> None:
    assert read_path({"name": "#erlang"}) == {"name": "#erlang"}
    for bad in ("#a\x07", "x" * (MAX_PATH + 1), "caf\udce9"):
        with pytest.raises(BadRequest, match="percent-encode UTF-8"):
            read_path({"name": bad})


@given(st.binary(max_size=60))
def test_any_bytes_are_a_body_or_a_bad_request(data: bytes) -> None:
    try:
        found = read_json(m.NewKill, data)
    except BadRequest as refused:
        assert str(refused)
    else:
        assert isinstance(found, m.NewKill)
