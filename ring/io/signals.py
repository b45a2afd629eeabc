"""SIGHUP waits in the kernel while it is held. A process inherits that from the process that starts it."""

from __future__ import annotations

import signal

HANG_UP = frozenset((signal.SIGHUP,))


def hold_hang_up() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, HANG_UP)


def release_hang_up() -> None:
    """A SIGHUP that came meanwhile is delivered now."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANG_UP)
