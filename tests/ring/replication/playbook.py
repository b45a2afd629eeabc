"""Play one role alone, as a dialogue:

    play(MasterStage(backups=(B,))) >> submit(ANN, 1) << append(B, 1) >> ack(B, held=1) << publish(B, 1) << nothing

`>>` is what comes to the node, `<<` the next message that the node sends in that turn. A play names every message, in
order, before the next thing comes; `<< nothing` says that no message is left. A role that asks its port for something
that the stage does not offer fails the test: so a play also shows what the role does without other roles.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from ring.history.query import HistoryQueries
from ring.ids import Incarnation, Term
from ring.replication.acks import Acks
from ring.replication.barrier import Barriers
from ring.replication.fanout import Fanout
from ring.replication.followed import FollowedReplicas
from ring.replication.follower import Followers
from ring.replication.handoff import Handoffs
from ring.replication.master import Masters
from ring.replication.merge import Merges
from ring.replication.mistakes import Mistakes
from ring.replication.owed import OwedForks
from ring.replication.people import People
from ring.replication.port import Port
from ring.replication.progress import Master
from ring.replication.replica import Replica
from ring.replication.replicas import Follower
from ring.replication.returning import CatchUp
from ring.replication.role_port import RolePort
from ring.replication.safety import Safety
from ring.storage.journal import Journal
from ring.watch import Watches
from ring.wire.codec import decode, encode
from ring.wire.group import Answer, Submit
from ring.wire.log import Command, Entry, raw
from ring.wire.messages import Message
from ring.wire.replication import Ack, Append, Continue, Publish, Replace, Resync, StaleTerm
from tests.ring.ports import ME, ROOM, NotedPort, unexpected

ANN = Incarnation("127.0.0.9", 1)
"""An edge without members in the group."""

Told = tuple[str, str, Any]
"""(kind of the message, ring key of the receiver, what counts of the message)"""

nothing: Told = ("nothing", "", None)

_Bare = type(
    "_Bare", (NotedPort, RolePort), dict.fromkeys(RolePort.__abstractmethods__ - Port.__abstractmethods__, unexpected)
)


class Stage(_Bare):  # type: ignore[misc, valid-type]
    """A node with one role in one group. completed: numbers of this edge's commands that were completed."""

    def __init__(self) -> None:
        super().__init__()
        self.rng = Random(1)
        self.mastering = lambda group: None
        self.out: dict[str, list[Message]] = {}
        self.completed: list[int] = []
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

    def resend(self, group: Any) -> None: ...

    def come(self, sender: Incarnation, message: Message) -> None:
        """A message comes over the link, encoded and decoded as a link does."""
        [message] = decode(encode([message]))
        self.handle(sender, message)

    def handle(self, sender: Incarnation, message: Message) -> None:
        raise NotImplementedError

    def told(self) -> list[Told]:
        """What the turn sends."""
        out, self.out = self.out, {}
        return [_brief(key, message) for key, messages in out.items() for message in messages]


class MasterStage(Stage):
    """The node masters the room, in which nodes may hold replicas and members may sit on nodes."""

    def __init__(self, *, backups: tuple[Incarnation, ...] = (), followers: tuple[Incarnation, ...] = ()) -> None:
        super().__init__()
        fanout, handoffs, merges = Fanout(self, self.barriers), Handoffs(self, self.journal), Merges(self)
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

    def handle(self, sender: Incarnation, message: Message) -> None:
        by_type: dict[type, Callable[[Incarnation, Any], None]] = {
            Submit: self.masters.on_submit,
            Ack: self.masters.on_ack,
            Resync: self.masters.on_resync,
        }
        by_type[type(message)](sender, message)


class FollowerStage(Stage):
    """The node follows the room; a member sits here."""

    def __init__(self, master: Incarnation, *said: str) -> None:
        super().__init__()
        acks = Acks(self, self.journal)
        followed = FollowedReplicas(self, self.people, self.journal, acks, self.catch_up)
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

    @property
    def heard(self) -> list[str]:
        return self.app.heard.get(ROOM, [])


