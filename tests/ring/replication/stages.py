"""The stages of plays: a node with one role in one group, and nothing else (playbook.py says how to read a play)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from ring.history.query import HistoryQueries
from ring.ids import GroupId, Incarnation, Term
from ring.replication.absent import AbsentGroups
from ring.replication.acks import Acks
from ring.replication.barrier import Barriers
from ring.replication.fanout import Fanout
from ring.replication.followed import FollowedReplicas
from ring.replication.follower import Followers
from ring.replication.handoff import Handoffs
from ring.replication.incoming import IncomingHandoffs
from ring.replication.master import Masters
from ring.replication.merge import Merges
from ring.replication.mistakes import Mistakes
from ring.replication.owed import OwedForks
from ring.replication.people import People
from ring.replication.port import Port
from ring.replication.progress import Master
from ring.replication.promises import Promises
from ring.replication.recovery import Recoveries
from ring.replication.replica import Replica
from ring.replication.replicas import Follower, Recovery
from ring.replication.returning import CatchUp
from ring.replication.role_port import RolePort
from ring.replication.safety import Safety
from ring.replication.silent import SilentNodes
from ring.rpc import Rpc
from ring.storage.journal import Journal
from ring.watch import Watches
from ring.wire.codec import decode, encode
from ring.wire.group import Question, Submit
from ring.wire.messages import Message
from ring.wire.replication import (
    Ack,
    Append,
    Continue,
    Fetch,
    Fetched,
    Install,
    Installed,
    Prepare,
    Promise,
    Publish,
    Resync,
)
from tests.ring.ports import ME, ROOM, B, NotedPort, unexpected
from tests.ring.replication.playbook import Told, brief
from tests.ring.toy import ToyKind

_Bare = type(
    "_Bare", (NotedPort, RolePort), dict.fromkeys(RolePort.__abstractmethods__ - Port.__abstractmethods__, unexpected)
)


class Stage(_Bare):  # type: ignore[misc, valid-type]
    """A node with one role in one group.

    completed: numbers of this edge's completed commands. asked_of_node: the role's requests to the node in this turn,
    beside messages.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rng = Random(1)
        self.mastering = lambda group: None
        self.out: dict[str, list[Message]] = {}
        self.completed: list[int] = []
        self.asked_of_node: list[Told] = []
        self.journal = Journal(self)
        self.people = People(self)
        self.barriers = Barriers(self)
        self.catch_up = CatchUp(self)

    def send(self, key: str, message: Message) -> None:
        self.outgoing(key).append(message)

    def outgoing(self, key: str) -> list[Message]:
        return self.out.setdefault(key, [])

    def held_to(self, replica: Replica) -> int:
        return replica.seq

    def complete(self, group: Any, number: int, outcome: Any, event_id: Any) -> None:
        self.completed.append(number)

    def resend(self, group: GroupId) -> None: ...

    def in_slices(self, job: Iterator[None]) -> None:
        for _ in job:
            pass

    def answer(self, asker: Incarnation, message: Message) -> None:
        self.send(asker.key, message)

    def bounce(self, key: str, group: GroupId, master: str) -> None:
        self.asked_of_node.append(("bounce", key, master))

    def receive_again(self, sender: Incarnation, message: Message) -> None:
        self.asked_of_node.append(("again", sender.key, type(message).__name__))

    def come(self, sender: Incarnation, message: Message) -> None:
        """A message comes over the link, encoded and decoded as a link does."""
        [message] = decode(encode([message]))
        self.handle(sender, message)

    def handle(self, sender: Incarnation, message: Message) -> None:
        raise NotImplementedError

    def told(self) -> list[Told]:
        """The messages of the turn, and the role's requests to the node."""
        out, self.out = self.out, {}
        asked, self.asked_of_node = self.asked_of_node, []
        return [*(brief(key, message) for key, messages in out.items() for message in messages), *asked]


class MasterStage(Stage):
    """The node masters the room, in which nodes may hold replicas and members may sit on nodes."""

    def __init__(self, *, backups: tuple[Incarnation, ...] = (), followers: tuple[Incarnation, ...] = ()) -> None:
        super().__init__()
        fanout, merges = Fanout(self, self.barriers), Merges(self)
        self.handoffs = handoffs = Handoffs(self, self.journal)
        history = HistoryQueries(self, self.journal)
        watches = Watches(self, self.barriers)
        self.fanout = fanout
        self.masters = Masters(
            self, self.people, self.journal, watches, history, self.catch_up, Mistakes(self),
            Safety(self, self.journal), fanout, handoffs, merges,
        )  # fmt: skip
        self.m: Master = self.master(ROOM)
        self.m.replica.members = (ME.key, *(backup.key for backup in backups))
        for node in dict.fromkeys((*backups, *followers)):
            progress = self.m.followers[node.key] = fanout.progress(node, 0, confirmed=True)
            progress.held, progress.is_backup, progress.sits = 0, node in backups, node in followers
            self.m.backups += [progress] if progress.is_backup else []

    def tick(self) -> None:
        self.fanout.tick()
        self.handoffs.tick()

    def peers_changed(self) -> None:
        self.handoffs.peers_changed()

    def append(self, m: Master, command: Any) -> None:
        self.masters.append(m, command)

    def target(self, group: GroupId) -> str:
        return self.m.handoff.to.key if self.m.handoff is not None and self.m.is_handed else super().target(group)

    def wait_for_handoff(self, m: Master, sender: Incarnation, message: Any) -> None:
        self.handoffs.frozen(m, sender, message)

    def retire(self, m: Master, to: Incarnation) -> None:
        self.asked_of_node.append(("retire", to.key, m.replica.seq))

    def handle(self, sender: Incarnation, message: Message) -> None:
        by_type: dict[type, Callable[[Incarnation, Any], None]] = {
            Submit: self.masters.on_submit,
            Ack: self.masters.on_ack,
            Resync: self.masters.on_resync,
            Installed: self.handoffs.on_installed,
        }
        by_type[type(message)](sender, message)


