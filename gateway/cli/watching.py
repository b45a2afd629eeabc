"""Asks all nodes of a network again and again. Each node has its own pace, so a stopped node delays no other node."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gateway.admin_clients.requests import Reply, Request
from gateway.cli.visits import Caller, Operator
from ring.roster import NodeRecord

NODE_S = 3.0
"""The time for a node to answer."""

LOOK_S = 5.0
"""The time between two searches for new nodes."""


class Watch:
    """request: returns the next question for a node, by ring key. heard: takes the answer, and returns whether to ask
    the node again at once. names: ring key -> name, of all nodes so far.
    """

    def __init__(
        self,
        operator: Operator,
        request: Callable[[str], Request],
        heard: Callable[[NodeRecord, Reply], bool],
        every_s: float,
    ) -> None:
        self.names: dict[str, str] = {}
        self._operator = operator
        self._request = request
        self._heard = heard
        self._every_s = every_s
        self._callers: dict[str, Caller] = {}

    async def once(self) -> list[tuple[NodeRecord, Reply]]:
        """Ask all nodes once; return the answers in the order of names. `heard` is not called."""
        await self._look()
        callers = sorted(self._callers.values(), key=lambda caller: caller.record.name)
        replies = await asyncio.gather(*(self._ask(caller) for caller in callers))
        return [(caller.record, reply) for caller, reply in zip(callers, replies, strict=True)]

    async def run(self) -> None:
        """Ask all nodes until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            followed: set[str] = set()
            while True:
                for key in self._callers.keys() - followed:
                    followed.add(key)
                    tasks.create_task(self._follow(self._callers[key]))
                await asyncio.sleep(LOOK_S)
                await self._look()

    def leave(self) -> None:
        """End all visits."""
        for caller in self._callers.values():
            caller.leave()

    async def _look(self) -> None:
        """Look for new nodes. A node that has left the lists is still asked, because the node may come back."""
        for record in (await self._operator.known()).records:
            self.names[record.key] = record.name
            known = self._callers.get(record.key)
            if known is None:
                self._callers[record.key] = Caller(self._operator, record)
            else:
                known.record = record

    async def _follow(self, caller: Caller) -> None:
        while True:
            again = self._heard(caller.record, await self._ask(caller))
            await asyncio.sleep(0 if again else self._every_s)

    async def _ask(self, caller: Caller) -> Reply:
        return await caller.ask(self._request(caller.record.key), NODE_S)
