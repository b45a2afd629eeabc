"""The numerics: no number has two meanings, and no text has no number."""

from __future__ import annotations

import re

from gateway.irc import numerics
from gateway.irc.format import format_line


def test_numerics_are_three_digits_and_distinct() -> None:
    named = {name: value for name, value in vars(numerics).items() if name.startswith(("RPL_", "ERR_"))}
    assert all(re.fullmatch(r"[0-9]{3}", value) for value in named.values())
    assert len(set(named.values())) == len(named)
    assert set(numerics.TEXT) <= set(named.values())
    assert numerics.TEXT["417"] == "Input line was too long"


def test_every_fixed_text_fits_a_line_beside_the_longest_names() -> None:
    for number, text in numerics.TEXT.items():
        line = format_line("s" * 63, number, ["n" * 30, "#" + "c" * 63, text])
        assert line.endswith((f" :{text}\r\n".encode(), f" {text}\r\n".encode()))
