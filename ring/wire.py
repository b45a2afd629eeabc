"""What nodes say to each other about groups: one list of these messages per link and tick (P41).

Commands, events, outcomes, states, questions and answers belong to the group's kind; here they stay encoded (`Raw`) and
are read by the kind. Nothing relies on a message arriving: every one is repeated, or asked for again, by a timer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple, cast, get_args

import msgspec

from ring.ids import NO_TERM, UNREADABLE, GroupId, Incarnation, Position, Term
from ring.roster import NodeRecord
from ring.store import Line, Range

Lineage = tuple[tuple[Term, int], ...]  # (term, its first seq), oldest first (P3)
Also = tuple[tuple[str, str], ...]  # (msgid on another side, msgid here), of what both sides of a partition were told


class Stream(msgspec.Struct, frozen=True, array_like=True):
    """One origin's accepted commands (P8): the last number, and (number, seq, at, outcome) down to its floor."""

    origin: Incarnation
    last: int
    outcomes: tuple[tuple[int, int, int, msgspec.Raw], ...]


class Part(msgspec.Struct, frozen=True, array_like=True):
    """A reign of another side that is part of a log, up to seq. fork: the last position that the two have alike."""

    term: Term
    seq: int
    fork: int


class Side(msgspec.Struct, frozen=True, array_like=True):
    """Another master's copy of the group (P26). lost: events since the logs parted that its log no longer has."""

    state: msgspec.Raw
    streams: tuple[Stream, ...]
    lost: int
    merged: tuple[Part, ...]  # what its log has beside its own reigns, and those themselves
    also: Also = ()


class Taking(msgspec.Struct, frozen=True, array_like=True):
    """What every copy has to know of a side that was merged, beside the event that makes the state."""

    streams: tuple[Stream, ...]
    lost: int
    merged: tuple[Part, ...]
    also: Also = ()


class Entry(msgspec.Struct, array_like=True, gc=False):
    """One position of a group's log: the answer to one command and what it changed, if anything."""

    seq: int
    at: int  # Unix ms (P17)
    origin: Incarnation | None  # None: the master itself
    number: int
    floor: int  # the origin's lowest unanswered number (P6)
    outcome: Any
    event: Any
    handed: Term | None = None  # the last event of a term that was handed on (P24)
    members: tuple[str, ...] | None = None  # the ring keys that hold the group from here on (P13)
    told: tuple[str, int] | None = None  # msgid and time of what another side of a partition said (P25)
    side: Taking | None = None  # that side's counters are part of this copy from here on


class Command(msgspec.Struct, array_like=True, gc=False):
    """An accepted command: it has its position, and is decided once all who hold the group have it (P12)."""

    seq: int
    at: int
    origin: Incarnation | None
    number: int
    floor: int
    command: Any
    handed: Term | None = None
    members: tuple[str, ...] | None = None
    told: tuple[str, int] | None = None  # the command is an event of another side (P25)
    side: Side | None = None  # another side's state, to become one with this (P26)


class RawCommand(msgspec.Struct, array_like=True):
    """A Command as read from a link."""

    seq: int
    at: int
    origin: Incarnation | None
    number: int
    floor: int
    command: msgspec.Raw
    handed: Term | None = None
    members: tuple[str, ...] | None = None
    told: tuple[str, int] | None = None
    side: Side | None = None


class RawEntry(msgspec.Struct, array_like=True):
    """An Entry as read from a link, its outcome and event still encoded."""

    seq: int
    at: int
    origin: Incarnation | None
    number: int
    floor: int
    outcome: msgspec.Raw
    event: msgspec.Raw
    handed: Term | None = None
    members: tuple[str, ...] | None = None
    told: tuple[str, int] | None = None
    side: Taking | None = None


def raw(value: Any) -> msgspec.Raw:
    """A value for a Raw field of a message to send: the encoder writes it in place."""
    return cast(msgspec.Raw, value)


class _Message(msgspec.Struct, frozen=True, array_like=True):
    group: GroupId


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


