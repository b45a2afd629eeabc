"""WHOX: the fields that a client asks for, in the order of 354."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.irc.whox import FIELDS, WhoxQuery, parse_whox


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("%tcuhnfdar,743", WhoxQuery("tcuhnfdar", "743", False)),
        ("%cuhsnfdar", WhoxQuery("cuhsnfdar", "0", False)),
        ("%tna,745", WhoxQuery("tna", "745", False)),
        ("%ant,1", WhoxQuery("tna", "1", False)),
        ("o%nn", WhoxQuery("n", "0", True)),
        ("%nzZ!,12345", WhoxQuery("n", "0", False)),
        ("%t,x", WhoxQuery("t", "0", False)),
        ("%", WhoxQuery("", "0", False)),
        ("o", None),
        ("", None),
    ],
)
def test_whox(text: str, query: WhoxQuery | None) -> None:
    assert parse_whox(text) == query


def test_a_whox_row_has_its_fields_in_order() -> None:
    query = parse_whox("%ratn,7")
    assert query is not None
    assert query.row({letter: letter.upper() for letter in FIELDS}) == ["7", "N", "A", "R"]


@given(st.text(st.sampled_from("%," + FIELDS + "z09é")))
def test_any_request_has_known_fields_each_once_in_order_and_a_short_token(text: str) -> None:
    query = parse_whox(text)
    if query is not None:
        assert [*query.fields] == sorted({*query.fields}, key=FIELDS.index)
        assert query.token.isdigit() and len(query.token) <= 3
        assert len(query.row(dict.fromkeys(FIELDS, "*"))) == len(query.fields)
