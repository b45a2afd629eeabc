"""What was freed goes back to the system."""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from gateway.io.memory import COMPLETE_S, EVERY_S, LITTLE, REST, SELDOM_S, THRESHOLDS, Garbage, Memory, settle

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
    thresholds, callbacks = gc.get_threshold(), gc.callbacks[:]
    yield
    gc.set_threshold(*thresholds)
    gc.callbacks[:] = callbacks
    gc.unfreeze()


@pytest.mark.usefixtures("thawed")
def test_collections_look_only_through_what_came_after_the_start() -> None:
    before = len(gc.get_objects())
    settle()
    after = len(gc.get_objects())
    assert before > 10_000 and after < before / 10
    settle()
    assert gc.get_freeze_count() > 10_000


@pytest.mark.usefixtures("thawed")
def test_no_collection_looks_at_more_than_some_ten_thousand_objects() -> None:
    """The node makes a million objects, as a node does while people come, and keeps these."""
    before = [[number] for number in range(1_000_000)]
    settle()
    most, full = [0], [0]

    def watch(phase: str, info: dict[str, int]) -> None:
        if phase == "start" and info["generation"] == 2:
            most[0] = max(most[0], len(gc.get_objects()))
            full[0] += 1

    gc.callbacks.insert(0, watch)
    kept = [[number] for number in range(1_000_000)]
    assert full[0] > 10 and most[0] < 20 * THRESHOLDS[0]
    assert len(kept) == len(before)


def test_complete_collections_become_rare_while_they_find_little() -> None:
    now, found, looks = [0.0], [0], list[float]()

    def collect() -> int:
        looks.append(now[0])
        return found[0]

    garbage = Garbage(lambda: now[0], collect)
    for _ in range(60):
        now[0] += COMPLETE_S
        garbage.tick()
    assert [at / COMPLETE_S for at in looks] == [1, 3, 7, 15, 31, 31 + SELDOM_S / COMPLETE_S]
    found[0] = LITTLE
    for _ in range(26):
        now[0] += COMPLETE_S
        garbage.tick()
    assert [at / COMPLETE_S for at in looks[6:]] == [79, 80, 81, 82, 83, 84, 85, 86]
