"""What nodes say to each other about groups: one list of these messages per link and tick (P41).

Questions, answers and what is in a log belong to the group's kind; here they stay encoded (`Raw`) and are read by the
kind. Nothing relies on a message arriving: every one is repeated, or asked for again, by a timer.
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
    """Edge to master: command `number` of this origin; `floor` is its lowest unanswered one (P6)."""

    number: int
    floor: int
    command: msgspec.Raw


class Answer(_Message, frozen=True, tag=2):
    """Master to an edge: the answer has position (term, seq) and time `at`.

    follows: the edge follows the group, so it shows this when it has applied `seq` (P11).
    """

    number: int
    term: Term
    seq: int
    at: int
    follows: bool
    outcome: msgspec.Raw


class NotOwner(_Message, frozen=True, tag=3):
    """Not the owner: who is, in the sender's view, and the records behind that view."""

    master: str
    records: tuple[NodeRecord, ...]


# Barriers -------------------------------------------------------------------------------------------------------------


class Barrier(_Message, frozen=True, tag=9):
    """Edge to master: tell me when my command `number`, and all before, is settled. floor: my lowest unanswered one."""

    number: int
    floor: int


class Settled(_Message, frozen=True, tag=10):
    number: int


# Follow ---------------------------------------------------------------------------------------------------------------


class Publish(_Message, frozen=True, tag=4):
    """Master to follower. Entries in order; with none it only says how far the log goes, to be acknowledged."""

    term: Term
    head: int
    entries: list[RawEntry]


class Resync(_Message, frozen=True, tag=5):
    """Follower to master: I have this much; send what follows. An empty lineage: I have nothing."""

    lineage: Lineage
    seq: int


class Continue(_Message, frozen=True, tag=6):
    """Master to follower: what you have is a prefix of my log; this is its lineage and what follows."""

    lineage: Lineage
    head: int
    entries: list[RawEntry]


class Replace(_Message, frozen=True, tag=7):
    """Master to follower: a snapshot instead of what you have. shown: you had everything up to this seq.

    backs: hold the group from now on, members or not, and acknowledge what is appended.
    """

    snapshot: Snapshot
    shown: int
    backs: bool = False


class Ack(msgspec.Struct, frozen=True, array_like=True, tag=8):
    """Follower to master, over all groups: (group, term, applied up to (P33), commands held up to (P12))."""

    positions: list[tuple[GroupId, Term, int, int]]


# Backups --------------------------------------------------------------------------------------------------------------


class Append(_Message, frozen=True, tag=23):
    """Master to who holds the group: these are accepted; they are published once all who hold it have them (P12)."""

    term: Term
    commands: list[RawCommand]


class StaleTerm(_Message, frozen=True, tag=24):
    """To a master of a lower term: I have promised this one (P21)."""

    term: Term


class Stopped(_Message, frozen=True, tag=50):
    """A mistake of the program has stopped the group on this node: do without the node (level 1)."""

    SINCE: ClassVar = 1


# Takeover -------------------------------------------------------------------------------------------------------------


class Prepare(msgspec.Struct, frozen=True, array_like=True, tag=16):
    """A node that may have to serve these groups asks what is held of them (P14, P23).

    With a term it is also a promise asked for: who answers refuses every lower term from now on (P21).
    """

    groups: list[tuple[GroupId, Term]]


class Held(msgspec.Struct, frozen=True, array_like=True):
    """role: "" nothing, "copy", "master", or "asking": it is finding out itself.

    seq: of the last position held, decided or not. promised: the highest term promised to anybody. cold: it comes from
    the node's disk and may be old (P36). members: who holds the group, as far as that copy knows; coming: who is to.
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
    held: list[Held]


class Fetch(_Message, frozen=True, tag=18):
    """Send me your whole copy."""


class Fetched(_Message, frozen=True, tag=19):
    snapshot: Snapshot | None


# Hand-off -------------------------------------------------------------------------------------------------------------


class Install(_Message, frozen=True, tag=20):
    """Hand-off (P24): hold this, and serve it under `term` once the old term's last entry says so."""

    term: Term
    snapshot: Snapshot


class Installed(_Message, frozen=True, tag=21):
    term: Term
    seq: int


# Merge ----------------------------------------------------------------------------------------------------------------


class MergeOffer(_Message, frozen=True, tag=28):
    """From a master to one of a higher term: I do not serve any more; take in what my log has and yours lacks (P22)."""

    snapshot: Snapshot