def _brief(key: str, message: Message) -> Told:
    match message:
        case Append():
            return "append", key, [command.seq for command in message.commands]
        case Publish() if not message.entries:
            return "probe", key, message.head
        case Publish():
            return "publish", key, [entry.seq for entry in message.entries]
        case Continue():
            return "continue", key, [entry.seq for entry in message.entries]
        case Replace():
            return "replace", key, message.snapshot.seq
        case Answer():
            return "answer", key, message.number
        case Resync():
            return "resync", key, message.seq
        case Ack():
            return "ack", key, [(seq, held) for _, _, seq, held in message.positions]
        case StaleTerm():
            return "stale", key, message.term.number
    return type(message).__name__, key, message


class Play:
    """See the head of the file."""

    def __init__(self, stage: Any) -> None:
        self.stage = stage
        self.left: list[Told] = []

    def __rshift__(self, step: Callable[[Any], None]) -> Play:
        assert not self.left, f"sent and not named: {self.left}"
        step(self.stage)
        self.left = self.stage.told()
        return self

    def __lshift__(self, expected: Told) -> Play:
        if expected == nothing:
            assert not self.left, f"sent and not named: {self.left}"
        else:
            assert self.left and self.left.pop(0) == expected, f"{expected} was expected, before {self.left}"
        return self


def play(stage: Stage) -> Play:
    return Play(stage)


# What comes -----------------------------------------------------------------------------------------------------------


def submit(origin: Incarnation, number: int, text: str = "hello", floor: int = 0) -> Callable[[Stage], None]:
    return lambda stage: stage.come(origin, Submit(ROOM, number, floor, raw(["say", text])))


def ack(node: Incarnation, seq: int = 0, *, held: int = -1, term: int = 1) -> Callable[[Stage], None]:
    position = (ROOM, tuple(Term(term, *ME)), seq, held)
    return lambda stage: stage.come(node, Ack([position]))  # type: ignore[list-item]


def resync(node: Incarnation, seq: int, *, term: int = 1) -> Callable[[Stage], None]:
    return lambda stage: stage.come(node, Resync(ROOM, ((Term(term, *ME), 1),), seq))


def entries(master: Incarnation, *seqs: int, term: int = 1, head: int = 0) -> Callable[[Stage], None]:
    """A master publishes these positions; without any, a probe."""
    told = [raw(Entry(seq, 1000 + seq, ANN, seq, 0, ["ok"], ["say", str(seq)])) for seq in seqs]
    message = Publish(ROOM, Term(term, *master), head or max(seqs, default=0), told)  # type: ignore[arg-type]
    return lambda stage: stage.come(master, message)


def commands(master: Incarnation, *seqs: int, term: int = 1) -> Callable[[Stage], None]:
    """A master has a backup hold these positions."""
    told = [raw(Command(seq, 1000 + seq, ANN, seq, 0, ["say", str(seq)])) for seq in seqs]
    return lambda stage: stage.come(master, Append(ROOM, Term(term, *master), told))  # type: ignore[arg-type]


def after(seconds: float) -> Callable[[Any], None]:
    """Time passes, and the master looks who lags."""

    def pass_time(stage: Any) -> None:
        stage.now += seconds
        stage.fanout.tick()

    return pass_time


# What is sent ---------------------------------------------------------------------------------------------------------


def append(node: Incarnation, *seqs: int) -> Told:
    return "append", node.key, [*seqs]


def publish(node: Incarnation, *seqs: int) -> Told:
    return "publish", node.key, [*seqs]


def probe(node: Incarnation, head: int) -> Told:
    return "probe", node.key, head


def answer(node: Incarnation, number: int) -> Told:
    return "answer", node.key, number


def continued(node: Incarnation, *seqs: int) -> Told:
    return "continue", node.key, [*seqs]


def replaced(node: Incarnation, seq: int) -> Told:
    return "replace", node.key, seq


def asked(node: Incarnation, seq: int) -> Told:
    return "resync", node.key, seq


def acked(node: Incarnation, seq: int, held: int) -> Told:
    return "ack", node.key, [(seq, held)]


def stale(node: Incarnation, term: int) -> Told:
    return "stale", node.key, term
