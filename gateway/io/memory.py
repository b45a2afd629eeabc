"""Gives memory back to the system after an attack or a crowd.

glibc keeps freed memory for ever if memory above is still in use: after 600 TLS clients had gone, 40 MB of a node's 109
MB were such memory. malloc_trim returns this memory. Other ways gave back next to nothing: fewer arenas (M_ARENA_MAX),
a lower trim threshold, a collection of Python's garbage (200 ms).

Python's garbage collector looks through all objects from time to time, while the node stands still. Most objects of a
node belong to the program, are made at the start, and are never freed: looking through these took 100 to 600 ms in the
first second of a crowd. `settle` hides these objects from the collector once the node has started.

By default the collector looks through young objects after 700 new ones, and through all objects after 70,000: 8 to 20 %
of the CPU time of a crowd's registrations, in pauses of up to 230 ms. THRESHOLDS cut this to 4 %. The client of a crowd
has some 100 objects that the collector looks through.
"""

from __future__ import annotations

import ctypes
import gc
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

EVERY_S: Final = 30.0
REST: Final = 2000
"""The pause after a trim, as a multiple of the trim's own time. A trim takes 3 ms for 100 MB."""

THRESHOLDS: Final = (2_500, 2, 2)
"""New objects until a collection of young objects (0.5 ms), then numbers of collections until a collection of the next
age. The oldest age has some 22,500 objects (5 ms), for all that a collection of the oldest age leaves is frozen.
Source: gc.set_threshold()."""

COMPLETE_S: Final = 3600.0
SELDOM_S: Final = 24 * COMPLETE_S
"""First and longest pause between two complete collections. Such a collection looks at frozen objects, too, and may
take 0.7 s at 29,000 channels; the pause doubles while the collections find little."""

LITTLE: Final = 10_000
"""So few unreachable objects are not worth the time of a complete collection."""


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
        """Trim the heap; return the seconds that the trim took."""
        began = self._clock()
        self._trim()
        return self._clock() - began


@contextmanager
def pause() -> Iterator[None]:
    """Collect no garbage meanwhile, and exclude all objects made meanwhile from later collections: the replicas that
    a node reads from its disk. Source: gc.freeze()."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def settle() -> None:
    """Exclude all present objects from later garbage collections, and from now on all objects that a collection of the
    oldest age has left. So no collection takes long, however many objects the node has: few objects of the program are
    part of a cycle, and the others are freed without collections. Source: gc.freeze(), gc.callbacks."""
    if _freeze not in gc.callbacks:
        gc.callbacks.append(_freeze)
    _complete()
    gc.set_threshold(*THRESHOLDS)


def _freeze(phase: str, info: dict[str, int]) -> None:
    if phase == "stop" and info["generation"] == 2:
        gc.freeze()


def _complete() -> int:
    """Collect all garbage, and return the number of unreachable objects.

    The second collection looks at nothing: CPython otherwise compares the objects that come with all objects of the
    first, and waits with the next collection of the oldest age until a quarter as many have come.
    """
    gc.unfreeze()
    found = gc.collect()
    gc.collect()
    return found


class Garbage:
    """Looks at all objects from time to time, also at frozen objects, which may have become unreachable cycles.

    clock: seconds that never go back. collect: returns the number of unreachable objects.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, collect: Callable[[], int] = _complete) -> None:
        self._clock = clock
        self._collect = collect
        self._pause_s = COMPLETE_S
        self._next_at = clock() + COMPLETE_S

    def tick(self) -> None:
        if self._clock() >= self._next_at:
            found = self._collect()
            self._pause_s = min(2 * self._pause_s, SELDOM_S) if found < LITTLE else COMPLETE_S
            self._next_at = self._clock() + self._pause_s


def resident() -> int:
    """Return the bytes that the process has in use; 0 if the system does not say. Source: proc_pid_statm(5)."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _of_glibc() -> Callable[[], object]:
    """Return the heap trim of glibc, or a function without effect. Source: malloc_trim(3)."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):  # another C library
        return lambda: None
    return lambda: trim(ctypes.c_size_t(0))
