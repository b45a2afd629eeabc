"""What `circlet up` runs: a locked file in its folder, by which a second `up` and `circlet stop` find the processes.

The lock is the kernel's (flock), so no stale file is ever taken for a running network.
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
    """What the lock file says. children: name of a configuration file -> id of its process, if the process runs now."""

    pid: int
    children: dict[str, int]


class Lock:
    """Held by the `circlet up` of a folder for as long as the command runs."""

    def __init__(self, folder: Path) -> None:
        """Raises BlockingIOError if another `circlet up` holds the lock, OSError if the folder cannot be written."""
        self._file = (folder / LOCK_FILE).open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise

    def write(self, children: dict[str, int]) -> None:
        """Replace what the file says; readers see the old text or the new one, as one write of a short text."""
        data = msgspec.json.encode(Running(os.getpid(), children))
        self._file.seek(0)
        self._file.truncate()
        self._file.write(data)
        self._file.flush()

    def release(self) -> None:
        self._file.close()


def running(folder: Path) -> Running | None:
    """What `circlet up` runs from this folder; None if no `circlet up` runs there.

    A file that is being written is read again: the writer holds the lock for much longer than a write takes.
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
    """Send a signal to a process and wait for its end. Returns whether the process has ended within that time."""
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