class Elsewhere(_Message, frozen=True, tag=3):
    """Not the owner: who is, in the sender's view, and the records behind that view."""

    master: str
    records: tuple[NodeRecord, ...]


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


class Snapshot(msgspec.Struct, frozen=True, array_like=True):
    """A whole copy of a group at `seq`. tail: the log's last entries, already part of the state.

    members: who holds the group, by a set with this epoch (P13). pending: accepted and not yet decided, for who is to
    hold the group.
    """

    lineage: Lineage
    seq: int
    at: int
    state: msgspec.Raw
    streams: tuple[Stream, ...]
    tail: list[RawEntry]
    epoch: int = 0
    members: tuple[str, ...] = ()
    pending: list[RawCommand] = []
    merged: tuple[Part, ...] = ()
    archives: tuple[str, ...] = ()  # who held the group before, and may have older lines of it
    also: Also = ()


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


class Barrier(_Message, frozen=True, tag=9):
    """Edge to master: tell me when my command `number`, and all before, is settled. floor: my lowest unanswered one."""

    number: int
    floor: int


class Settled(_Message, frozen=True, tag=10):
    number: int


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


class Collect(msgspec.Struct, frozen=True, array_like=True, tag=16):
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


class Collected(msgspec.Struct, frozen=True, array_like=True, tag=17):
    held: list[Held]


class Fetch(_Message, frozen=True, tag=18):
    """Send me your whole copy."""


class Fetched(_Message, frozen=True, tag=19):
    snapshot: Snapshot | None


class Install(_Message, frozen=True, tag=20):
    """Hand-off (P24): hold this, and serve it under `term` once the old term's last entry says so."""

    term: Term
    snapshot: Snapshot


class Installed(_Message, frozen=True, tag=21):
    term: Term
    seq: int


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


class Append(_Message, frozen=True, tag=23):
    """Master to who holds the group: these are accepted; they are published once all who hold it have them (P12)."""

    term: Term
    commands: list[RawCommand]


class Superseded(_Message, frozen=True, tag=24):
    """To a master of a lower term: I have promised this one (P21)."""

    term: Term


class Stopped(_Message, frozen=True, tag=50):
    """A mistake of the program has stopped the group on this node: do without the node (level 1)."""

    SINCE: ClassVar = 1


class Offer(_Message, frozen=True, tag=28):
    """From a master to one of a higher term: I do not serve any more; take in what my log has and yours lacks (P22)."""

    snapshot: Snapshot


class Taken(_Message, frozen=True, tag=29):
    """What you offered is committed: follow."""

    term: Term
    theirs: Term  # of the copy that was offered


class Hear(msgspec.Struct, frozen=True, array_like=True, tag=25):
    """Have you heard this node lately? I have not (P19)."""

    node: Incarnation


class Heard(msgspec.Struct, frozen=True, array_like=True, tag=26):
    node: Incarnation
    lately: bool


class Relay(msgspec.Struct, frozen=True, array_like=True, tag=27):
    """To a node that `origin` cannot reach: a list of messages, through one that hears both (P19)."""

    to: str
    origin: Incarnation
    payload: msgspec.Raw


class Place(msgspec.Struct, frozen=True, array_like=True):
    """How far somebody has read a group: everything up to this event of a log. term: the reign that counted it.

    beside: and everything up to these, of the logs of other reigns, the newest first (P25; ring/groups/places.py).
    """

    seq: int
    at: int  # Unix ms
    term: Term = NO_TERM
    beside: tuple[Position, ...] = ()


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """A place in a group's history: exactly one of these. seq and at (Unix ms) need not be those of any line."""

    seq: int | None = None
    at: int | None = None
    msgid: str | None = None


class Query(msgspec.Struct, frozen=True, array_like=True):
    """Which lines of a group are wanted, at most `limit`.

    after, before: exclusive. newest: of more lines, the last ones; else the first. between: `after` may lie behind
    `before`, and then the other ones count. around: instead of the two, as many before a place as from it on. wanted:
    what to select, for the kind. since: nothing older (Unix ms). read: nothing that who has read so far has.
    """

    limit: int
    newest: bool = True
    after: Mark | None = None
    before: Mark | None = None
    between: bool = False
    around: Mark | None = None
    wanted: str = ""
    since: int = 0
    read: Place | None = None


