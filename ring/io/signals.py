"""Hold SIGHUP back: a held signal waits in the kernel, and a child process inherits the hold from the parent."""

from __future__ import annotations

import signal

HANG_UP = frozenset((signal.SIGHUP,))


def hold_hang_up() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, HANG_UP)


def release_hang_up() -> None:
    """Deliver a SIGHUP that came during the hold, and hold no more."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANG_UP)
