"""Passwords are checked beside the loop, and behind it."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable

import pytest
from argon2.exceptions import HashingError, VerificationError

from gateway.accounts.credentials import Credentials, check_password, made_up
from gateway.io import passwords
from gateway.io.passwords import NICE, WAITING, Passwords

NOBODYS: Credentials = made_up("joe", b"secret")


class Log:
    """Keeps what was logged."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def error(self, event: str, **facts: object) -> None:
        self.events.append(event)


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How nice the thread of each check was, which takes no time."""
    seen: list[int] = []

    def check(credentials: Credentials, password: str) -> bool:
        if sys.platform == "linux":
            seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return password == "sesame"

    monkeypatch.setattr(passwords, "check_password", check)
    return seen


def test_too_many_are_told_so_and_the_loop_goes_first(checks: list[int]) -> None:
    async def flood() -> list[bool | None]:
        loop, answers = asyncio.get_running_loop(), []
        all_told = loop.create_future()

        def answer(fits: bool | None) -> None:
            answers.append(fits)
            if len(answers) == WAITING + 5:
                all_told.set_result(None)

        waiting = Passwords(lambda: None, Log())
        for _ in range(WAITING + 5):
            waiting.fits(NOBODYS, "sesame", answer)
        await all_told
        waiting.close()
        return answers

    answers = asyncio.run(flood())
    assert answers == [None] * 5 + [True] * WAITING
    assert set(checks) <= {NICE}


def asked(log: Log, *, before: Callable[[Passwords], None] = lambda _: None) -> list[object]:
    """What each question is answered with."""

    async def ask() -> list[object]:
        loop = asyncio.get_running_loop()
        checks = Passwords(lambda: None, log)
        before(checks)
        futures = [loop.create_future() for _ in range(3)]
        checks.check("$argon2id$", "sesame", futures[0].set_result)
        checks.fits(NOBODYS, "sesame", futures[1].set_result)
        checks.make("sesame", futures[2].set_result)
        answers = await asyncio.gather(*futures)
        assert checks._waiting == 0
        checks.close()
        return answers

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("problem", "event"),
    [
        (HashingError("Memory allocation error"), "password_not_checked"),
        (VerificationError("Memory allocation error"), "password_not_checked"),
        (MemoryError(), "password_not_checked"),
        (KeyError("a mistake"), "bug"),
    ],
)
def test_what_fails_in_a_thread_is_answered_all_the_same(
    monkeypatch: pytest.MonkeyPatch, problem: Exception, event: str
) -> None:
    def fail(*_: object) -> bool:
        raise problem

    for name in ("verify", "check_password", "make_credentials"):
        monkeypatch.setattr(passwords, name, fail)
    log = Log()
    assert asked(log) == [None] * 3
    assert log.events == [event] * 3


def test_without_a_thread_to_be_had_everybody_is_answered() -> None:
    def refuse(checks: Passwords) -> None:
        def submit(*_: object) -> None:
            raise RuntimeError("can't start new thread")

        checks._threads.submit = submit  # type: ignore[method-assign, assignment]

    log = Log()
    assert asked(log, before=refuse) == [None] * 3
    assert log.events == ["password_not_checked"] * 3


def test_argon2_without_memory_says_nothing_of_the_password() -> None:
    huge = "$argon2id$v=19$m=4000000000,t=3,p=4$YWJjZGVmZ2hpams$YWJjZGVmZ2hpamtsbW5vcA"
    with pytest.raises(VerificationError, match="Memory"):
        check_password(Credentials(huge), "sesame")
    with pytest.raises(VerificationError, match="Memory"):
        passwords.verify(huge, "sesame")
    assert not check_password(Credentials("no hash"), "sesame")
    assert not passwords.verify("$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$", "sesame")


def test_who_goes_first_waits_for_no_stranger() -> None:
    async def tell() -> None:
        threads = Passwords(lambda: None, Log())
        order: list[str] = []
        over = asyncio.Event()

        def checked(who: str) -> None:
            order.append(who)
            if len(order) == 21:
                over.set()

        for _ in range(20):
            threads.fits(NOBODYS, "guess", lambda fits: checked("stranger"))
        threads.fits_first(NOBODYS, "sesame", lambda fits: checked("owner"))
        await over.wait()
        threads.close()
        assert order.index("owner") < 10

    asyncio.run(tell())
