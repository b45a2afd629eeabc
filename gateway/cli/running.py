"""Keeps a locked file in the folder of `circlet up`. With the file, a second `up` and `circlet stop` find the
processes.

The lock is the kernel's (flock): after a crash the lock is free, so a stale file never looks like a running network.
"""

from __future__ import annotations

import fcntl
import os
import select
from pathlib import Path
from typing import Final

import msgspec

LOCK_FILE: Final = "up.lock"


class Running(msgspec.Struct, frozen=True):
    """The content of the lock file. children: name of a configuration file -> process id, if the process runs now."""

    pid: int
    children: dict[str, int]


class Lock:
    """The lock of a folder, held by `circlet up` until the command ends."""

    def __init__(self, folder: Path) -> None:
        """Raises BlockingIOError if another `circlet up` holds the lock, OSError if the folder cannot be written."""
        self._file = (folder / LOCK_FILE).open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise

    def write(self, children: dict[str, int]) -> None:
        """Replace the content of the file with a single short write, so that readers see the old or the new text."""
        data = msgspec.json.encode(Running(os.getpid(), children))
        self._file.seek(0)
        self._file.truncate()
        self._file.write(data)
        self._file.flush()

    def release(self) -> None:
        self._file.close()


def running(folder: Path) -> Running | None:
    """Return the processes of `circlet up` for this folder; None if no `circlet up` runs.

    If the file is being written at this moment, read again: the writer holds the lock for much longer than a write
    takes.
    """
    try:
        with (folder / LOCK_FILE).open("rb") as file:
            while _is_locked(file.fileno()):
                file.seek(0)
                try:
                    return msgspec.json.decode(file.read(), type=Running)
                except msgspec.DecodeError:
                    os.sched_yield()
    except FileNotFoundError:
        pass
    return None


def _is_locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(file, fcntl.LOCK_UN)
    return False


def signal_and_wait(pid: int, number: int, within_s: float) -> bool:
    """Send a signal to a process, and wait for its end. Returns whether the process ends within the time."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        os.kill(pid, number)
        return bool(select.select([handle], [], [], within_s)[0])
    except ProcessLookupError:
        return True
    finally:
        os.close(handle)
