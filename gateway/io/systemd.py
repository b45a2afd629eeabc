"""Tells systemd that the process is ready, reloads, stops, and is alive. Source: sd_notify(3), Type=notify.

Without the variable NOTIFY_SOCKET (a process that systemd has not started) all calls do nothing.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Mapping
from typing import Final

BEATS: Final = 3
"""Signs of life per watchdog period of systemd."""


class Systemd:
    """The socket of the service manager."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        path = environment.get("NOTIFY_SOCKET", "")
        self._socket: socket.socket | None = None
        self._address = f"\0{path[1:]}" if path.startswith("@") else path  # an abstract address, without a file
        if path:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)
        self.beat_s = _watchdog_s(environment) / BEATS
        """Longest time between two calls of `alive`; 0 without a watchdog."""
        self._next_beat = 0.0
        self._ready = False

    def ready(self) -> None:
        self._ready = True
        self._say("READY=1\nSTATUS=serving")

    def status(self, status: str) -> None:
        """Show one line in `systemctl status`."""
        self._say(f"STATUS={status}")

    def reloading(self) -> None:
        """Report the start of a reload; `reloaded` reports the end. A reload before `ready` is part of the start."""
        if self._ready:
            self._say(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def reloaded(self) -> None:
        if self._ready:
            self._say("READY=1")

    def stopping(self) -> None:
        self._say("STOPPING=1\nSTATUS=stopping")

    def alive(self) -> None:
        """Report life, at each turn of the timers. systemd restarts a process without signs of life."""
        if self.beat_s and (now := time.monotonic()) >= self._next_beat:
            self._next_beat = now + self.beat_s
            self._say("WATCHDOG=1")

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _say(self, text: str) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):  # a deaf manager is no reason to end
                self._socket.sendto(text.encode(), self._address)


def _watchdog_s(environment: Mapping[str, str]) -> float:
    """Return the seconds of WatchdogSec=; 0 if not set, or if set for another process."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    try:
        return max(0.0, int(environment.get("WATCHDOG_USEC", "0")) / 1e6)
    except ValueError:
        return 0.0
