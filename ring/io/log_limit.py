"""Keep strangers from filling the log."""

from __future__ import annotations

from ring.durations import LOG_LIMIT_S


class LogLimit:
    """Let through at most `burst` lines of each event in `window_s`, and count the held-back lines for the next line
    let through."""

    def __init__(self, burst: int = 20, window_s: float = LOG_LIMIT_S) -> None:
        self._burst = burst
        self._window_s = window_s
        self._windows: dict[str, tuple[float, int]] = {}  # event -> (start, lines)
        self._held: dict[str, int] = {}

    def allow(self, event: str, now: float) -> int | None:
        """Return the number of lines held back since the last, or None to hold back this line, too. event: a constant
        name."""
        start, lines = self._windows.get(event, (now, 0))
        if now - start >= self._window_s:
            start, lines = now, 0
        self._windows[event] = (start, lines + 1)
        if lines >= self._burst:
            self._held[event] = self._held.get(event, 0) + 1
            return None
        return self._held.pop(event, 0)
