"""Starts a node: carries out the effects of ring.membership.directory.startup, and reports the results back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from gateway.io.listeners import Listeners
from gateway.io.peers import PeerShell
from gateway.io.settings import terms
from gateway.io.systemd import Systemd
from ring.io.admin_client import NoReply, Unfit, be_refused, check_fit
from ring.io.directory_client import ask_directories
from ring.membership.directory.startup import Announce, Attend, Effect, End, Link, Look, Open, Probe, Say, StartUp
from ring.roster import NodeRecord

if TYPE_CHECKING:
    from gateway.io.process import Process

TURN_S = 0.05
LOOK_S = 1.0
"""The time for all directories to answer a look."""

PROBE_S = 2.0
"""The time for a peer to let this node in as an admin client."""


class Starting:
    """Brings one node into its network."""

    def __init__(
        self, node: Process, peers: PeerShell, listeners: Listeners, systemd: Systemd, stop: asyncio.Event
    ) -> None:
        """stop: set this event to end the start."""
        self._node = node
        self._peers = peers
        self._listeners = listeners
        self._systemd = systemd
        self._stop = stop
        self._open = False
        names = [str(directory) for directory in node.config.directories]
        self._core = StartUp(node.record, node.config.network.name, names, self._peers.saved, node.rng)

    async def run(self) -> bool:
        """Run until clients are accepted; return False if the node is stopped before. Raises OSError with advice if the
        node must not serve.
        """
        await self._carry_out(self._core.begin(self._node.now))
        while not (self._open or self._stop.is_set()):
            await self._carry_out(self._core.tick(self._peers.seen(), self._node.now))
            if not self._open:
                await self._pause()
        return self._open

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(TURN_S):
                await self._stop.wait()
        except TimeoutError:
            return

    async def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            if self._stop.is_set():
                return
            await self._do(effect)

    async def _do(self, effect: Effect) -> None:
        node = self._node
        match effect:
            case Look():
                await self._look()
            case Probe(records):
                await self._probe(records)
            case Announce(only):
                await self._peers.announce_to(only)
            case Link():
                self._peers.link()
            case Attend():
                self._peers.link()
                node.begin()
                node.core.attend()
                node.touched()
            case Open():
                self._listeners.open()
                self._open = True
            case Say(level, event, facts):
                getattr(node.log, level)(event, **facts)
                self._systemd.status(f"starting: {event.replace('_', ' ')}")
            case End(reason):
                raise OSError(f"this node must not serve: {reason}")

    async def _look(self) -> None:
        directories = [(d.host, d.port) for d in self._node.config.directories]
        query = await ask_directories(directories, LOOK_S, self._node.log)
        await self._carry_out(self._core.looked(query.lists(), self._node.now))

    async def _probe(self, records: tuple[NodeRecord, ...]) -> None:
        found = await asyncio.gather(*(self._visit(record) for record in records))
        refusals = {record.name: why for record, why in zip(records, found, strict=True) if isinstance(why, str)}
        await self._carry_out(self._core.probed(True in found, refusals, self._node.now))

    async def _visit(self, record: NodeRecord) -> bool | str:
        """Visit a node: return True if the node lets this node in, a reason for a refusal, or False without an
        answer.
        """
        config = self._node.config
        how: dict[str, Any] = {
            "terms": terms(config),
            "key": self._peers.key,
            "settings": config.links,
            "timeout_s": PROBE_S,
        }
        try:
            await check_fit(record, config.node.ip, **how)
        except Unfit as refused:
            await be_refused(record, self._node.record, **how)
            return refused.reason
        except NoReply:
            return False
        return True
