from __future__ import annotations

import pytest

from gateway.irc.spans import LONGEST_S, read_span, span_text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30", 1800), ("0", 0), ("30m", 1800), ("12H", 43_200), ("7d", 604_800), ("1d12h", 129_600), ("1y2w", 32_745_600),
     ("5s", 5), ("999999999y", LONGEST_S), ("999999999", LONGEST_S)],
)  # fmt: skip
def test_lengths_of_time_are_read(text: str, seconds: int) -> None:
    assert read_span(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "5x", "1.5h", "-3", "1h ", "10.0.0.1", "٣m", "1d*", "1234567890"])
def test_other_text_is_no_length_of_time(text: str) -> None:
    assert read_span(text) is None


@pytest.mark.parametrize(
    ("seconds", "text"), [(129_600, "1d12h"), (0, "0s"), (604_800, "1w"), (3_661, "1h1m"), (59, "59s")]
)
def test_lengths_of_time_are_written(seconds: int, text: str) -> None:
    assert span_text(seconds) == text
