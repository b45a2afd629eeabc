"""Whole networks of real node cores in one thread under virtual time, with clients that speak IRC lines.

Messages between nodes are encoded; a seed chooses their delay, loss, doubling and reordering.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterable
from math import inf
from typing import Any

import msgspec

from config.webhooks import Webhooks
from gateway.accounts.credentials import Credentials, scram_keys
from gateway.edge.client.connection import Connection
from gateway.edge.client.outputs import PATIENCE_S
from gateway.edge.settings import EdgeSettings
from gateway.irc.message import Message, parse
from gateway.node import NodeCore, NodeSettings
from gateway.webhooks.settings import WebhookSettings
from ring.features import LEVEL
from ring.ids import GroupId, Incarnation
from ring.membership.directory.client import DirectoriesCore
from ring.replication.application import Note
from ring.roster import NodeRecord
from ring.settings import Settings
from ring.storage.store import Batch, Range, StoreError
from ring.wire.codec import payloads
from tests.settings import edge_settings, ring_settings
from tests.sim.directories import Directories
from tests.sim.links import Links
from tests.sim.meter import Meter
from tests.sim.receivers import Receiver
from tests.sim.stores import MemoryStore
from tests.sim.trace import describe

TICK_S = 0.1
SLOW_S = 0.05
"""Time to make or check a password."""

WRITE_S = 0.03
READ_S = 0.002
"""Times of a disk; data not written when the node dies is lost."""

STEPS = 20
"""Steps of long work in a turn: few, so stories have turns between the steps."""

LAST_S = 1.5
"""Lines sent to a client so shortly before the node stops may not be known elsewhere (P38)."""

FRAME = 4096
"""Small, so payloads are cut, and their parts lost and overtaken."""


class Client:
    """A scripted person. `got`: every line so far."""

    def __init__(self, net: Net, node: Node, nick: str, caps: str = "", address: str = "10.0.0.1") -> None:
        self.begin(net, node, nick, address)
        if caps:
            self.send("CAP LS 302", f"CAP REQ :{caps}")
        self.send(f"NICK {nick}", f"USER {nick} 0 * :{nick} real")
        if caps:
            self.send("CAP END")

    def begin(self, net: Net, node: Node, nick: str, address: str) -> None:
        """Connect, and say nothing yet."""
        self.net = net
        self.node = node
        self.nick = nick
        self.got: list[str] = []
        self.read = 0
        self.closed: str | None = None
        net.serial += 1
        node.clients[net.serial] = self
        now = net.now + node.ahead_s
        node.core.engine.begin(now)
        self.connection: Connection = node.core.edge.clients.connect(net.serial, address, secure=False, now=now)
        net.turn(node, lambda: None)  # a refusal leaves at once

    def send(self, *lines: str) -> None:
        data = "".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape")
        self.send_bytes(data)

    def send_bytes(self, data: bytes) -> None:
        self.net.turn(self.node, lambda: self.node.core.edge.clients.feed(self.connection, data))

    def end(self) -> None:
        """Say no more, and read on, as `nc -N` does."""
        self.net.turn(self.node, lambda: self.node.core.edge.clients.ended(self.connection, "Connection closed"))

    def receive(self, data: bytes) -> None:
        self.got += data.decode("utf-8", "surrogateescape").split("\r\n")[:-1]

    def sync(self, within_s: float = 12.0) -> list[str]:
        """PING, wait for the PONG, return the lines since the last sync (without the PONG)."""
        self.net.serial += 1
        token = f"sync{self.net.serial}"
        self.send(f"PING {token}")
        assert self.net.until(lambda: any(token in line for line in self.got[self.read :]), within_s), (
            f"no PONG for {self.nick}: {self.got[-5:]}"
        )
        return self.lines(token)

    def lines(self, without: str = "\0") -> list[str]:
        """Return the lines since the last read."""
        new, self.read = self.got[self.read :], len(self.got)
        return [line for line in new if without not in line]

    @property
    def nick_now(self) -> str:
        assert self.connection.user is not None
        return self.connection.user.person.nick

    def messages(self) -> list[Message]:
        return [m for m in (parse(line.encode("utf-8", "surrogateescape")) for line in self.got) if m is not None]

    def heard(self, target: str) -> list[str]:
        """Return the messages to the target, in the order heard."""
        return [m.params[1] for m in self.messages() if m.command == "PRIVMSG" and m.params[0] == target]

    def ask(self, *lines: str) -> list[str]:
        """Return the answers to these lines, without the server's name in front."""
        self.sync()
        self.send(*lines)
        server = f":{self.net.edge.network.server_name} "
        return [line.removeprefix(server) for line in self.sync()]

    def quit(self) -> None:
        self.send("QUIT")


