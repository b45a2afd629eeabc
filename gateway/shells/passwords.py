"""Passwords: argon2 and PBKDF2, off the event loop, since one check takes tens of milliseconds."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from gateway.accounts.credentials import Credentials, check_password, make_credentials

WAITING = 200
"""At most so many wait for a thread; one more is told at once that it is too much."""

NICE = 10

T = TypeVar("T")

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    return _hasher.hash(password.encode("utf-8", "surrogateescape"))


def verify(hashed: str, password: str) -> bool:
    """Never raises: a hash that is none fits nothing."""
    try:
        return _hasher.verify(hashed, password.encode("utf-8", "surrogateescape"))
    except (Argon2Error, InvalidHashError):
        return False


def _yield() -> None:
    """The loop goes first, also where many log in at once. On Linux a thread has a niceness of its own, and gives it to
    those that argon2 starts."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


class Passwords:
    """Checks in threads. `wake` runs on the loop before each answer."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._waiting = 0
        self._threads = ThreadPoolExecutor(2, "argon2", _yield)

    def check(self, hashed: str, password: str, done: Callable[[bool], None]) -> None:
        """Of an operator or the server, from the configuration."""
        self._run(lambda: verify(hashed, password), lambda fits: done(fits is True))

    def fits(self, credentials: Credentials, password: str, done: Callable[[bool | None], None]) -> None:
        """Of an account. done(None): too many wait."""
        self._run(lambda: check_password(credentials, password), done)

    def make(self, password: str, done: Callable[[Credentials | None], None]) -> None:
        """Of a password without a `flaw`. done(None): too many wait."""
        self._run(lambda: make_credentials(password, secrets.token_bytes), done)

    def _run(self, work: Callable[[], T], done: Callable[[T | None], None]) -> None:
        if self._waiting >= WAITING:
            done(None)
            return
        loop = asyncio.get_running_loop()

        def worked(future: Future[T]) -> None:
            with suppress(RuntimeError):  # the loop has ended: nobody waits for the answer
                if not future.cancelled():
                    loop.call_soon_threadsafe(finish, future)

        def finish(future: Future[T]) -> None:
            self._waiting -= 1
            self._wake()
            done(future.result())

        self._waiting += 1
        self._threads.submit(work).add_done_callback(worked)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
