"""Play one role alone, as a dialogue:

    play(MasterStage(backups=(B,))) >> submit(ANN, 1) << append(B, 1) >> ack(B, held=1) << publish(B, 1) << nothing

`>>` is input of the node, `<<` the next message sent by the node in that turn, or the next request of the role to its
node. A play names all of these, in order, before the next input; `<< nothing` says that nothing is left. A role that
asks its port for something not on the stage (stages.py) fails the test: so a play also shows the role's work without
other roles.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ring.ids import NO_TERM, Incarnation, Term
from ring.wire.group import Answer, Question, Submit
from ring.wire.log import Command, Entry, Snapshot, raw
from ring.wire.messages import Message
from ring.wire.node import Reply
from ring.wire.replication import (
    Ack,
    Append,
    Continue,
    Fetch,
    Fetched,
    Held,
    Install,
    Installed,
    Prepare,
    Promise,
    Publish,
    Replace,
    Resync,
    StaleTerm,
)
from tests.ring.ports import ME, ROOM, B, record

ANN = Incarnation("127.0.0.9", 1)
"""An edge without members in the group."""

Told = tuple[str, str, Any]
"""(kind of the message, ring key of the receiver, fields of interest)"""

nothing: Told = ("nothing", "", None)


def brief(key: str, message: Message) -> Told:
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
        case Prepare():
            return "prepare", key, [term.number for _, term in message.groups]
        case Promise():
            return "promise", key, [(held.role, held.promised.number) for held in message.held]
        case Fetch():
            return "fetch", key, None
        case Fetched():
            return "fetched", key, message.snapshot.seq if message.snapshot is not None else None
        case Reply():
            return "reply", key, message.id
        case Install():
            return "install", key, (message.term.number, message.snapshot.seq)
        case Installed():
            return "installed", key, (message.term.number, message.seq)
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


def play(stage: Any) -> Play:
    return Play(stage)


# What comes -----------------------------------------------------------------------------------------------------------


def submit(origin: Incarnation, number: int, text: str = "hello", floor: int = 0) -> Callable[[Any], None]:
    return lambda stage: stage.come(origin, Submit(ROOM, number, floor, raw(["say", text])))


def ack(node: Incarnation, seq: int = 0, *, held: int = -1, term: int = 1) -> Callable[[Any], None]:
    position = (ROOM, tuple(Term(term, *ME)), seq, held)
    return lambda stage: stage.come(node, Ack([position]))  # type: ignore[list-item]


def resync(node: Incarnation, seq: int, *, term: int = 1) -> Callable[[Any], None]:
    return lambda stage: stage.come(node, Resync(ROOM, ((Term(term, *ME), 1),), seq))


def entries(master: Incarnation, *seqs: int, term: int = 1, head: int = 0) -> Callable[[Any], None]:
    """A master publishes these positions; without any, a probe."""
    told = [raw(Entry(seq, 1000 + seq, ANN, seq, 0, ["ok"], ["say", str(seq)])) for seq in seqs]
    message = Publish(ROOM, Term(term, *master), head or max(seqs, default=0), told)  # type: ignore[arg-type]
    return lambda stage: stage.come(master, message)


def commands(master: Incarnation, *seqs: int, term: int = 1) -> Callable[[Any], None]:
    """A master has a backup hold these positions."""
    told = [raw(Command(seq, 1000 + seq, ANN, seq, 0, ["say", str(seq)])) for seq in seqs]
    return lambda stage: stage.come(master, Append(ROOM, Term(term, *master), told))  # type: ignore[arg-type]


def after(seconds: float) -> Callable[[Any], None]:
    """Time passes, and the role's timers run."""

    def pass_time(stage: Any) -> None:
        stage.now += seconds
        stage.tick()

    return pass_time


def dies(node: Incarnation) -> Callable[[Any], None]:
    """The node is found dead."""

    def find_dead(stage: Any) -> None:
        stage.peers.died(node.key, stage.now)
        stage.peers_changed()

    return find_dead


def comes(node: Incarnation) -> Callable[[Any], None]:
    """The node joins the network, or is heard again."""

    def find(stage: Any) -> None:
        if not stage.peers.heard(node.key, stage.now):
            stage.peers.learn([record(int(node.key.rsplit(".")[-1]), node.number)], stage.now)
        stage.peers_changed()

    return find


