from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.units import DURATION_PATTERN, SIZE_PATTERN, format_duration, format_size, parse_duration, parse_size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5s", 5), ("1m30s", 90), ("250ms", 0.25), ("2h", 7200), ("7d", 604_800), ("5", 5), ("0", 0), ("0s", 0),
        ("1.5h", 5400), ("0.25", 0.25), (5, 5), (0.1, 0.1), (0, 0), ("1d2h3m4s5ms", 93_784.005),
    ],
)  # fmt: skip
def test_durations_that_people_write(text: object, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "", "s", "5x", "-5s", "5 s", "1s1m", "1m1m", ".5s", "5.", "1e3", "٥s", "5s\n", "9" * 13,
        -1, True, None, [], {}, float("nan"), float("inf"), 10**400,
    ],
)  # fmt: skip
def test_durations_refused(text: object) -> None:
    with pytest.raises(ValueError, match="a duration like 5s, 1m30s"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [("512", 512), (512, 512), ("64KiB", 65_536), ("1 MiB", 1 << 20), ("2GiB", 2 << 30), ("7B", 7), ("0", 0)],
)
def test_sizes_that_people_write(text: object, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "KiB", "1kb", "1MB", "1.5MiB", "-1", "1  KiB", "٥", -1, 1.0, True, None, [], "9" * 13, 10**400]
)
def test_sizes_refused(text: object) -> None:
    with pytest.raises(ValueError, match="a size like 512, 64KiB"):
        parse_size(text)


@given(st.integers(0, 10**12))
def test_a_duration_survives_being_written(milliseconds: int) -> None:
    seconds = float(Fraction(milliseconds, 1000))
    text = format_duration(seconds)
    assert parse_duration(text) == seconds
    assert re.fullmatch(DURATION_PATTERN, text)


@given(st.integers(0, 10**12))
def test_a_size_survives_being_written(size: int) -> None:
    text = format_size(size)
    assert parse_size(text) == size
    assert re.fullmatch(SIZE_PATTERN, text)


@given(st.text(alphabet="0123456789. dhmsBKMGi", max_size=12))
def test_what_is_no_unit_is_refused_in_words(text: str) -> None:
    for parse in (parse_duration, parse_size):
        try:
            assert parse(text) >= 0
        except ValueError as error:
            assert str(error).startswith("a ")
