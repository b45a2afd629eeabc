"""Single keys from a terminal, without an Enter after each."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

NAMES: Final = {
    "\x1b[A": "up", "\x1b[B": "down", "\x1bOA": "up", "\x1bOB": "down", "\x1b": "esc", "\t": "tab", "\r": "enter",
    "\n": "enter",
}  # fmt: skip
_KEY: Final = re.compile(r"\x1b(?:\[[0-9;]*[A-Za-z~]|O[A-Za-z])?|.", re.DOTALL)


def parse(text: str) -> list[str]:
    """The keys in what a terminal sent: "q", "up", "esc". Keys without a name here are given as they are."""
    return [NAMES.get(key, key) for key in _KEY.findall(text)]


@contextmanager
def keys(pressed: Callable[[str], None]) -> Iterator[None]:
    """Within it each key is told at once. The terminal is left as it was. Without a terminal there are no keys."""
    if not sys.stdin.isatty():
        yield
        return
    fd, loop = sys.stdin.fileno(), asyncio.get_running_loop()
    before = termios.tcgetattr(fd)

    def read() -> None:
        data = os.read(fd, 1024)
        if not data:
            loop.remove_reader(fd)
        for key in parse(data.decode("utf-8", "replace")):
            pressed(key)

    try:
        tty.setcbreak(fd)
        loop.add_reader(fd, read)
        yield
    finally:
        loop.remove_reader(fd)
        termios.tcsetattr(fd, termios.TCSADRAIN, before)
