"""The parameter of the flood mode."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.irc.flood_limits import Limit, read_limits, read_param
from gateway.irc.mode_params import Rate


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("10l,3r,5j,4n,2c:15", "10l,3r,5j,4n,2c:15"),
        ("10l#k10:15", "10l:15"),
        ("3r#b:60", "3r#b:60"),
        ("3r#b30:060", "3r#b30:60"),
        ("5j#R:5", "5j:5"),
        ("5j#i1:5", "5j#i1:5"),
        ("100l#q1440:3600", "100l#q1440:3600"),
    ],
)
def test_limits_have_one_short_form(text: str, short: str) -> None:
    assert str(read_limits(text)) == short
    assert read_param("F", text) == short
    assert read_param("F", short) == short


@pytest.mark.parametrize(
    "text",
    [
        *("", ":", "5l", "5l:", ":5", "0l:5", "101l:5", "5l:0", "5l:3601", "5l,5l:5", "5l,:5", "l:5", "5x:5", "5l#:5"),
        *("5l#k0:5", "5l#k1441:5", "5l#i:5", "5j#k:5", "5l#b30m:5", "٣l:5", "5l:5:5", "-5l:5", " 5l:5"),
    ],
)
def test_bad_limits(text: str) -> None:
    assert read_limits(text) is None and read_param("F", text) is None


def test_what_a_limit_says() -> None:
    found = read_limits("3r#b30,5j:20")
    assert found is not None
    assert found.limits["r"] == Limit(3, "r", "b", 30)
    assert found.rate("j") == Rate(5, 20) and found.rate("l") is None


@given(st.text("0123456789lrjnc#kbqmMRi,:", max_size=12))
def test_any_text_is_bad_or_reads_back(text: str) -> None:
    found = read_limits(text)
    assert found is None or read_limits(str(found)) == found
