"""Memory goes back to the system after an attack or a crowd.

glibc keeps what was freed below something that is still in use, for ever: after 600 TLS clients had gone, 40 MB of a
node's 109 were such memory. malloc_trim returns it. Other ways were tried and gave back next to nothing: fewer arenas
(M_ARENA_MAX), a lower trim threshold, a collection of Python's garbage (which took 200 ms).

Python's collector of garbage looks through all objects from time to time, while the node stands still. Most objects of
a node are those of the program itself, made at its start and never freed: looking through these took 100 to 600 ms in
the first second of a crowd. `settle` takes them out of the collector's sight once the node has started.
"""

from __future__ import annotations

import ctypes
import gc
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

EVERY_S: Final = 30.0
REST: Final = 2000
"""A trim takes 3 ms for 100 MB; the next one comes so many times later than the last one took, at the earliest."""


class Memory:
    """Trims the C library's heap from time to time. clock: seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, trim: Callable[[], object] | None = None) -> None:
        self._clock = clock
        self._trim = trim or _of_glibc()
        self._next_at = clock() + EVERY_S

    def tick(self) -> None:
        if self._clock() >= self._next_at:
            took_s = self.give_back()
            self._next_at = self._clock() + max(EVERY_S, REST * took_s)

    def give_back(self) -> float:
        """Returns how long that took, in seconds."""
        began = self._clock()
        self._trim()
        return self._clock() - began


def settle() -> None:
    """What is there now stays: no later collection looks through these objects. Source: gc.freeze()."""
    gc.collect()
    gc.freeze()


def resident() -> int:
    """Bytes that the process has in use; 0 where the system does not say. Source: proc_pid_statm(5)."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _of_glibc() -> Callable[[], object]:
    """Source: malloc_trim(3)."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):  # another C library
        return lambda: None
    return lambda: trim(ctypes.c_size_t(0))
