"""Judges whether a node works, for /healthz and for a supervisor's watchdog. No I/O.

A supervisor restarts an unhealthy process. So a node is unhealthy only if a restart helps: the loop is late all the
time, so that other nodes wait for this node's groups; or the timers have stopped. Metrics and alerts report problems
that a restart does not solve: a full disk, a directory that refuses the node, a group that a mistake of the program has
stopped (another node serves that group, and the clients here stay connected).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from ring.histogram import Histogram

LATE_S: Final = 1.0
"""A turn of the loop with at least this delay is late: clients feel such a delay as lag."""

LATE_FOR_S: Final = 30.0
"""A node is unhealthy after this long with only late turns; a single long turn does not count."""

STOPPED_S: Final = 10.0
"""After this long without a timer, the node's timers count as stopped."""


class Health(NamedTuple):
    """why: the reason in words; "" if healthy."""

    healthy: bool
    why: str


class LoopLag:
    """Measures the delay of the node's timer. All other work waits equally long for the loop.

    All times are in seconds of a clock that only moves forward.
    """

    def __init__(self) -> None:
        self.delays = Histogram()
        self.last_s = 0.0
        self._due: float | None = None  # None until the timer is set
        self._came = 0.0
        self._late_since: float | None = None

    def expect(self, at: float) -> None:
        """Note when the timer is due."""
        self._due = at

    def came(self, now: float) -> None:
        """Note that the timer has come."""
        self._came = now
        if self._due is None:
            return
        self.last_s = max(0.0, now - self._due)
        self.delays.observe(self.last_s)
        if self.last_s < LATE_S:
            self._late_since = None
        elif self._late_since is None:
            self._late_since = now

    def health(self, now: float) -> Health:
        if self._due is None:
            return Health(True, "")
        silent_s = now - max(self._came, self._due)
        if silent_s > STOPPED_S:
            return Health(False, f"the node's timers have not run for {silent_s:.0f} s: restart the node")
        if self._late_since is not None and now - self._late_since >= LATE_FOR_S:
            return Health(
                False,
                f"every turn of the node's loop has come over {LATE_S:g} s late for {now - self._late_since:.0f} s: "
                "the machine is too slow for what the node has to do",
            )
        return Health(True, "")
