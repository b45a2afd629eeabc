"""Passwords are checked beside the loop, and behind it."""

from __future__ import annotations

import asyncio
import os
import sys
import threading

import pytest

from gateway.accounts.credentials import Credentials, made_up
from gateway.shells import passwords
from gateway.shells.passwords import NICE, WAITING, Passwords

NOBODYS: Credentials = made_up("joe", b"secret")


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

        waiting = Passwords(lambda: None)
        for _ in range(WAITING + 5):
            waiting.fits(NOBODYS, "sesame", answer)
        await all_told
        waiting.close()
        return answers

    answers = asyncio.run(flood())
    assert answers == [None] * 5 + [True] * WAITING
    assert set(checks) <= {NICE}
