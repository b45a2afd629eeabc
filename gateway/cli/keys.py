"""Reads single keys from a terminal, without Enter."""

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
    """Name the keys in a terminal's input: "q", "up", "esc". Keys without a name stay as received."""
    return [NAMES.get(key, key) for key in _KEY.findall(text)]


@contextmanager
def keys(pressed: Callable[[str], None]) -> Iterator[None]:
    """Call `pressed` with each key until the block ends, then restore the terminal. Without a terminal no keys come."""
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
