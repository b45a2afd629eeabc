"""The process of one node: gives the core time, bytes and news of peers, and carries out the core's wishes."""

from __future__ import annotations

import asyncio
import random
import secrets
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from config import NodeConfig, load_node
from gateway.edge.client.connection import Connection
from gateway.edge.client.outputs import PATIENCE_S
from gateway.edge.settings import Rehashed
from gateway.happenings import Happenings
from gateway.io.clients import ClientTransport, write_all
from gateway.io.descriptors import raise_limit, room
from gateway.io.drain import drain
from gateway.io.durable import Durable
from gateway.io.listeners import Listeners
from gateway.io.memory import Garbage, Memory, settle
from gateway.io.notes import NoteLog
from gateway.io.passwords import Passwords
from gateway.io.peers import PeerShell
from gateway.io.process import Process
from gateway.io.recorder import Tape
from gateway.io.reloading import contents, reread
from gateway.io.settings import cloak_key, edge_settings, engine_settings, made_up_secret, node_record
from gateway.io.starting import Starting
from gateway.io.systemd import Systemd
from gateway.io.version import cores
from gateway.io.webhooks import WebhookShell
from gateway.look import Looks
from gateway.node import NodeCore, NodeSettings
from gateway.status import Certificate
from gateway.web.health import Health, LoopLag
from gateway.web.source import Source, Vitals
from ring.durations import TICK_S
from ring.io.crash import CrashOnly, crash_only
from ring.io.signals import release_hang_up
from ring.replication.application import Note
from ring.storage.store import StoreError
from ring.wire.codec import payloads

if TYPE_CHECKING:
    from config.http import Http
    from gateway.io.web_side import WebSide

FLUSH_WAIT_S = 0.002
SLICE_S = 0.002
"""Long work may take so much of a turn (P23). A step takes up to a millisecond."""

FRAME = 1024 * 1024
"""The output of a turn to a peer is cut into frames of this size, far below the limit of peers."""


