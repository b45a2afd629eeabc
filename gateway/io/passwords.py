"""Checks and hashes passwords (argon2 and PBKDF2) off the event loop, since one check takes tens of milliseconds.

Every question gets exactly one answer. The answer None means that no result was possible: too many questions wait, the
machine has no memory or thread to spare, or the program made a mistake. The client is then told to try again.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from gateway.accounts.credentials import Credentials, check_password, is_unfit, make_credentials

WAITING = 200
"""The number of questions that may wait for a thread. A further question is answered None at once."""

NICE = 10

T = TypeVar("T")

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    return _hasher.hash(password.encode("utf-8", "surrogateescape"))


def verify(hashed: str, password: str) -> bool:
    """Tell whether the password fits. An invalid hash fits no password. Raises Argon2Error without memory or thread."""
    try:
        return _hasher.verify(hashed, password.encode("utf-8", "surrogateescape"))
    except (Argon2Error, InvalidHashError) as problem:
        if is_unfit(problem):
            return False
        raise


def _yield() -> None:
    """Let the event loop go first, even during many logins. On Linux each thread has its own niceness, and the threads
    that argon2 starts inherit the niceness.
    """
    if sys.platform == "linux":
        with suppress(OSError):  # a thread with normal niceness still works; an error here would end the whole pool
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


class Passwords:
    """Checks passwords in threads. `wake` runs on the loop before each answer. log: a structlog logger."""

    def __init__(self, wake: Callable[[], None], log: Any) -> None:
        self._wake = wake
        self._log = log
        self._waiting = 0
        self._waiting_first = 0
        self._threads = ThreadPoolExecutor(2, "argon2", _yield)
        self._first = ThreadPoolExecutor(1, "argon2-first", _yield)

    def check(self, hashed: str, password: str, done: Callable[[bool | None], None]) -> None:
        """Check a password of an operator or of the server (configuration). done(None): no check is possible now."""
        self._run(lambda: verify(hashed, password), done)

    def fits(self, credentials: Credentials, password: str, done: Callable[[bool | None], None]) -> None:
        """Check a password of an account. done(None): no check is possible now."""
        self._run(lambda: check_password(credentials, password), done)

    def fits_first(self, credentials: Credentials, password: str, done: Callable[[bool | None], None]) -> None:
        """Check as `fits` does, but in a separate thread: a trusted client need not wait for strangers' guesses."""
        self._run(lambda: check_password(credentials, password), done, first=True)

    def make(self, password: str, done: Callable[[Credentials | None], None]) -> None:
        """Hash a password without a `flaw`. done(None): no hash is possible now."""
        self._run(lambda: make_credentials(password, secrets.token_bytes), done)

    def _count(self, change: int, *, first: bool) -> None:
        if first:
            self._waiting_first += change
        else:
            self._waiting += change

    def _run(self, work: Callable[[], T], done: Callable[[T | None], None], *, first: bool = False) -> None:
        threads, waiting = (self._first, self._waiting_first) if first else (self._threads, self._waiting)
        if waiting >= WAITING:
            done(None)
            return
        loop = asyncio.get_running_loop()

        def worked(future: Future[T]) -> None:
            with suppress(RuntimeError):  # after the loop's end nobody waits for the answer
                if not future.cancelled():
                    loop.call_soon_threadsafe(finish, future)

        def finish(future: Future[T]) -> None:
            self._count(-1, first=first)
            self._wake()
            problem = future.exception()
            if problem is not None:
                self._failed(problem)
            done(None if problem is not None else future.result())

        try:
            future = threads.submit(work)
        except RuntimeError as problem:  # "can't start new thread", or the process ends
            self._failed(problem)
            done(None)
            return
        self._count(1, first=first)
        future.add_done_callback(worked)

    def _failed(self, problem: BaseException) -> None:
        """Log a lack of resources in one line, and a mistake of the program with the traceback."""
        if isinstance(problem, Argon2Error | MemoryError | RuntimeError | OSError):
            self._log.error("password_not_checked", reason=str(problem) or type(problem).__name__)
        else:
            self._log.error("bug", where="password thread", exc_info=problem)

    def close(self) -> None:
        for threads in (self._threads, self._first):
            threads.shutdown(wait=False, cancel_futures=True)
