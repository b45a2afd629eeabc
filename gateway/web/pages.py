"""Makes the parts of the page in a thread beside the event loop, and keeps the parts for a moment.

The page of a network of a thousand nodes takes most of a second, and messages must not wait for the page. So the event
loop only collects the data, and a thread makes a single page from the data for all present readers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from gateway.web.page import Made, make

KEPT_S: Final = 1.0
"""A page is served for at least this long."""

BUSY: Final = 0.05
"""The share of time spent on making pages at most: a page that takes long is served for longer."""

View = Callable[[], dict[str, Any]]
"""Makes the view of the page from data that no longer change. Called in a thread."""


class Pages:
    """The newest page of a process."""

    def __init__(self, look: Callable[[], Awaitable[View]]) -> None:
        """look: collects the data for a new page, in the event loop."""
        self._look = look
        self._made: Made | None = None
        self._making: asyncio.Task[Made] | None = None
        self.old_at = float("-inf")
        """From this time on, on the event loop's clock, the next reader gets a new page."""

    async def latest(self) -> Made:
        """Return the page. An old page is made anew, once for all waiting readers."""
        if self._made is not None and asyncio.get_running_loop().time() < self.old_at:
            return self._made
        if self._making is None or self._making.done():
            self._making = asyncio.create_task(self._make())
            self._making.add_done_callback(_seen)
        return await asyncio.shield(self._making)

    async def _make(self) -> Made:
        view, loop = await self._look(), asyncio.get_running_loop()
        began = loop.time()
        self._made = await asyncio.to_thread(lambda: make(view()))
        ended = loop.time()
        self.old_at = ended + max(KEPT_S, (ended - began) / BUSY)
        return self._made


def _seen(making: asyncio.Task[Made]) -> None:
    """Fetch the exception of a failed task, so that asyncio does not log it: the waiting readers get the exception."""
    if not making.cancelled():
        making.exception()