class FollowerStage(Stage):
    """The node follows the room; a member sits here."""

    def __init__(self, master: Incarnation, *said: str) -> None:
        super().__init__()
        acks = Acks(self, self.journal)
        self.followed = followed = FollowedReplicas(self, self.people, self.journal, acks, self.catch_up)
        self.acks = acks
        self.followers = Followers(self, self.people, OwedForks(self), acks, self.catch_up, followed)
        self.f: Follower = self.follow(master, ROOM, *said)
        self.f.replica.state.subscribers[ME] = 1

    def handle(self, sender: Incarnation, message: Message) -> None:
        match message:
            case Publish():
                self.followers.publish(self.f, sender, message)
            case Append():
                self.followers.append(self.f, sender, message)
            case Continue():
                self.followers.on_continue(sender, message)

    def told(self) -> list[Told]:
        self.acks.send()
        return super().told()

    def unpark_answers(self, group: GroupId, seq: int) -> None: ...

    @property
    def heard(self) -> list[str]:
        return self.app.heard.get(ROOM, [])


class RecoveryStage(Stage):
    """The node may have to serve the room. said: the lines in the replica here. held: there is a replica here.

    confirmed: commands of the room are confirmed on disks (P35).
    """

    def __init__(self, *said: str, held: bool = True, confirmed: bool = False) -> None:
        super().__init__()
        self.journal.on = confirmed
        self.kinds = {"channel": ToyKind("confirmed" if confirmed else "no")}
        self.rpc = Rpc(self)
        silent = SilentNodes(self, self.journal)
        self.promises = Promises(self)
        self.recoveries = Recoveries(self, self.rpc, OwedForks(self), silent, AbsentGroups(self))
        if held:
            self.follow(B, ROOM, *said)

    @property
    def recovery(self) -> Recovery:
        return self.replicas.recoveries[ROOM]

    def tick(self) -> None:
        self.recoveries.tick()

    def peers_changed(self) -> None:
        self.recoveries.peers_changed()

    def told(self) -> list[Told]:
        self.recoveries.send_prepares()
        return super().told()

    def handle(self, sender: Incarnation, message: Message) -> None:
        match message:
            case Prepare():
                self.promises.on_prepare(sender, message)
            case Promise():
                self.recoveries.on_promise(sender, message)
            case Fetch():
                self.promises.on_fetch(sender, message)
            case Fetched():
                self.recoveries.on_fetched(sender, message)
            case Question() | Submit():
                self.recovery.parked.append((sender, message))

    def serve(self, replica: Replica, term: Term) -> None:
        """Master the room, as `Roles.serve` does."""
        self.asked_of_node.append(("serve", "", (term.number, replica.seq)))
        del self.replicas.recoveries[ROOM]
        replica.begin_term(term)
        self.replicas.lead(Master(replica))

    def install(self, replica: Replica) -> None:
        self.asked_of_node.append(("follow", "", replica.seq))

    def take_in(self, m: Master, theirs: Replica) -> None:
        self.asked_of_node.append(("take in", "", theirs.seq))

    def holds_back(self, group: GroupId, master: str, sender: Incarnation, message: Message) -> bool:
        return isinstance(message, Submit)  # the log here has lines that the other master may lack

    def send_on(self, group: GroupId, master: str) -> None:
        self.asked_of_node.append(("send on", "", master))

    def loaded(self, replica: Replica) -> None:
        self.asked_of_node.append(("read", "", replica.seq))


class IncomingStage(Stage):
    """The node owns the room, and another node masters the room."""

    def __init__(self) -> None:
        super().__init__()
        self.incoming = IncomingHandoffs(self)

    def handle(self, sender: Incarnation, message: Message) -> None:
        match message:
            case Install():
                self.incoming.install(sender, message)
            case Submit():
                self.incoming.park(ROOM, sender, message)

    def tick(self) -> None:
        self.incoming.tick()

    def peers_changed(self) -> None:
        self.incoming.peers_changed()

    def find(self, group: GroupId, *, curious: bool = False) -> Recovery:
        recovery = self.replicas.recoveries[group] = Recovery((), self.now, self.now)
        return recovery