_clock: Callable[[], float] = (
    partial(time.clock_gettime, time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic
)
"""Return seconds that never go back and also count while the machine sleeps (P20)."""


class NodeProcess(Process):
    """All parts of a node that touch the outside."""

    def __init__(self, config: NodeConfig, path: Path, tape: Tape | None = None) -> None:
        """tape: records the input of the core."""
        self.config = config
        self._contents = contents(config)
        self.path = path
        self.log = structlog.get_logger("circlet").bind(node=config.node.name)
        self.crash = CrashOnly(self.log)
        self.rng = random.Random()
        self.descriptors = raise_limit()
        self._skew = time.time() - _clock()
        self.sockets: dict[int, ClientTransport] = {}
        self._next_id = 0
        self._flushing = False
        self._flush_after = 0.0
        self.peers = PeerShell(self)
        self.record = node_record(config, self.peers.next_incarnation(), self.now)
        settings = NodeSettings(
            edge_settings(config, self.now, made_up_secret(self.peers.key), self.room(config), cloak_key(config)),
            engine_settings(config),
            config.webhooks,
        )
        self.recorder = tape.begin(self.record, settings, self.now, self.log) if tape is not None else None
        self.core = self.recorder.door if self.recorder is not None else NodeCore(self.record, settings, self.rng)
        self.passwords = Passwords(self._wake, self.log)
        self.core.edge.outside.check_password = self.passwords.check
        self.core.edge.outside.fits = self.passwords.fits
        self.core.edge.outside.fits_first = self.passwords.fits_first
        self.core.edge.outside.make_credentials = self.passwords.make
        self.core.edge.outside.random_bytes = secrets.token_bytes
        self.core.edge.outside.rehash = self.reload
        self.core.edge.outside.die = self.ask_to_stop
        self.durable = Durable(self)
        self.listeners = Listeners(self)
        self.memory, self.garbage = Memory(), Garbage()
        self.systemd = Systemd()
        self.webhooks = WebhookShell(self.core.webhooks, config.node.ip, self.act)
        happenings = Happenings(self.core)
        self.watchers: list[Callable[[Note], None]] = [happenings.hear]
        self.notes = NoteLog(self.log, self.watchers)
        looks = Looks(self.core, self.peers.links, self.peers.around, happenings)
        self.core.edge.outside.look = looks.packed
        self.lag = LoopLag()
        self.web = self._web_side(config.http, looks) if config.http is not None else None
        self._stop = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._patience: asyncio.TimerHandle | None = None  # until lines that wait for others are written
        self._resting = False  # nothing is under way, and the next tick comes late unless something happens

    def _web_side(self, http: Http, looks: Looks) -> WebSide:
        from gateway.io.web_side import WebSide  # a node without `http` starts sooner without these imports

        source = Source(self.core, self.peers.links, self.act, self.peers.around, self.vitals, self.health)
        return WebSide(self, http, source, looks)

    @property
    def now(self) -> float:
        """Unix seconds; never go back while the process runs."""
        return _clock() + self._skew

    def health(self) -> Health:
        return self.lag.health(time.monotonic())

    def vitals(self) -> Vitals:
        """Collect figures for the metrics. Takes time O(clients)."""
        writer = self.durable.writer
        return Vitals(
            self.lag,
            writer.writes,
            writer.reads,
            writer.waiting_bytes,
            self.durable.size(),
            writer.dropped,
            tuple(waiting for client in self.sockets.values() if (waiting := client.waiting())),
            self.peers.waiting_bytes(),
            self.peers.refused(),
        )

    # Life -----------------------------------------------------------------------------------------------------------

    async def run(self) -> int:
        """Serve until told to stop; return the exit code."""
        loop = asyncio.get_running_loop()
        self.crash.watch(loop)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.ask_to_stop)
        loop.add_signal_handler(signal.SIGHUP, self.reload)
        release_hang_up()
        self.core.engine.begin(self.now)
        try:
            await self.durable.start()
            await self.peers.bind()
            await self.listeners.bind()
            if self.web is not None:
                await self.web.start()
            self._tick()
            serves = await Starting(self, self.peers, self.listeners, self.systemd, self._stop).run()
        except (OSError, StoreError) as problem:
            self.log.error("start_failed", reason=str(problem))
            if self.peers.announced:
                await drain(self)
            await self._close()
            return 1
        if serves:
            self._say_what_does_not_fit()
            settle()
            self.systemd.ready()
            record = self.record
            self.log.info("node_started", ip=record.ip, irc=record.irc, incarnation=record.incarnation, cores=cores())
            await self._stop.wait()
        if self.peers.announced:
            await drain(self)
        await self._close()
        self.log.info("node_stopped")
        return 0

    def _say_what_does_not_fit(self) -> None:
        total, fit = self.config.clients.total, self.room(self.config)
        if total > fit:
            self.log.warning(
                "clients_total_does_not_fit",
                total=total,
                room=fit,
                descriptors=self.descriptors,
                hint=f"{fit} clients are let in: raise the limit of open files (LimitNOFILE= of systemd, ulimit -Hn), "
                "or lower clients.total",
            )

    def ask_to_stop(self) -> None:
        self._stop.set()

    async def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        await self.listeners.stop()
        for client in list(self.sockets.values()):
            client.close()
        await self.peers.stop()
        if self.web is not None:
            await self.web.stop()
        await self.webhooks.stop()
        self.durable.close()
        self.passwords.close()
        self.systemd.close()
        if self.recorder is not None:
            self.recorder.end("the node was stopped")

    @crash_only
    def reload(self) -> Rehashed:
        """Apply the settings that can change live (SIGHUP, REHASH); report due restarts and mistakes."""
        self.systemd.reloading()
        said = self._reread()
        self.systemd.reloaded()
        return said

    def _reread(self) -> Rehashed:
        self.config, self._contents, said = reread(self.config, self._contents, self.path, load_node, self.log)
        if said.wrong:
            return said
        was = self.core.edge.settings
        room = self.room(self.config)
        self.core.edge.configure(edge_settings(self.config, was.created, was.secret, room, was.cloak_key))
        self.core.webhooks.configure(self.config.webhooks, self.core.edge.settings)
        self.touched()
        wrong = self.listeners.reload_certificates()
        if self.web is not None:
            wrong += self.web.configure(self.config)
        return replace(said, wrong=wrong)

    def room(self, config: NodeConfig) -> int:
        """Return the number of clients that the descriptors suffice for."""
        return room(self.descriptors, config.http.total if config.http is not None else 0)

    def certificates(self) -> list[Certificate]:
        """Return the certificates that the listeners and the page show now."""
        return [*self.listeners.certificates(), *(self.web.certificates() if self.web is not None else [])]

    # Turns of the loop ----------------------------------------------------------------------------------------------

    def begin(self) -> None:
        self.core.engine.begin(_clock() + self._skew)  # as `now`: each read of a client begins a turn

    @crash_only
    def _wake(self) -> None:
        self.begin()
        self.touched()

    def _end_patience(self) -> None:
        self._patience = None
        self._wake()

    @crash_only
    def act(self, job: Callable[[], None]) -> None:
        """Run a job on the core, in a turn of its own."""
        self.begin()
        job()
        self.touched()

    def touched(self) -> None:
        """Plan a flush after input to the core. The flush waits for the reads that are ready now, so that outputs go in
        batches.

        After a long flush the next flush waits as long again: under load this makes batches, and without load costs
        nothing.
        """
        if self._resting:
            self._resting = False
            self._plan_tick(TICK_S)
        if self._flushing:
            return
        self._flushing = True
        loop = asyncio.get_running_loop()
        wait = self._flush_after - time.monotonic()
        if wait > 0:
            loop.call_later(wait, self.flush)
        else:
            loop.call_soon(loop.call_soon, self.flush)

    def _carry_on(self, until: float) -> None:
        """Do long work until this time, by the clock of `time.monotonic`."""
        engine = self.core.engine
        if engine.work_waits:
            self.begin()
            while engine.work_waits and time.monotonic() < until:
                engine.carry_on(1)

    @crash_only
    def flush(self) -> None:
        """Send the core's output to peers and clients."""
        self._flushing = False
        began, edge = time.monotonic(), self.core.edge
        if edge.clients.turns.waiting:
            self.begin()
            edge.clients.carry_on()
        self._carry_on(began + SLICE_S)
        self.durable.flush()
        for key, messages in self.core.engine.drain().items():
            for payload in payloads(messages, FRAME):
                self.peers.send(key, payload)
        if edge.clients.outputs.dirty:
            for connection in write_all(edge.clients.take_outputs(), self.sockets, edge.settings.clients.sendq):
                self.begin()
                edge.traffic.cuts["send_queue"] += 1
                edge.clients.gone(connection, "SendQ exceeded")
                self.sockets[connection.number].abort()
        if edge.clients.outputs.patient and self._patience is None:
            self._patience = asyncio.get_running_loop().call_later(PATIENCE_S, self._end_patience)
        if edge.traffic.shown and not edge.clients.outputs.dirty:
            edge.traffic.delivered(self.core.engine.now, self.now)
        self.webhooks.flush()
        relieved, edge.clients.relieved = edge.clients.relieved, []
        for connection in relieved:
            if (client := self.sockets.get(connection.number)) is not None:
                client.read_on()
        if edge.clients.turns.waiting or self.core.engine.work_waits:
            self.touched()
        if self.core.engine.levels.refused:
            self.peers.refuse(self.core.engine.levels.refused)
        if self.core.engine.notes:
            self.notes.write(self.core.engine)
        ended = time.monotonic()
        # Long work goes on after the reads that are ready: a pause would only make the work take longer.
        self._flush_after = ended + (0.0 if self.core.engine.work_waits else min(FLUSH_WAIT_S, ended - began))

    @crash_only
    def _tick(self) -> None:
        self.lag.came(time.monotonic())
        self.begin()
        self.core.engine.tick()
        self.core.edge.tick(self.core.engine.now)
        self.core.webhooks.tick()
        self.flush()
        self.peers.save_news()
        self.listeners.report()
        self.memory.tick()
        self.garbage.tick()
        self.systemd.alive()
        self._resting = not self.core.is_busy
        self._plan_tick(self.core.engine.settings.rest_s if self._resting else TICK_S)

    def _plan_tick(self, after_s: float) -> None:
        """Run the timers after this time, and not as planned before."""
        if self._timer is not None:
            self._timer.cancel()
        self.lag.expect(time.monotonic() + after_s)
        self._timer = asyncio.get_running_loop().call_later(after_s, self._tick)

    # Clients --------------------------------------------------------------------------------------------------------

    @crash_only
    def connected(self, client: ClientTransport, address: str, *, secure: bool, certificate: str | None) -> Connection:
        """certificate: fingerprint of the client's certificate."""
        self.begin()
        self._next_id += 1
        self.sockets[self._next_id] = client
        connection = self.core.edge.clients.connect(
            self._next_id,
            address,
            secure=secure,
            now=self.core.engine.now,
            certificate=certificate,
            ticket=client.ticket,
        )
        connection.delivery.take_receipts(client if self.recorder is None else self.recorder.receipts(client))
        self.log.info("client_connected", client=connection.number, address=address, tls=secure)
        self.touched()
        return connection

    @crash_only
    def received(self, connection: Connection, data: bytes) -> None:
        self.begin()
        self.core.edge.clients.feed(connection, data)
        self.touched()

    @crash_only
    def ended(self, connection: Connection) -> None:
        """Tell the edge that the client has closed its half of the connection."""
        self.begin()
        self.core.edge.clients.ended(connection, "Connection closed")
        self.touched()

    @crash_only
    def disconnected(self, connection: Connection, reason: str) -> None:
        self.sockets.pop(connection.number, None)
        self.begin()
        self.core.edge.clients.lost(connection, reason)
        why = connection.closed or reason
        why = "Quit" if why.startswith(("Quit: ", "Client quit")) else why  # people's words stay out of the log
        self.log.info("client_disconnected", client=connection.number, reason=why)
        self.touched()
