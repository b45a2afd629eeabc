"""A whole network of engines with a toy kind of group: a room with members that say numbered things.

One thread, virtual time; messages between nodes are encoded, and may be lost, doubled, delayed and reordered by a seed.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ring.engine import Engine
from ring.features import LEVEL
from ring.ids import GroupId, Incarnation
from ring.replication.application import FAILED, EventId
from ring.replication.state_machine import Decision, Durable, KindBase, State, StateBase
from ring.roster import NodeRecord
from ring.storage.store import Batch, Line
from ring.wire.codec import encode
from tests.settings import ring_settings

WRITE_S = 0.02


class ToyState(StateBase):
    """Commands: ["join", key, inc], ["part", key, inc], ["say", text]. Outcome: refused text, or None."""

    def __init__(self, subscribers: dict[Incarnation, int] | None = None, said: list[str] | None = None) -> None:
        self.subscribers: dict[Incarnation, int] = subscribers or {}
        self.said: list[str] = said or []

    def decide(self, command: Any, at: int) -> Decision:
        if command[0] == "say" and command[1].startswith("!"):
            return Decision(["refused", command[1]], None)
        return Decision(["ok"], command)

    def apply(self, event: Any, at: int) -> bool:
        if event[0] == "say":
            self.said.append(event[1])
            return False
        if event[0] == "merge":
            self.subscribers.update({Incarnation(key, number): count for key, number, count in event[1]})
            return True
        edge = Incarnation(event[1], event[2])
        count = self.subscribers.get(edge, 0) + (1 if event[0] == "join" else -1)
        if count > 0:
            self.subscribers[edge] = count
        else:
            self.subscribers.pop(edge, None)
        return True

    def snapshot(self) -> Any:
        return [[[*e, n] for e, n in self.subscribers.items()], self.said]

    def view(self) -> Any:
        return len(self.said)

    def answer(self, question: Any, at: int) -> Any:
        return ["said", len(self.said)]

    def maintenance(self, at: int, gone: Callable[[Incarnation], bool]) -> list[Any]:
        return [["part", *edge] for edge in self.subscribers if gone(edge)]

    def is_message(self, event: Any) -> bool:
        return event[0] == "say"

    def merge(self, other: ToyState, at: int) -> Any:
        lacking = [[*edge, count] for edge, count in sorted(other.subscribers.items()) if edge not in self.subscribers]
        return ["merge", lacking] if lacking else None

    def is_collectable(self, at: int) -> bool:
        return not self.subscribers and not self.said


class ToyKind(KindBase):
    def __init__(self, durable: Durable = "no") -> None:
        self.durable: Durable = durable
        self.level = LEVEL

    def keeps(self, event: Any) -> bool:
        return bool(event[0] == "say")

    def selects(self, state: State, event: Any, msgid: str, at: int, wanted: str) -> bool:
        return wanted in event[1]

    def initial(self, name: str) -> State:
        return ToyState()

    def restore(self, name: str, snapshot: msgspec.Raw) -> State:
        subscribers, said = msgspec.msgpack.decode(snapshot)
        return ToyState({Incarnation(k, i): n for k, i, n in subscribers}, said)

    def _read(self, raw: msgspec.Raw) -> Any:
        return msgspec.msgpack.decode(raw)

    read_command = read_event = read_outcome = read_question = read_answer = _read


class ToyHost:
    """Keeps the lines for a client of each node. seats: the members in each state shown as a whole."""

    def __init__(self) -> None:
        self.seats: list[list[Incarnation]] = []
        self.heard: dict[GroupId, list[str]] = {}
        self.answers: list[tuple[Any, Any]] = []
        self.views: list[Any] = []
        self.lost = 0

    def applied(self, group: GroupId, state: State, event: Any, event_id: EventId, token: object) -> None:
        if event[0] == "say":
            self.heard.setdefault(group, []).append(event[1])

    def interrupted(self, group: GroupId, *, parted: bool) -> None: ...

    def replaced(
        self, group: GroupId, old: State | None, state: State, missed: Sequence[tuple[Any, EventId]], lost: int
    ) -> None:
        self.lost += lost
        self.seats.append([*state.subscribers])
        for event, event_id in missed:
            self.applied(group, state, event, event_id, None)

    def dropped(self, group: GroupId) -> None: ...

    def answered(self, group: GroupId, token: object, outcome: Any, event_id: EventId | None) -> None:
        self.answers.append((token, outcome))

    def flush(self) -> None: ...

    def viewed(self, group: GroupId, view: Any) -> None:
        self.views.append(view)

    def asked(self, node: Incarnation, body: Any) -> Any:
        return ["pong", body]

    def read_ask(self, raw: msgspec.Raw) -> Any:
        return msgspec.msgpack.decode(raw)

    read_reply = read_ask


class ToyDisk:
    """Data written by a node. A write takes a while, and is lost if the node dies before the write ends."""

    def __init__(self) -> None:
        self.replicas: dict[GroupId, bytes] = {}
        self.lines: dict[GroupId, dict[int, Line]] = {}
        self.full = False

    def write(self, batch: Batch) -> None:
        for group, replica in batch.replicas.items():
            self.replicas.pop(group, None)
            if replica is not None:
                self.replicas[group] = replica
        for group, end in batch.ends.items():
            lines = self.lines.get(group, {})
            self.lines[group] = {seq: line for seq, line in lines.items() if seq <= end}
        for line in batch.lines:
            self.lines.setdefault(line.group, {})[line.seq] = line

    def last(self, group: GroupId) -> Line | None:
        lines = self.lines.get(group)
        return lines[max(lines)] if lines else None


STEPS = 100
"""Steps of long work in a turn."""


class ToyNet:
    """Nodes 127.0.0.1.. in one thread. loss, double: chances per payload; delay_s: (least, most).

    disks: whether nodes have disks. Kinds of groups: "channel" lives in memory, "talk" is written, "deed" confirmed.
    """

    def __init__(
        self, nodes: int, seed: int = 0, loss: float = 0.0, double: float = 0.0, delay_s=(0.001, 0.01), disks=False
    ) -> None:
        self.disks: dict[str, ToyDisk] | None = {} if disks else None
        self.rng = random.Random(seed)
        self.loss, self.double, self.delay_s = loss, double, delay_s
        self.now = 1_000_000.0
        self.events: list[tuple[float, int, Callable[[], None]]] = []
        self.count = 0
        self.engines: dict[str, Engine] = {}
        self.hosts: dict[str, ToyHost] = {}
        self.down: set[str] = set()
        self.carrying_on: set[str] = set()  # nodes with a turn planned for the next slice of long work
        self.lives = 0
        for n in range(1, nodes + 1):
            self.start(f"127.0.0.{n}")

    def start(self, key: str) -> Engine:
        self.lives += 1
        record = NodeRecord(key, self.lives, f"node.{key}", key, 7600, "", "1", int(self.now), level=LEVEL)
        host = self.hosts[key] = ToyHost()
        kinds = {"channel": ToyKind(), "talk": ToyKind("written"), "deed": ToyKind("confirmed")}
        engine = Engine(record, ring_settings(), kinds, host, random.Random(self.lives))
        engine.peers.level = record.level
        engine.begin(self.now)
        if self.disks is not None:
            engine.journal.on = True
            disk = self.disks.setdefault(key, ToyDisk())
            for group, data in disk.replicas.items():
                engine.journal.load(group, data, disk.last(group))
        self.engines[key] = engine
        self.down.discard(key)
        for other in self.engines.values():
            if other is not engine and other.me.key not in self.down:
                other.begin(self.now)
                other.linked(record)
                engine.linked(other.peers.me)
            elif other is not engine and self.disks is not None:  # the saved roster names nodes that are down
                engine.learn([other.peers.me])
                engine.lost(other.me.key, other.me.number, "refused")
        self.turn(key, engine.met)
        self.every(0.1, key, engine)
        return engine

    def every(self, step: float, key: str, engine: Engine) -> None:
        def tick() -> None:
            if self.engines.get(key) is not engine or key in self.down:
                return
            self.turn(key, engine.tick)
            self.at(step, tick)

        self.at(self.rng.uniform(0, step), tick)

    def at(self, after: float, job: Callable[[], None]) -> None:
        self.count += 1
        heapq.heappush(self.events, (self.now + after, self.count, job))

    def turn(self, key: str, job: Callable[[], Any]) -> None:
        """Run one loop turn of a node: the input, then the output."""
        if key in self.down:
            return
        engine = self.engines[key]
        engine.begin(self.now)
        job()
        engine.carry_on(STEPS)
        if engine.work_waits and key not in self.carrying_on:
            self.carrying_on.add(key)
            self.at(0.002, lambda: self.turn(key, lambda: self.carrying_on.discard(key)))
        batch = engine.journal.take()
        if batch is not None:
            self.at(WRITE_S, lambda: self.write(engine, batch))
        for peer, messages in engine.drain().items():
            payload = encode(messages)
            for _ in range(2 if self.rng.random() < self.double else 1):
                if self.rng.random() >= self.loss:
                    self.at(self.rng.uniform(*self.delay_s), self.delivery(engine.me, peer, payload))

    def write(self, engine: Engine, batch: Batch) -> None:
        key = engine.me.key
        if self.disks is None or key in self.down or self.engines.get(key) is not engine:
            return
        if self.disks[key].full:
            self.at(WRITE_S, lambda: self.write(engine, batch))
            return
        self.disks[key].write(batch)
        self.turn(key, lambda: engine.journal.written(batch.number))

    def delivery(self, sender: Incarnation, key: str, payload: bytes) -> Callable[[], None]:
        def deliver() -> None:
            if key in self.engines and key not in self.down:
                self.turn(key, lambda: self.engines[key].receive(sender, payload))

        return deliver

    def forget(self, key: str) -> None:
        """The node's lease has run out everywhere."""
        for other in self.engines.values():
            if other.me.key not in self.down:
                other.forget(key, self.engines[key].me.number)

    def kill(self, key: str) -> None:
        self.down.add(key)
        self.carrying_on.discard(key)
        incarnation = self.engines[key].me.number
        for other in self.engines.values():
            if other.me.key not in self.down:
                self.turn(other.me.key, lambda o=other: o.lost(key, incarnation, "refused"))

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self.events and self.events[0][0] <= end:
            self.now, _, job = heapq.heappop(self.events)
            job()
        self.now = end

    def submit(self, key: str, group: GroupId, command: Any, token: object = None) -> None:
        self.turn(key, lambda: self.engines[key].submit(group, command, token))

    def join(self, key: str, group: GroupId) -> None:
        self.submit(key, group, ["join", *self.engines[key].me])

    def part(self, key: str, group: GroupId) -> None:
        self.submit(key, group, ["part", *self.engines[key].me])

    def masters(self, group: GroupId) -> list[str]:
        return [
            k
            for k, e in self.engines.items()
            if k not in self.down and group in e.replicas.masters and e.replicas.masters[group].serving
        ]


__all__ = ["FAILED", "ToyNet", "ToyState"]
