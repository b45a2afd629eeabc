"""Facts from the kernel about a process: CPU time, memory and cores."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def cpu_s(pids: Iterable[int]) -> float:
    """User and system time of the processes, exactly, with the time of ended children, in ticks of 10 ms."""
    return sum(time.clock_gettime(_clock_of(pid)) + _children_s(pid) for pid in pids)


def _clock_of(pid: int) -> int:
    """The number of clock_getcpuclockid(3): the scheduler's count of all threads, also of ended threads."""
    return (~pid << 3) | 2


def _children_s(pid: int) -> float:
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return sum(int(field) for field in after_name[13:15]) * _TICK_S  # cutime, cstime


def rss_kib(pids: Iterable[int]) -> int:
    """Resident memory of the processes together."""
    return sum(_rss(pid) for pid in pids)


def _rss(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def cores() -> tuple[int, int] | None:
    """A core for the servers and another for the load, or None on a machine with a single core."""
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[1]) if len(usable) > 1 else None
