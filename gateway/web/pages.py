"""Makes the parts of the page, in a thread beside the event loop, and keeps the parts for a moment.

The page of a network of a thousand nodes takes most of a second to make: talk must not wait for that. So the event loop
only takes the data, and a thread makes the page of them, for everybody who asks at that time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from gateway.web.page import Made, make

KEPT_S: Final = 1.0
"""A page is served for at least so long."""

BUSY: Final = 0.05
"""At most this part of the time is spent on making pages: a page that takes long is served for longer."""

View = Callable[[], dict[str, Any]]
"""Makes the view that the page shows, from data that nobody changes any more. Called in a thread."""


class Pages:
    """The newest page of one process."""

    def __init__(self, look: Callable[[], Awaitable[View]]) -> None:
        """look: takes the data for a new page, in the event loop."""
        self._look = look
        self._made: Made | None = None
        self._making: asyncio.Task[Made] | None = None
        self.old_at = float("-inf")
        """When the page is made anew for the next who asks, on the clock of the event loop."""

    async def latest(self) -> Made:
        """The page, made anew if the last one is old; once for all who wait for it."""
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
    """A mistake is told by whoever waits for the page; if nobody waits any more, the mistake is nobody's news."""
    if not making.cancelled():
        making.exception()
