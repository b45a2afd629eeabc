"""Passwords: argon2, off the event loop, since one check takes tens of milliseconds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

MAX_BYTES = 1000

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    return _hasher.hash(password.encode("utf-8", "surrogateescape"))


def verify(hashed: str, password: str) -> bool:
    """Never raises: a hash that is none fits nothing."""
    try:
        return _hasher.verify(hashed, password.encode("utf-8", "surrogateescape"))
    except (Argon2Error, InvalidHashError):
        return False


class Passwords:
    """Checks in a thread. `wake` runs on the loop after each answer."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")

    def check(self, hashed: str, password: str, done: Callable[[bool], None]) -> None:
        loop = asyncio.get_running_loop()

        def answered(future: Future[bool]) -> None:
            with suppress(RuntimeError):  # the loop has ended: nobody waits for the answer
                if not future.cancelled():
                    loop.call_soon_threadsafe(finish, future.result())

        def finish(fits: bool) -> None:
            self._wake()
            done(fits)

        self._threads.submit(verify, hashed, password).add_done_callback(answered)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
