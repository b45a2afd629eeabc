"""Define the messages of nodes about groups: one list of these messages per link and tick (P41).

Questions, answers and the contents of a log belong to the group's kind. Here they stay encoded (`Raw`); the kind reads
them. No rule relies on a message arriving: a timer repeats every message, or asks for the message again.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from ring.ids import NO_TERM, GroupId, Incarnation, Term
from ring.roster import NodeRecord
from ring.storage.store import Line, Range
from ring.wire.history import Query
from ring.wire.log import Lineage, RawCommand, RawEntry, Snapshot


class _Message(msgspec.Struct, frozen=True, array_like=True):
    group: GroupId


# Submit and answer ----------------------------------------------------------------------------------------------------


class Submit(_Message, frozen=True, tag=1):
    """Edge to master: submit command `number` of this origin. floor: the origin's lowest unanswered number (P6)."""

    number: int
    floor: int
    command: msgspec.Raw


class Answer(_Message, frozen=True, tag=2):
    """Master to edge: answer a command. The answer has position (term, seq) and time `at`.

    follows: the edge follows the group, and so shows the answer once the edge has applied `seq` (P11).
    """

    number: int
    term: Term
    seq: int
    at: int
    follows: bool
    outcome: msgspec.Raw


class NotOwner(_Message, frozen=True, tag=3):
    """Say that the sender is not the group's owner: the master in the sender's view, and the records behind the
    view."""

    master: str
    records: tuple[NodeRecord, ...]


# Barriers -------------------------------------------------------------------------------------------------------------


class Barrier(_Message, frozen=True, tag=9):
    """Edge to master: ask for a word once command `number` and all before are settled. floor: the lowest unanswered
    number."""

    number: int
    floor: int


class Settled(_Message, frozen=True, tag=10):
    """Master to edge: the command `number`, and all before, are settled."""

    number: int


# Follow ---------------------------------------------------------------------------------------------------------------


class Publish(_Message, frozen=True, tag=4):
    """Master to follower: publish entries in order. Without entries: the log's head, to be acknowledged."""

    term: Term
    head: int
    entries: list[RawEntry]


class Resync(_Message, frozen=True, tag=5):
    """Follower to master: ask for the entries after this log. An empty lineage: the follower has nothing."""

    lineage: Lineage
    seq: int


class Continue(_Message, frozen=True, tag=6):
    """Master to follower: go on with these entries. The follower's log is a prefix of the master's log of this
    lineage."""

    lineage: Lineage
    head: int
    entries: list[RawEntry]


class Replace(_Message, frozen=True, tag=7):
    """Master to follower: replace the copy by a snapshot. shown: the follower had everything up to this seq.

    backs: the follower holds the group from now on, with or without members there, and acknowledges appended commands.
    """

    snapshot: Snapshot
    shown: int
    backs: bool = False


class Ack(msgspec.Struct, frozen=True, array_like=True, tag=8):
    """Follower to master, over all groups: (group, term, applied up to (P33), commands held up to (P12))."""

    positions: list[tuple[GroupId, Term, int, int]]


# Backups --------------------------------------------------------------------------------------------------------------


class Append(_Message, frozen=True, tag=23):
    """Master to holder: append accepted commands. They are published once all holders have them (P12)."""

    term: Term
    commands: list[RawCommand]


class StaleTerm(_Message, frozen=True, tag=24):
    """Tell a master of a lower term that the sender has promised this term (P21)."""

    term: Term


class Stopped(_Message, frozen=True, tag=50):
    """Say that a mistake of the program has stopped the group on this node: the master does without the node (level
    1)."""

    SINCE: ClassVar = 1


# Takeover -------------------------------------------------------------------------------------------------------------


class Prepare(msgspec.Struct, frozen=True, array_like=True, tag=16):
    """Ask for the receiver's copies of groups that the sender may have to serve (P14, P23).

    A term asks for a promise, too: an answering node refuses every lower term from now on (P21).
    """

    groups: list[tuple[GroupId, Term]]


class Held(msgspec.Struct, frozen=True, array_like=True):
    """Describe the sender's part in a group. role: "" nothing, "copy", "master", or "asking": the sender is finding the
    group.

    seq: of the last position held, decided or not. promised: the highest term promised to any node. cold: the copy
    comes from the node's disk and may be old (P36). members: the holders of the group, as far as the copy knows;
    coming: the holders to be.
    """

    group: GroupId
    role: str
    lineage: Lineage
    seq: int
    epoch: int = 0
    promised: Term = NO_TERM
    cold: bool = False
    members: tuple[str, ...] = ()
    coming: tuple[str, ...] = ()


class Promise(msgspec.Struct, frozen=True, array_like=True, tag=17):
    """Answer a Prepare. The sender refuses terms lower than the terms asked for (P21)."""

    held: list[Held]


class Fetch(_Message, frozen=True, tag=18):
    """Ask for the receiver's whole copy."""


class Fetched(_Message, frozen=True, tag=19):
    """Answer a Fetch. None: the sender has no copy."""

    snapshot: Snapshot | None


# Hand-off -------------------------------------------------------------------------------------------------------------


class Install(_Message, frozen=True, tag=20):
    """Hand over the group (P24): the receiver holds the snapshot, and serves under `term` once the old term's last
    entry says so."""

    term: Term
    snapshot: Snapshot


class Installed(_Message, frozen=True, tag=21):
    """New master to old master: the snapshot up to seq is installed (P24)."""

    term: Term
    seq: int


# Merge ----------------------------------------------------------------------------------------------------------------


