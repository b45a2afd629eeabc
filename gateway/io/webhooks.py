"""Hands messages of webhooks to the HTTP client, and answers to the core. The core decides what to post, and when.

The HTTP client (io/posting.py) is imported for the first message, in a thread, since the import takes long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from gateway.webhooks.deliveries import Deliveries, Post

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver

    from gateway.io.posting import Poster


class WebhookShell:
    """Makes requests for the core. turn: runs a job on the core, then flushes. bind_ip: this node's own address."""

    def __init__(
        self,
        core: Deliveries,
        bind_ip: str,
        turn: Callable[[Callable[[], None]], None],
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._core = core
        self._turn = turn
        self._bind_ip = bind_ip
        self._resolver = resolver
        self._poster: Poster | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def flush(self) -> None:
        """Make the requests that the core wants."""
        wants, self._core.wants = self._core.wants, []
        for post in wants:
            self._spawn(self._post(post))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Cancel the requests under way: the next node that serves the channel posts these messages again."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._poster is not None:
            await self._poster.stop()

    async def _post(self, post: Post) -> None:
        if self._poster is None:
            await asyncio.to_thread(_load)
        from gateway.io.posting import Failed, Poster

        if self._poster is None:  # several first messages wait for the import together
            self._poster = Poster(self._core, self._bind_ip, self._resolver)
        try:
            status, retry_after_s = await self._poster.post(post)
        except Failed as problem:
            reason, refused = str(problem), problem.refused
            self._turn(lambda: self._core.failed(post.number, reason, refused=refused))
        else:
            self._turn(lambda: self._core.answered(post.number, status, retry_after_s))


def _load() -> None:
    from gateway.io import posting  # noqa: F401