class Recall(_Message, frozen=True, tag=33):
    """To a group's master: a question about its history."""

    id: int
    query: Query


class Recalled(msgspec.Struct, frozen=True, array_like=True, tag=34):
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


class Survey(msgspec.Struct, frozen=True, array_like=True, tag=37):
    """From a node that holds a group to one that may have older lines: which do you have in this range?"""

    id: int
    wanted: Range


class Surveyed(msgspec.Struct, frozen=True, array_like=True, tag=38):
    """Positions, ascending. more: the range has more than these."""

    id: int
    seqs: list[int]
    more: bool


class Carry(msgspec.Struct, frozen=True, array_like=True, tag=39):
    """Send me these lines, to keep them."""

    id: int
    wanted: Range


class Carried(msgspec.Struct, frozen=True, array_like=True, tag=40):
    id: int
    lines: list[Line]
    more: bool


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
    | Elsewhere
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
    | Collect
    | Collected
    | Fetch
    | Fetched
    | Install
    | Installed
    | Records
    | Append
    | Superseded
    | Stopped
    | Offer
    | Taken
    | Hear
    | Heard
    | Relay
    | Recall
    | Recalled
    | Read
    | Lines
    | Survey
    | Surveyed
    | Carry
    | Carried
    | Flow
)

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Message])


_HEAD = 5
"""The head of a list is at most this long."""


def encode(messages: list[Message]) -> bytes:
    return _encoder.encode(messages)


def payloads(messages: list[Message], most: int) -> Iterator[bytes]:
    """The messages in as few payloads as fit into `most` bytes each; one that alone is longer goes alone."""
    whole = encode(messages)
    if len(whole) <= most or len(messages) == 1:
        yield whole
        return
    part: list[msgspec.Raw] = []
    length = 0
    for message in messages:
        one = reencode(message)
        if part and length + len(bytes(one)) + _HEAD > most:
            yield _encoder.encode(part)
            part, length = [], 0
        part.append(one)
        length += len(bytes(one))
    yield _encoder.encode(part)


def size(value: Any) -> int:
    """Bytes that a value takes in a message."""
    return len(_encoder.encode(value))


def decode(payload: bytes) -> list[Message]:
    """Raises msgspec.MsgspecError if the payload is no list of messages."""
    return _decoder.decode(payload)


class Unread(NamedTuple):
    """A message that cannot be read, as far as can be told. kind: the name of its struct, or its tag."""

    kind: str
    group: GroupId | None


_each = msgspec.msgpack.Decoder(list[msgspec.Raw])
_one = msgspec.msgpack.Decoder(Message)
_head = msgspec.msgpack.Decoder(list[Any])
_names = {one.__struct_config__.tag: one.__name__ for one in get_args(Message)}


def decode_each(payload: bytes) -> list[Message | Unread]:
    """The messages of a list, one by one; nothing at all in place of a payload that is no list."""
    try:
        parts = _each.decode(payload)
    except UNREADABLE:
        return [Unread("payload", None)]
    return [_decode_one(part) for part in parts]


def _decode_one(part: msgspec.Raw) -> Message | Unread:
    try:
        message: Message = _one.decode(part)
    except UNREADABLE:
        return _unread(part)
    return message


def _unread(part: msgspec.Raw) -> Unread:
    try:
        tag, *fields = _head.decode(part)
        group = msgspec.convert(fields[0], GroupId) if fields and isinstance(fields[0], list) else None
    except (*UNREADABLE, ValueError):
        return Unread("message", None)
    name = _names.get(tag) if isinstance(tag, int) else None
    return Unread(name or f"message {str(tag)[:20]}", group)


def packed(value: Any) -> bytes:
    """A value as a message would carry it."""
    return _encoder.encode(value)


def reencode(value: Any) -> msgspec.Raw:
    """The same, to be carried."""
    return msgspec.Raw(_encoder.encode(value))
