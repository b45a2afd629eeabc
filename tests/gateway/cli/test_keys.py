"""Keys, as a terminal sends them."""

from __future__ import annotations

import pytest

from gateway.cli.keys import parse


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("q", ["q"]),
        ("\x1b[A\x1b[B", ["up", "down"]),
        ("\x1bOAj", ["up", "j"]),
        ("\x1b", ["esc"]),
        ("\t\r\n", ["tab", "enter", "enter"]),
        ("\x1b[1;5Cq", ["\x1b[1;5C", "q"]),
        ("\x1b\x1b[A", ["esc", "up"]),
        ("", []),
        ("ü\x00", ["ü", "\x00"]),
    ],
)
def test_keys_are_read_from_what_a_terminal_sends(text: str, keys: list[str]) -> None:
    assert parse(text) == keys
