from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.irc.chathistory import Problem, Reference, Request, parse_request
from gateway.irc.times import read_seconds, read_server_time, server_time

AT = "timestamp=2019-01-04T14:33:26.123Z"
WHEN = Reference(1_546_612_406_123)


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("LATEST #c * 50", Request("LATEST", "#c", (None,), 50)),
        (f"latest #c {AT} 1", Request("LATEST", "#c", (WHEN,), 1)),
        ("BEFORE #c msgid=a-b=c 50", Request("BEFORE", "#c", (Reference(None, "a-b=c"),), 50)),
        (f"AFTER #c {AT} 999999999", Request("AFTER", "#c", (WHEN,), 100)),
        (f"AROUND bob {AT} 007", Request("AROUND", "bob", (WHEN,), 7)),
        (f"BETWEEN #c {AT} msgid=x 5", Request("BETWEEN", "#c", (WHEN, Reference(None, "x")), 5)),
        (f"TARGETS {AT} {AT} 5", Request("TARGETS", "", (WHEN, WHEN), 5)),
    ],
)
def test_requests(line: str, request_: Request) -> None:
    assert parse_request(line.split(" "), 100) == request_


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ([], "INVALID_PARAMS * Unknown command"),
        ([""], "INVALID_PARAMS * Unknown command"),
        (["NEWEST", "#c", "*", "5"], "INVALID_PARAMS NEWEST Unknown command"),
        (["x" * 400], "INVALID_PARAMS " + "X" * 32 + " Unknown command"),
        (["LATEST"], "INVALID_PARAMS LATEST Insufficient parameters"),
        (["LATEST", "#c"], "INVALID_PARAMS LATEST Insufficient parameters"),
        (["LATEST", "#c", "*"], "INVALID_PARAMS LATEST Insufficient parameters"),
        (["LATEST", "", "*", "5"], "INVALID_PARAMS LATEST Insufficient parameters"),
        (["LATEST", "#c", "*", "5", "6"], "INVALID_PARAMS LATEST Too many parameters"),
        (["BETWEEN", "#c", AT, "5"], "INVALID_PARAMS BETWEEN Insufficient parameters"),
        (["TARGETS", AT, "5"], "INVALID_PARAMS TARGETS Insufficient parameters"),
        (["TARGETS", "#c", AT, AT, "5"], "INVALID_PARAMS TARGETS Too many parameters"),
        (["TARGETS", AT, "msgid=x", "5"], "INVALID_PARAMS TARGETS msgid=x Invalid timestamp"),
        (["TARGETS", "*", AT, "5"], "INVALID_PARAMS TARGETS * Invalid timestamp"),
        (["BEFORE", "#c", "*", "5"], "INVALID_PARAMS BEFORE * Invalid reference: it is timestamp= or msgid="),
        (["BEFORE", "#c", "", "5"], "INVALID_PARAMS BEFORE * Invalid reference: it is timestamp= or msgid="),
        (["BEFORE", "#c", "timestamp=", "5"], "INVALID_PARAMS BEFORE * Invalid timestamp"),
        (["BEFORE", "#c", "timestamp=now", "5"], "INVALID_PARAMS BEFORE now Invalid timestamp"),
        (["BEFORE", "#c", "msgid=", "5"], "INVALID_PARAMS BEFORE * Invalid msgid"),
        (["BEFORE", "#c", "msgid=" + "x" * 300, "5"], "INVALID_PARAMS BEFORE " + "x" * 64 + " Invalid msgid"),
        (["BEFORE", "#c", "seq=5", "5"], "INVALID_MSGREFTYPE BEFORE #c seq It is timestamp= or msgid="),
        (["BEFORE", "#c", "=5", "5"], "INVALID_MSGREFTYPE BEFORE #c * It is timestamp= or msgid="),
        (["LATEST", "#c", "*", ""], "INVALID_PARAMS LATEST * Invalid limit"),
        (["LATEST", "#c", "*", "0"], "INVALID_PARAMS LATEST 0 Invalid limit"),
        (["LATEST", "#c", "*", "-1"], "INVALID_PARAMS LATEST -1 Invalid limit"),
        (["LATEST", "#c", "*", "ten"], "INVALID_PARAMS LATEST ten Invalid limit"),
        (["LATEST", "#c", "*", "٣"], "INVALID_PARAMS LATEST ٣ Invalid limit"),
        (["LATEST", "#c", "*", "9" * 400], "INVALID_PARAMS LATEST " + "9" * 64 + " Invalid limit"),
    ],
)
def test_what_is_malformed_is_named(params: list[str], problem: str) -> None:
    found = parse_request(params, 100)
    assert isinstance(found, Problem)
    assert " ".join((found.code, *found.context)) == problem


@given(st.lists(st.one_of(st.sampled_from(["LATEST", "BETWEEN", "#c", "*", AT, "msgid=", "5"]), st.text())))
def test_anything_is_answered(params: list[str]) -> None:
    found = parse_request(params, 100)
    assert isinstance(found, Request | Problem)
    if isinstance(found, Request):
        assert 1 <= found.limit <= 100


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2019-01-04T14:33:26.123Z", 1_546_612_406_123),
        ("2019-01-04T14:33:26Z", 1_546_612_406_000),
        ("2019-01-04T14:33:26.1Z", 1_546_612_406_100),
        ("2019-01-04T14:33:26.123999Z", 1_546_612_406_123),
        ("2016-12-31T23:59:60.500Z", 1_483_228_799_500),
        ("1970-01-01T00:00:00.000Z", 0),
        ("0001-01-01T00:00:00.000Z", -62_135_596_800_000),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ("2019-02-30T00:00:00.000Z", None),
        ("2019-13-01T00:00:00.000Z", None),
        ("2019-01-01T25:00:00.000Z", None),
        ("0000-01-01T00:00:00.000Z", None),
        ("2019-01-04T14:33:26.123", None),
        ("2019-01-04 14:33:26.123Z", None),
        ("2019-01-04T14:33:26.Z", None),
        ("٢019-01-04T14:33:26.000Z", None),
        ("1546612406", None),
        ("", None),
    ],
)
def test_times_are_read(text: str, ms: int | None) -> None:
    assert read_server_time(text) == ms


@given(st.integers(0, 253_402_300_799_999))
def test_what_is_shown_is_read_back(ms: int) -> None:
    assert read_server_time(server_time(ms)) == ms


@given(st.text(string.printable))
def test_any_text_is_a_time_or_none(text: str) -> None:
    assert read_server_time(text) is None
    assert read_seconds(text) is None or text.replace(".", "").isdigit()


def test_seconds() -> None:
    good = {"0": 0, "1700000000.5": 1_700_000_000_500, "17.1239": 17_123, "5.": 5000}
    assert {text: read_seconds(text) for text in good} == good
    assert [read_seconds(text) for text in ("", "-1", "1e5", "nan", "inf", "9" * 30, "١")] == [None] * 7