class MergeOffer(_Message, frozen=True, tag=28):
    """Master to a master of a higher term: merge the sender's log, as the sender does not serve any more (P22)."""

    snapshot: Snapshot


class MergeDone(_Message, frozen=True, tag=29):
    """Say that the offered log is merged and committed: the receiver follows."""

    term: Term
    theirs: Term  # of the offered copy


# Watches --------------------------------------------------------------------------------------------------------------


class Watch(_Message, frozen=True, tag=11):
    """Ask for the group's view for the next minute, as soft state (P15). on=False: no longer."""

    on: bool


class View(_Message, frozen=True, tag=12):
    """Master to watcher: show a view. (term, seq) orders the views; data belongs to the kind."""

    term: Term
    seq: int
    data: msgspec.Raw


class Seen(_Message, frozen=True, tag=42):
    """Watcher to master: the view of this position has been shown."""

    SINCE: ClassVar = 1

    term: Term
    seq: int


# Questions ------------------------------------------------------------------------------------------------------------


class Question(_Message, frozen=True, tag=13):
    """Ask a group's master, from a node that does not follow the group."""

    id: int
    question: msgspec.Raw


class Ask(msgspec.Struct, frozen=True, array_like=True, tag=14):
    """Ask one node; the node's application answers."""

    id: int
    body: msgspec.Raw


class Reply(msgspec.Struct, frozen=True, array_like=True, tag=15):
    """Answer a Question or an Ask."""

    id: int
    body: msgspec.Raw


# Nodes, and who hears them --------------------------------------------------------------------------------------------


class Records(msgspec.Struct, frozen=True, array_like=True, tag=22):
    """Spread news of nodes over the links, above all the sender's leaving (P4).

    thin: whether the sender holds account groups that fewer than `copies` nodes hold (P37); None: no statement. A build
    of level 0 ignores the field, and a network with such a node does not use the field. The field is sent all the same,
    so that the value is known when the network's level rises.
    """

    BY_BUILD: ClassVar = True
    NEWER: ClassVar = {"thin": 1}

    records: list[NodeRecord]
    thin: bool | None = None


class PingRequest(msgspec.Struct, frozen=True, array_like=True, tag=25):
    """Ask whether the receiver has heard the node lately; the sender has not (P19)."""

    node: Incarnation


class PingReply(msgspec.Struct, frozen=True, array_like=True, tag=26):
    """Answer a PingRequest. lately: the sender has heard the node lately."""

    node: Incarnation
    lately: bool


class Relay(msgspec.Struct, frozen=True, array_like=True, tag=27):
    """Pass a list of messages to a node that `origin` cannot reach, through a node that hears both (P19)."""

    to: str
    origin: Incarnation
    payload: msgspec.Raw


# History --------------------------------------------------------------------------------------------------------------


class HistoryQuery(_Message, frozen=True, tag=33):
    """Ask a group's master about the group's history."""

    id: int
    query: Query


class HistoryAnswer(msgspec.Struct, frozen=True, array_like=True, tag=34):
    """Answer a HistoryQuery. lines: oldest first; None: there is no such place in the history."""

    id: int
    lines: list[Line] | None


class Read(msgspec.Struct, frozen=True, array_like=True, tag=35):
    """Master to a node that may have lines of the group: read the node's store. sought: wants the line with this msgid,
    instead of a range."""

    id: int
    wanted: Range
    sought: str | None = None


class Lines(msgspec.Struct, frozen=True, array_like=True, tag=36):
    """Answer a Read. more: the range has more lines than these. failed: the store cannot be read."""

    id: int
    lines: list[Line]
    more: bool
    failed: bool = False


class FetchDigest(msgspec.Struct, frozen=True, array_like=True, tag=37):
    """Holder of a group to a node with possibly older lines: ask for the positions in this range."""

    id: int
    wanted: Range


class FetchedDigest(msgspec.Struct, frozen=True, array_like=True, tag=38):
    """Answer a FetchDigest with positions, ascending. more: the range has more than these."""

    id: int
    seqs: list[int]
    more: bool


class FetchLines(msgspec.Struct, frozen=True, array_like=True, tag=39):
    """Ask for these lines, to keep them."""

    id: int
    wanted: Range


class FetchedLines(msgspec.Struct, frozen=True, array_like=True, tag=40):
    """Answer a FetchLines. more: the range has more than these."""

    id: int
    lines: list[Line]
    more: bool


# Duplex streams -------------------------------------------------------------------------------------------------------


class Flow(msgspec.Struct, frozen=True, array_like=True, tag=41):
    """Carry a stream between two nodes: parts from `first` on, and the sender's state.

    opener: whether the sender opened the stream. ack: the number of the next part that the sender expects. end: why the
    sender has ended the stream, after these parts. heard: the sender knows the other side's end. used: so many parts
    have reached the destination on the sender's side.
    """

    number: int
    opener: bool
    first: int
    parts: list[bytes]
    ack: int
    end: str | None = None
    heard: bool = False
    used: int = 0


Message = (
    Submit
    | Seen
    | Answer
    | NotOwner
    | Publish
    | Resync
    | Continue
    | Replace
    | Ack
    | Barrier
    | Settled
    | Watch
    | View
    | Question
    | Ask
    | Reply
    | Prepare
    | Promise
    | Fetch
    | Fetched
    | Install
    | Installed
    | Records
    | Append
    | StaleTerm
    | Stopped
    | MergeOffer
    | MergeDone
    | PingRequest
    | PingReply
    | Relay
    | HistoryQuery
    | HistoryAnswer
    | Read
    | Lines
    | FetchDigest
    | FetchedDigest
    | FetchLines
    | FetchedLines
    | Flow
)