class MergeDone(_Message, frozen=True, tag=29):
    """What you offered is committed: follow."""

    term: Term
    theirs: Term  # of the copy that was offered


# Watches --------------------------------------------------------------------------------------------------------------


class Watch(_Message, frozen=True, tag=11):
    """Soft state: show me this group's view for the next minute (P15). on=False: no longer."""

    on: bool


class View(_Message, frozen=True, tag=12):
    """To a watcher. position orders the views; data is the kind's."""

    term: Term
    seq: int
    data: msgspec.Raw


class Seen(_Message, frozen=True, tag=42):
    """From a watcher, to the master: the view of that position has been shown."""

    SINCE: ClassVar = 1

    term: Term
    seq: int


# Questions ------------------------------------------------------------------------------------------------------------


class Question(_Message, frozen=True, tag=13):
    """To a group's master, from a node that does not follow it."""

    id: int
    question: msgspec.Raw


class Ask(msgspec.Struct, frozen=True, array_like=True, tag=14):
    """To one node, answered by its host."""

    id: int
    body: msgspec.Raw


class Reply(msgspec.Struct, frozen=True, array_like=True, tag=15):
    id: int
    body: msgspec.Raw


# Nodes, and who hears them --------------------------------------------------------------------------------------------


class Records(msgspec.Struct, frozen=True, array_like=True, tag=22):
    """News of nodes, the sender's leaving above all, spread over the links (P4).

    thin: whether the sender holds account groups that fewer than `copies` nodes hold (P37); None: nothing is said.
    A build of level 0 ignores the field, and a network with such a node does not use what the field says. The field is
    sent all the same, so that it is known when the network's level rises.
    """

    BY_BUILD: ClassVar = True
    NEWER: ClassVar = {"thin": 1}

    records: list[NodeRecord]
    thin: bool | None = None


class PingRequest(msgspec.Struct, frozen=True, array_like=True, tag=25):
    """Have you heard this node lately? I have not (P19)."""

    node: Incarnation


class PingReply(msgspec.Struct, frozen=True, array_like=True, tag=26):
    node: Incarnation
    lately: bool


class Relay(msgspec.Struct, frozen=True, array_like=True, tag=27):
    """To a node that `origin` cannot reach: a list of messages, through one that hears both (P19)."""

    to: str
    origin: Incarnation
    payload: msgspec.Raw


# History --------------------------------------------------------------------------------------------------------------


class HistoryQuery(_Message, frozen=True, tag=33):
    """To a group's master: a question about its history."""

    id: int
    query: Query


class HistoryAnswer(msgspec.Struct, frozen=True, array_like=True, tag=34):
    """lines: oldest first; None: there is no such place in the history."""

    id: int
    lines: list[Line] | None


class Read(msgspec.Struct, frozen=True, array_like=True, tag=35):
    """From a group's master to a node that may have lines of it: read your store. sought: the line with this msgid,
    instead of a range."""

    id: int
    wanted: Range
    sought: str | None = None


class Lines(msgspec.Struct, frozen=True, array_like=True, tag=36):
    """more: the range has more lines than these. failed: the store cannot be read."""

    id: int
    lines: list[Line]
    more: bool
    failed: bool = False


class FetchDigest(msgspec.Struct, frozen=True, array_like=True, tag=37):
    """From a node that holds a group to one that may have older lines: which do you have in this range?"""

    id: int
    wanted: Range


class FetchedDigest(msgspec.Struct, frozen=True, array_like=True, tag=38):
    """Positions, ascending. more: the range has more than these."""

    id: int
    seqs: list[int]
    more: bool


class FetchLines(msgspec.Struct, frozen=True, array_like=True, tag=39):
    """Send me these lines, to keep them."""

    id: int
    wanted: Range


class FetchedLines(msgspec.Struct, frozen=True, array_like=True, tag=40):
    id: int
    lines: list[Line]
    more: bool


# Duplex streams -------------------------------------------------------------------------------------------------------


class Flow(msgspec.Struct, frozen=True, array_like=True, tag=41):
    """Of a stream between two nodes: parts from `first` on, and what the sender has.

    opener: whether the sender opened it. ack: the number of the next part that it expects. end: why it has ended the
    stream, after these parts. heard: that the sender knows the other side's end. used: so many parts have come to where
    they were to be brought.
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