def recover(*, curious: bool = False) -> Callable[[Any], None]:
    """The node begins to look for the room's holder. curious: only because of a question."""
    return lambda stage: stage.recoveries.begin(ROOM, curious=curious)


def asks(asker: Incarnation, number: int) -> Callable[[Any], None]:
    return lambda stage: stage.come(asker, Question(ROOM, number, raw("how many?")))


def has(
    node: Incarnation, seq: int, *, term: int = 1, promised: int = 0, to: Incarnation = ME, role: str = "copy"
) -> Callable[[Any], None]:
    """A node replies: it has the room up to this position of this term of B, and has promised a term of `to`."""
    promise = Term(promised, *to) if promised else NO_TERM
    held = Held(ROOM, role, ((Term(term, *B), 1),), seq, promised=promise)
    return lambda stage: stage.come(node, Promise([held]))


def has_none(node: Incarnation, role: str = "") -> Callable[[Any], None]:
    return lambda stage: stage.come(node, Promise([Held(ROOM, role, (), 0)]))


def prepares(node: Incarnation, term: int) -> Callable[[Any], None]:
    """Another node recovers the room, and asks for a promise to this term of that node; 0: only asks."""
    return lambda stage: stage.come(node, Prepare([(ROOM, Term(term, *node) if term else NO_TERM)]))


def fetches(node: Incarnation) -> Callable[[Any], None]:
    return lambda stage: stage.come(node, Fetch(ROOM))


def fetched(node: Incarnation, seq: int | None, *, term: int = 1) -> Callable[[Any], None]:
    """A node sends its replica; None: the node has no replica any more."""
    return lambda stage: stage.come(node, Fetched(ROOM, _snapshot(seq, term) if seq is not None else None))


def installs(old: Incarnation, seq: int, *, term: int = 2, to: Incarnation = ME, of: int = 1) -> Callable[[Any], None]:
    """The master of the term `of` hands the room over, for the receiver to serve under `term`."""
    snapshot = _snapshot(seq, of, old)
    return lambda stage: stage.come(old, Install(ROOM, Term(term, *to), snapshot))


def installed(node: Incarnation, seq: int, *, term: int = 2) -> Callable[[Any], None]:
    """The new master has the replica up to this position, under this term of that node."""
    return lambda stage: stage.come(node, Installed(ROOM, Term(term, *node), seq))


def _snapshot(seq: int, term: int, master: Incarnation = B) -> Snapshot:
    return Snapshot(((Term(term, *master), 1),), seq, 1000, raw([[], [str(n) for n in range(seq)]]), (), [])


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


def prepare(node: Incarnation, term: int) -> Told:
    """The term that the node is asked to promise; 0: the node is only asked."""
    return "prepare", node.key, [term]


def promise(node: Incarnation, role: str, term: int) -> Told:
    return "promise", node.key, [(role, term)]


def fetch(node: Incarnation) -> Told:
    return "fetch", node.key, None


def sent_whole(node: Incarnation, seq: int | None) -> Told:
    return "fetched", node.key, seq


def install(node: Incarnation, term: int, seq: int) -> Told:
    return "install", node.key, (term, seq)


def has_installed(node: Incarnation, term: int, seq: int) -> Told:
    return "installed", node.key, (term, seq)


def replied(node: Incarnation, number: int) -> Told:
    return "reply", node.key, number


# What the role asks of its node ---------------------------------------------------------------------------------------


def serve(term: int, seq: int) -> Told:
    """This node masters the room from this position on."""
    return "serve", "", (term, seq)


def follow(seq: int) -> Told:
    """This node follows the fetched replica, soon to be served here."""
    return "follow", "", seq


def read(seq: int) -> Told:
    """This node keeps the fetched replica for reading."""
    return "read", "", seq


def take_in(seq: int) -> Told:
    """The other log, up to this position, is merged."""
    return "take in", "", seq


def send_on(node: Incarnation) -> Told:
    """Messages for the room's master go on to that node."""
    return "send on", "", node.key


def bounced(sender: Incarnation, master: Incarnation) -> Told:
    """The sender is told that the room is at that master."""
    return "bounce", sender.key, master.key


def again(sender: Incarnation, message: str) -> Told:
    """A parked message is handled anew."""
    return "again", sender.key, message


def retire(to: Incarnation, seq: int) -> Told:
    """This node masters the room no more."""
    return "retire", to.key, seq
