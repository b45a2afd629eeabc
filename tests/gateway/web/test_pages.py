"""The newest page: made in a thread, once for all who ask at that time, and kept for a moment."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from gateway.web import pages
from gateway.web.page import Made
from gateway.web.pages import Pages, View
from tests.patience import WITHIN_S


class Story:
    """Pages whose view has the number of the look."""

    def __init__(self) -> None:
        self.looks = 0
        self.threads: list[threading.Thread] = []
        self.pages = Pages(self.look)

    async def look(self) -> View:
        self.looks += 1
        return partial(self.view, self.looks)

    def view(self, number: int) -> dict[str, Any]:
        self.threads.append(threading.current_thread())
        return {"number": number}

    async def number(self) -> int:
        found: int = (await self.pages.latest()).view["number"]
        return found


@pytest.fixture(autouse=True)
def only_the_view(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "make", lambda view: Made(view, {}))


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(WITHIN_S):
            await story()

    asyncio.run(limited())


def test_a_page_is_made_once_for_all_who_wait_and_kept_for_a_moment() -> None:
    async def story() -> None:
        made = Story()
        assert await asyncio.gather(*(made.number() for _ in range(5))) == [1] * 5
        assert await made.number() == 1
        made.pages.old_at = asyncio.get_running_loop().time()  # the moment is over
        assert await made.number() == 2

    run(story)


def test_talk_goes_on_while_a_large_page_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is ready only after the event loop has done something else."""

    async def story() -> None:
        made, others_had_a_turn = Story(), threading.Event()

        def slow(view: dict[str, Any]) -> Made:
            assert others_had_a_turn.wait(WITHIN_S)
            return Made(view, {})

        monkeypatch.setattr(pages, "make", slow)
        asked = asyncio.create_task(made.number())
        while not made.threads:
            await asyncio.sleep(0)
        assert not asked.done()
        others_had_a_turn.set()
        assert await asked == 1
        assert made.threads != [threading.current_thread()]

    run(story)


def test_a_page_that_takes_long_is_kept_for_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        made, loop = Story(), asyncio.get_running_loop()
        monkeypatch.setattr(pages, "BUSY", 1e-12)
        began = loop.time()
        await made.number()
        assert made.pages.old_at > began + 1000 * pages.KEPT_S

    run(story)


def test_who_gives_up_waiting_and_a_mistake_leave_the_page_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        made, told = Story(), []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        impatient = asyncio.create_task(made.number())
        patient = asyncio.create_task(made.number())
        await asyncio.sleep(0)
        impatient.cancel()
        assert await patient == 1

        def broken(view: object) -> Made:
            raise ZeroDivisionError

        monkeypatch.setattr(pages, "make", broken)
        made.pages.old_at = 0.0
        with pytest.raises(ZeroDivisionError):
            await made.number()
        monkeypatch.setattr(pages, "make", lambda view: Made(view, {}))
        assert await made.number() == 3
        assert told == []

    run(story)
