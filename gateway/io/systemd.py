"""Tells systemd that the process is ready, reloads, stops, and is alive. Source: sd_notify(3), Type=notify.

Without the variable NOTIFY_SOCKET, as for everything that systemd has not started, nothing is said.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Mapping
from typing import Final

BEATS: Final = 3
"""How often the process says that it is alive within the time after which systemd takes the process for hung."""


class Systemd:
    """The socket on which the service manager listens."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        path = environment.get("NOTIFY_SOCKET", "")
        self._socket: socket.socket | None = None
        self._address = f"\0{path[1:]}" if path.startswith("@") else path  # an address without a file
        if path:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)
        self.beat_s = _watchdog_s(environment) / BEATS
        """Longest time between two calls of `alive`; 0 if nobody waits for them."""
        self._next_beat = 0.0
        self._ready = False

    def ready(self) -> None:
        self._ready = True
        self._say("READY=1\nSTATUS=serving")

    def status(self, status: str) -> None:
        """status: one line for `systemctl status`."""
        self._say(f"STATUS={status}")

    def reloading(self) -> None:
        """A reload begins; `reloaded` ends it. Before the process is ready, a reload is part of the start."""
        if self._ready:
            self._say(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def reloaded(self) -> None:
        if self._ready:
            self._say("READY=1")

    def stopping(self) -> None:
        self._say("STOPPING=1\nSTATUS=stopping")

    def alive(self) -> None:
        """Called with every turn of the timers: a process that does not call for long is ended and started again."""
        if self.beat_s and (now := time.monotonic()) >= self._next_beat:
            self._next_beat = now + self.beat_s
            self._say("WATCHDOG=1")

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _say(self, text: str) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):  # a manager that does not listen is no reason to end
                self._socket.sendto(text.encode(), self._address)


def _watchdog_s(environment: Mapping[str, str]) -> float:
    """Seconds of WatchdogSec=, 0 if it is not set or is meant for another process."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    try:
        return max(0.0, int(environment.get("WATCHDOG_USEC", "0")) / 1e6)
    except ValueError:
        return 0.0
