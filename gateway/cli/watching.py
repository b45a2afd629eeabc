"""Asking every node of a network again and again, each at its own pace: a node that is stopped holds nobody up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gateway.cli.visits import Caller, Operator
from gateway.guests import Reply, Request
from ring.roster import NodeRecord

NODE_S = 3.0
"""How long a node may take to answer."""

LOOK_S = 5.0
"""How often new nodes are looked for."""


class Watch:
    """request: what to ask a node next, by its ring key. heard: takes the answer, and says whether to ask that node
    again at once. names: ring key -> name, of all nodes so far."""

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
        """Every node's answer, in the order of names. `heard` takes none of them."""
        await self._look()
        callers = sorted(self._callers.values(), key=lambda caller: caller.record.name)
        replies = await asyncio.gather(*(self._ask(caller) for caller in callers))
        return [(caller.record, reply) for caller, reply in zip(callers, replies, strict=True)]

    async def run(self) -> None:
        """Until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            followed: set[str] = set()
            while True:
                for key in self._callers.keys() - followed:
                    followed.add(key)
                    tasks.create_task(self._follow(self._callers[key]))
                await asyncio.sleep(LOOK_S)
                await self._look()

    def leave(self) -> None:
        """Hang up."""
        for caller in self._callers.values():
            caller.leave()

    async def _look(self) -> None:
        """A node that is listed no more is still asked: it may come back."""
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
