"""A node as one part sees the node: the part's port, with a record of the part's messages and notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from config.common import Ring
from ring.features import LEVEL
from ring.ids import GroupId, Incarnation, Term
from ring.membership.peers import Peers
from ring.replication.port import Port
from ring.replication.progress import Master
from ring.replication.replica import Replica
from ring.replication.replicas import Follower, Replicas
from ring.replication.state_machine import State
from ring.roster import NodeRecord
from ring.storage.store import no_store
from ring.submit import SubmitQueues
from ring.wire.messages import Message
from tests.ring.toy import ToyHost, ToyKind, ToyState
from tests.settings import ring_settings

ROOM = GroupId("channel", "#room")


def record(number: int, incarnation: int = 1) -> NodeRecord:
    ip = f"127.0.0.{number}"
    return NodeRecord(ip, incarnation, f"n{number}.test", ip, 7600, "", "1", 0, level=LEVEL)


ME, B, C = (record(number).id for number in (1, 2, 3))


def unexpected(*_: Any, **__: Any) -> Any:
    raise AssertionError("the part does what the test does not expect of it")


class NotedPort(type("_Silent", (Port,), dict.fromkeys(Port.__abstractmethods__, unexpected))):  # type: ignore[misc]
    """A node with two known peers and no group. A call of the part that a test does not expect fails the test."""

    def __init__(self) -> None:
        self.me = ME
        self.now = 1000.0
        self.settings = ring_settings()
        self.peers = Peers(record(1), Ring())
        self.peers.level = LEVEL
        self.peers.learn([record(2), record(3)], self.now)
        self.kinds = {"channel": ToyKind()}
        self.replicas = Replicas()
        self.app = ToyHost()
        self.submits = SubmitQueues()
        self.read_store = no_store
        self.work_store = no_store
        self.counters = Counter[str]()
        self.has_met = True
        self.masters_of: dict[GroupId, str] = {}  # group -> ring key
        self.sent: list[tuple[str, Message]] = []
        self.notes: list[tuple[str, GroupId | None, dict[str, Any]]] = []
        self.bugs: list[tuple[str, GroupId | None, BaseException]] = []
        self.sought: list[tuple[GroupId, bool]] = []
        self.parked: list[tuple[GroupId, Incarnation, Message]] = []
        self.held_back: list[tuple[GroupId, Incarnation, Message]] = []
        self.stopped: list[tuple[str, GroupId]] = []

    def master(self, group: GroupId = ROOM, *said: str) -> Master:
        """Master a group with these messages."""
        made = Master(self._replica(group, said))
        self.replicas.lead(made)
        self.masters_of[group] = ME.key
        return made

    def follow(self, master: Incarnation, group: GroupId = ROOM, *said: str) -> Follower:
        """Follow a group with another node as master."""
        made = self.replicas.followers[group] = Follower(self._replica(group, said, master), master.key)
        self.masters_of[group] = master.key
        return made

    def _replica(self, group: GroupId, said: tuple[str, ...], master: Incarnation = ME) -> Replica:
        return Replica(group, ToyKind(), ToyState(said=[*said]), ((Term(1, *master), 1),), len(said), 1)

    def taken(self) -> list[tuple[str, Message]]:
        """Return the messages since the last call."""
        sent, self.sent = self.sent, []
        return sent

    # The port's methods ---------------------------------------------------------------------------------------------

    def send(self, key: str, message: Message) -> None:
        self.sent.append((key, message))

    def answer(self, asker: Incarnation, message: Message) -> None:
        self.sent.append((asker.key, message))

    def run(self, job: Callable[[], None]) -> None:
        job()

    def note(self, event: str, group: GroupId | None = None, **facts: Any) -> None:
        self.notes.append((event, group, facts))

    def note_bug(
        self, where: str, problem: BaseException, group: GroupId | None = None, event: str = "bug", **facts: Any
    ) -> None:
        self.bugs.append((where, group, problem))

    def state(self, group: GroupId) -> State | None:
        shown = self.replicas.shown(group)
        return shown.state if shown is not None else None

    def target(self, group: GroupId) -> str:
        return self.masters_of.get(group, ME.key)

    def find(self, group: GroupId, *, curious: bool = False) -> None:
        self.sought.append((group, curious))

    def readable(self, group: GroupId) -> Replica | None:
        return None

    def park(self, group: GroupId, sender: Incarnation, message: Message) -> None:
        self.parked.append((group, sender, message))

    def wait_for_handoff(self, m: Master, sender: Incarnation, message: Message) -> None:
        self.held_back.append((m.replica.group, sender, message))

    def say_stopped(self, key: str, group: GroupId) -> None:
        self.stopped.append((key, group))

    def stop_unread(self, group: GroupId, sender: Incarnation) -> None:
        self.stopped.append((sender.key, group))
