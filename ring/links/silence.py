"""Tell when a connection is silent for too long, and not only because this process was stopped."""

from __future__ import annotations


class Silence:
    """Judge the silence of one connection. All times in seconds of a clock that only moves forward."""

    __slots__ = ("_after_s", "_ticked", "heard")

    def __init__(self, after_s: float, now: float) -> None:
        """after_s: a longer silence is evidence of death (P18)."""
        self._after_s = after_s
        self._ticked = now
        self.heard = now  # when bytes last came

    def tick(self, now: float) -> bool:
        """Tell whether the connection is silent. Call several times in after_s."""
        stopped, self._ticked = was_stopped(self._ticked, now, self._after_s), now
        if stopped:
            self.heard = now  # bytes of the peer may still wait to be read
        return now - self.heard > self._after_s


def was_stopped(ticked: float, now: float, dead_after_s: float) -> bool:
    """Tell whether this process was stopped for so long that the process's timers prove nothing about peers (P20).

    ticked: when the timers last ran; the timers run several times in dead_after_s.
    """
    return now - ticked > 0.75 * dead_after_s
