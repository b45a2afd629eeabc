"""Times as text: written, and read from clients."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.irc.times import read_seconds, read_server_time, server_time


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_795_424_400_007, "2026-11-23T09:00:00.007Z"),
        (-1, "1970-01-01T00:00:00.999Z"),
        (10**18, "9999-12-31T23:59:59.000Z"),
    ],
)
def test_server_time(ms: int, text: str) -> None:
    assert server_time(ms) == text


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