class Node:
    """A node core with its clients. hung: the process runs, and does nothing (SIGSTOP); input waits."""

    def __init__(self, core: NodeCore, name: str) -> None:
        self.core = core
        self.name = name
        self.id = core.engine.me
        self.key = self.id.key
        self.clients: dict[int, Client] = {}
        self.up = True
        self.died = float("inf")  # when the process was killed
        self.hung = False
        self.beat_at = 0.0
        self.rests_until = 0.0  # as the shell, run no timers before, unless something happens
        self.ahead_s = 0.0  # how far the node's clock is ahead
        self.slow_s = 0.0  # more delay for everything the node sends
        self.waiting: list[Callable[[], None]] = []
        self.notes: list[tuple[float, Note]] = []
        self.unsure: list[tuple[float, float]] = []  # when others may lack lines sent to the node's clients
        self.listing: DirectoriesCore | None = None  # the node's knowledge from directories


class Net:
    """Nodes n1 (127.0.0.1), n2, ... loss, double: chances per payload. delay_s: (least, most).

    directories: how many. With none, a starting node is introduced to all others at once. disks: whether nodes have
    disks, which outlive the nodes. level: the feature level of the nodes' builds. idle_close_s: a link without use for
    this time is closed.
    """

    tick_s = TICK_S

    def __init__(
        self,
        nodes: int = 1,
        seed: int = 0,
        loss: float = 0.0,
        double: float = 0.0,
        delay_s: tuple[float, float] = (0.001, 0.01),
        edge: EdgeSettings | None = None,
        engine: Settings | None = None,
        directories: int = 0,
        disks: bool = False,
        level: int = LEVEL,
        idle_close_s: float = inf,
    ) -> None:
        self.disks: dict[str, MemoryStore] | None = {} if disks else None
        self.broken: set[str] = set()  # names of nodes whose disk refuses
        self.may_err = False  # whether the program is broken on purpose, so the network has to bear the break
        self.rng = random.Random(seed)
        self.loss, self.double, self.delay_s = loss, double, delay_s
        # Scripted people talk as fast as they like, all from one address.
        self.edge = edge or edge_settings(burst=10_000, rate=10_000, queued=10_000, per_address=0)
        self.engine = engine or ring_settings()
        self.webhooks = Webhooks()
        self.receivers: dict[str, Receiver] = {}  # by URL
        self.now = 1_700_000_000.0
        self.idle_close_s = idle_close_s
        self.level = level
        self.serial = 0
        self.lives = 0
        self.nodes: dict[str, Node] = {}
        self._by_key: dict[str, Node] = {}
        self.links = Links(self)
        self.trace: Callable[[str], None] | None = None
        self.meter: Meter | None = None  # counts what passes between nodes, and from nodes to directories
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self.directories = Directories(self, directories)
        for number in range(1, nodes + 1):
            self.start(number)
        self.until(lambda: all(node.core.attending for node in self.nodes.values()), 10.0)
        self.run(1.0)

    # Nodes ----------------------------------------------------------------------------------------------------------

    def start(
        self, number: int, roster: Iterable[NodeRecord] = (), ahead_s: float = 0.0, level: int | None = None
    ) -> Node:
        """Start node `number`, or start the node again in its next life. roster: the saved roster. ahead_s: the node's
        clock. level: the feature level of the node's build.
        """
        self.lives += 1
        key = f"127.0.{number // 256}.{number % 256}"
        level = self.level if level is None else level
        irc, since = f"{key}:6667", int(self.now)
        record = NodeRecord(key, self.lives, f"n{number}.sim", key, 7600, irc, "1", since, level=level)
        core = NodeCore(record, NodeSettings(self.edge, self.engine, self.webhooks), random.Random(self.rng.random()))
        before, saved = self.nodes.get(f"n{number}"), list(roster)
        node = self.nodes[f"n{number}"] = self._by_key[key] = Node(core, f"n{number}")
        node.ahead_s = ahead_s
        self.links.attach(node)
        self.links.dark.discard(key)
        core.engine.begin(self.now + ahead_s)
        self._check_passwords(node)
        if self.disks is not None:
            self._attach(node, self.disks.setdefault(node.name, MemoryStore()))
        if before is not None and saved:  # the file with the roster has the acting level, too
            core.engine.levels.rise(before.core.engine.level)
        core.engine.learn(saved)
        if self.directories.names:
            self.directories.meet(node, saved)
        else:
            self._introduce(node)
        self._tick(node, self.rng.uniform(0, self.tick_s))
        return node

    def _attach(self, node: Node, disk: MemoryStore) -> None:
        """Load the state written by an earlier life of the node."""
        engine = node.core.engine
        engine.journal.on = True
        for group, data in disk.replicas():
            last = disk.lines(Range(group, None, None, 1, True))
            engine.journal.load(group, data, last[0] if last else None)

        def use(after_s: float, job: Callable[[], Any], done: Callable[[Any], None]) -> None:
            def used() -> None:
                result = job() if node.name not in self.broken else StoreError("the disk is full")
                self.turn(node, lambda: done(result))

            self.at(after_s, used)

        engine.read_store = lambda job, done: use(READ_S, lambda: job(disk), done)
        engine.work_store = lambda job, done: use(WRITE_S, lambda: sum(job(disk)), done)

    def _write(self, node: Node, batch: Batch) -> None:
        if not node.up or self.disks is None:
            return
        if node.name in self.broken:
            self.at(WRITE_S, lambda: self._write(node, batch))
        else:
            self.disks[node.name].write([batch])
            self.turn(node, lambda: node.core.engine.journal.written(batch.number))

    def _check_passwords(self, node: Node) -> None:
        """Check passwords as the shell does: off the loop, so the answer comes a little later; the cost is left out."""

        def made(password: str, done: Callable[[Credentials | None], None]) -> None:
            keys = scram_keys(password, b"salt", 8)
            self.at(SLOW_S, lambda: self.turn(node, lambda: done(Credentials(f"plain {password}", keys))))

        def fits(credentials: Credentials, password: str, done: Callable[[bool | None], None]) -> None:
            self.at(SLOW_S, lambda: self.turn(node, lambda: done(credentials.password_hash == f"plain {password}")))

        node.core.edge.outside.make_credentials, node.core.edge.outside.fits = made, fits

    def configure_webhooks(self, settings: WebhookSettings) -> None:
        """Take the settings on all nodes, and on nodes started later."""
        self.webhooks = settings
        for node in self.nodes.values():
            node.core.webhooks.configure(settings, self.edge)

    def _introduce(self, node: Node) -> None:
        for other in self.nodes.values():
            reached = self.links.open(node.key, other.key) and self.links.open(other.key, node.key)
            if other is not node and other.up and not other.hung and reached:
                self.links.connect(node, other)
        self.turn(node, node.core.attend)

    def running(self, key: str) -> Node | None:
        node = self._by_key.get(key)
        return node if node is not None and node.up else None

    def leave(self, name: str) -> None:
        """SIGTERM: hand over, tell the clients, go."""
        node = self.nodes[name]
        record = msgspec.structs.replace(node.core.engine.peers.me, leaving=True)
        self.turn(node, lambda: node.core.engine.leave(record))
        self.until(lambda: not node.core.holds_groups, 10)
        self.turn(node, lambda: node.core.edge.clients.close_all("Server is shutting down"))
        self.until(lambda: node.core.edge.clients.idle, 10)
        if self.directories.names and not node.core.holds_groups:  # else the node would take data along for nobody
            self.directories.depart(node)
        if self.disks is not None:  # as the shell does at the end
            self.turn(node, node.core.engine.journal.hurry)
            self.run(2 * WRITE_S)
        self.kill(name)
        node.died = float("inf")  # the node was not killed

    def kill(self, name: str, *, dark: bool = False) -> None:
        """Kill the process: its sockets are reset and its port refuses. dark: the machine dies, and nothing is said."""
        node = self.nodes[name]
        node.up = False
        node.died = self.now
        node.unsure.append((self.now - LAST_S, self.now))
        self.links.forget(node, dark=dark)
        if dark:
            self.links.dark.add(node.key)

    def hang(self, name: str, for_s: float) -> None:
        """SIGSTOP, and SIGCONT after a while."""
        node = self.nodes[name]
        node.hung = True
        node.unsure.append((self.now - LAST_S, self.now))
        self.at(for_s, lambda: self._wake(node))

    def _wake(self, node: Node) -> None:
        node.hung = False
        waiting, node.waiting = node.waiting, []
        for job in waiting:
            job()

    def client(self, name: str, nick: str, caps: str = "", address: str = "10.0.0.1") -> Client:
        client = Client(self, self.nodes[name], nick, caps, address)
        assert self.until(lambda: any(" 221 " in line for line in client.got), 10), client.got
        client.lines()
        return client

    def masters(self, group: GroupId) -> list[str]:
        return [
            node.name
            for node in self.nodes.values()
            if node.up and (m := node.core.engine.replicas.masters.get(group)) is not None and m.serving
        ]

    # Time -----------------------------------------------------------------------------------------------------------

    def at(self, after_s: float, job: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (self.now + after_s, self._count, job))

    def _tick(self, node: Node, after_s: float) -> None:
        def tick() -> None:
            if node.up and node.hung:
                node.waiting.append(tick)
            elif node.up:
                if self.now >= node.rests_until:
                    self.turn(node, lambda: self._tick_core(node.core))
                    node.rests_until = 0.0 if node.core.is_busy else self.now + self.engine.rest_s
                self.links.tick(node)
                if self.directories.names:
                    self.directories.tick(node)
                self._beat(node)
                self._tick(node, self.tick_s)

        self.at(after_s, tick)

    def _tick_core(self, core: NodeCore) -> None:
        core.engine.tick()
        core.edge.tick(core.engine.now)
        core.webhooks.tick()

    def turn(self, node: Node, job: Callable[[], Any]) -> None:
        """Run one loop turn of a node: the input, then the output to peers and clients."""
        if not node.up:
            return
        if node.hung:
            node.waiting.append(lambda: self.turn(node, job))
            return
        core = node.core
        node.rests_until = 0.0
        core.engine.begin(self.now + node.ahead_s)
        job()
        if core.edge.clients.turns.waiting:
            core.edge.clients.carry_on()
        core.engine.carry_on(STEPS)
        if self.disks is not None and (batch := core.engine.journal.take()) is not None:
            self.at(WRITE_S, lambda: self._write(node, batch))
        for key, messages in core.engine.drain().items():
            for payload in payloads(messages, FRAME):
                self._send(node, key, payload)
        for key in core.engine.levels.refused:
            self.at(0, lambda k=key: self.links.reset(node.key, k))
        core.engine.levels.refused.clear()
        if core.engine.notes:
            node.notes += [(self.now, note) for note in core.engine.notes]
            found = [n for n in core.engine.notes if n.event in ("bug", "group_broken") and n.facts["where"] != "read"]
            assert self.may_err or not found, found[0].facts.get("traceback")
            core.engine.notes.clear()
        posts, core.webhooks.wants = core.webhooks.wants, []
        for post in posts:
            self.receivers[post.url].post(node, post)
        for connection, data in core.edge.clients.take_outputs():
            client = node.clients.get(connection.number)
            if client is not None:
                client.receive(data)
                if connection.closed is not None and client.closed is None:
                    client.closed = connection.closed
                    self.at(0, lambda c=connection: self.turn(node, lambda: core.edge.clients.gone(c, "closed")))
        core.edge.traffic.delivered(core.engine.now, core.engine.now)
        if core.edge.clients.outputs.patient:
            self.at(PATIENCE_S, lambda: self.turn(node, lambda: None))
        if core.edge.clients.turns.waiting or core.engine.work_waits:
            self.at(0, lambda: self.turn(node, lambda: None))

    def _send(self, node: Node, key: str, payload: bytes) -> None:
        assert key != node.key, describe(payload)
        number = self.links.life(node, key)
        if number >= 0:
            self.transmit(node, key, payload, number)
        else:
            self.links.keep(node, key, payload)

    def transmit(self, node: Node, key: str, payload: bytes | None, number: int) -> None:
        """Send on a connection, by its number. payload: None for a heartbeat; a link in order loses no heartbeat."""
        if self.meter is not None:
            self.meter.sent(node.key, key, payload)
        if payload is None:
            self.at(self.delay_s[0], lambda: self._arrive(node.id, key, None, number))
            return
        self.links.use(node, number)
        for _ in range(2 if self.rng.random() < self.double else 1):
            if self.rng.random() >= self.loss:
                delay = node.slow_s + self.rng.uniform(*self.delay_s)
                self.at(delay, lambda: self._arrive(node.id, key, payload, number))

    def _beat(self, node: Node) -> None:
        if self.now < node.beat_at:
            return
        node.beat_at = self.now + self.engine.heartbeat_s
        for key in sorted(self.links.of(node)):
            self.transmit(node, key, None, self.links.life(node, key))

    def _arrive(self, sender: Incarnation, key: str, payload: bytes | None, number: int) -> None:
        node = self.running(key)
        if node is None:
            return
        if node.hung:
            node.waiting.append(lambda: self._arrive(sender, key, payload, number))
            return
        if self.links.arrives(sender, node, number) and payload is not None:
            self.links.use(node, number)
            if self.trace is not None:
                self.trace(f"{sender.key} > {key}: {describe(payload)}")
            self.deliver(sender, node, payload)

    def deliver(self, sender: Incarnation, node: Node, payload: bytes) -> None:
        self.turn(node, lambda: node.core.engine.receive(sender, payload))

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self._events and self._events[0][0] <= end:
            self.now, _, job = heapq.heappop(self._events)
            job()
        self.now = end

    def until(self, happened: Callable[[], bool], within_s: float) -> bool:
        """Run until the condition holds; return False if the time ends first."""
        end = self.now + within_s
        while not happened():
            if not self._events or self._events[0][0] > end:
                return False
            self.now, _, job = heapq.heappop(self._events)
            job()
        return True
