from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.irc.chathistory import Problem, Reference, Request, parse_request

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
        (["BEFORE", "#c", "*", "5"], "INVALID_PARAMS BEFORE * Invalid reference: give timestamp= or msgid="),
        (["BEFORE", "#c", "", "5"], "INVALID_PARAMS BEFORE * Invalid reference: give timestamp= or msgid="),
        (["BEFORE", "#c", "timestamp=", "5"], "INVALID_PARAMS BEFORE * Invalid timestamp"),
        (["BEFORE", "#c", "timestamp=now", "5"], "INVALID_PARAMS BEFORE now Invalid timestamp"),
        (["BEFORE", "#c", "msgid=", "5"], "INVALID_PARAMS BEFORE * Invalid msgid"),
        (["BEFORE", "#c", "msgid=" + "x" * 300, "5"], "INVALID_PARAMS BEFORE " + "x" * 64 + " Invalid msgid"),
        (["BEFORE", "#c", "seq=5", "5"], "INVALID_MSGREFTYPE BEFORE #c seq A place is timestamp= or msgid="),
        (["BEFORE", "#c", "=5", "5"], "INVALID_MSGREFTYPE BEFORE #c * A place is timestamp= or msgid="),
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
