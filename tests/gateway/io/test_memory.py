"""What was freed goes back to the system."""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from gateway.io.memory import EVERY_S, REST, Memory, settle

HAS_TRIM = hasattr(ctypes.CDLL(None), "malloc_trim") and Path("/proc/self/statm").exists()


def resident() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not HAS_TRIM, reason="only glibc keeps, and gives back, memory so")
def test_memory_below_something_still_in_use_is_given_back() -> None:
    crowd = [bytes(2000) for _ in range(40_000)]
    stays = crowd[::1000]
    del crowd
    before = resident()
    Memory().give_back()
    assert resident() < before - 40_000_000
    assert len(stays) == 40


def test_it_rests_the_longer_the_longer_it_took() -> None:
    now, trims = [0.0], []

    def slow() -> None:
        trims.append(now[0])
        now[0] += 0.1

    shell = Memory(lambda: now[0], slow)
    for _ in range(1000):
        now[0] += 1.0
        shell.tick()
    assert EVERY_S <= trims[0] <= EVERY_S + 1
    assert all(after - before >= 0.1 * REST for before, after in pairwise(trims)) and len(trims) == 5


@pytest.fixture
def thawed() -> Iterator[None]:
    gc.unfreeze()  # what other tests have frozen
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("thawed")
def test_collections_look_only_through_what_came_after_the_start() -> None:
    before = len(gc.get_objects())
    settle()
    after = len(gc.get_objects())
    assert before > 10_000 and after < before / 10
    settle()
    assert gc.get_freeze_count() > 10_000
