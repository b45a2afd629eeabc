"""Count the steps of the program: the lines of Python run in `ring` and `gateway`, each turn of a loop anew."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import log2
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).parents[1]
ROOTS = (f"{ROOT / 'ring'}/", f"{ROOT / 'gateway'}/")


class Steps:
    """steps: number of lines run."""

    def __init__(self) -> None:
        self.steps = 0

    def _call(self, frame: FrameType, event: str, arg: Any) -> Callable[..., Any] | None:
        if not frame.f_code.co_filename.startswith(ROOTS):
            return None
        return self._line

    def _line(self, frame: FrameType, event: str, arg: Any) -> Callable[..., Any]:
        if event == "line":
            self.steps += 1
        return self._line


@contextmanager
def counted() -> Iterator[Steps]:
    """Count the steps inside the block. Deterministic: the same run takes the same steps on every machine."""
    found, before = Steps(), sys.gettrace()
    sys.settrace(found._call)
    try:
        yield found
    finally:
        sys.settrace(before)


def n_log_n(few: int, many: int) -> float:
    """Return the factor of n log n."""
    return many * log2(many) / (few * log2(few))
