"""Keep the roster: the known nodes, each in the newest life."""

from __future__ import annotations

from collections.abc import Iterable, KeysView, Sequence
from functools import cache
from ipaddress import ip_address
from typing import Any, ClassVar, NamedTuple

import msgspec

from ring.features import OLDEST, at_level
from ring.ids import Incarnation
from ring.placement import Distance, Ring

MAX_NODES = 1000
"""A roster knows at most this many nodes. Further nodes are refused until a node goes."""

MAX_TEXT = 128
"""Longest text in a record, in bytes."""

MAX_HTTP = 120
"""Longest `NodeRecord.http`, in bytes: builds of level 1 take at most MAX_TEXT bytes of unknown fields."""

MAX_LEVEL = 1 << 15

MAX_LATER = 8
"""A record may have this many fields that this build does not know, in at most MAX_TEXT bytes."""


class RingTerms(msgspec.Struct, frozen=True, array_like=True):
    """The settings that decide which node masters a name, so that anybody with the list of nodes can calculate the
    master."""

    distance: str
    points: int
    copies: int
    casemapping: str  # how the name is folded before hashing


class NodeRecord(msgspec.Struct, frozen=True, array_like=True):
    """Describe one life of a node. A new field is appended, with a default.

    `read_record` keeps the fields that a later build has appended, so the record is passed on with them.
    """

    BY_BUILD: ClassVar = True
    NEWER: ClassVar = {"level": 1, "ring": 1, "http": 2}

    key: str  # ring key, by default the IP
    incarnation: int
    name: str  # node.name
    ip: str  # canonical text
    link_port: int
    irc: str  # address for people, "" if none
    version: str
    started: int  # Unix seconds
    leaving: bool = False
    level: int = 0  # feature level of the node's build; builds before feature levels leave this field out
    ring: RingTerms | None = None  # the ring's settings, as this node has them, for the public list of directories
    http: str = ""  # URL of the node's page for people and programs, ending with "/"; "" if none

    @property
    def id(self) -> Incarnation:
        return Incarnation(self.key, self.incarnation)


_FIELDS = len(NodeRecord.__struct_fields__)


def read_record(fields: Sequence[Any]) -> NodeRecord:
    """Make a record of decoded fields, and keep the fields that this build does not know. Raises
    msgspec.ValidationError."""
    known = msgspec.convert(fields, NodeRecord)
    later = fields[_FIELDS:]
    if not later:
        return known
    if len(later) > MAX_LATER:
        raise msgspec.ValidationError(f"a node record has {len(fields)} fields")
    return _longer(len(later))(*msgspec.structs.astuple(known), *later)


@cache
def _longer(more: int) -> type[NodeRecord]:
    """Make the type of records with `more` fields that this build does not know."""
    fields = [(f"later_{number}", Any, None) for number in range(more)]
    made = msgspec.defstruct("NodeRecord", fields, bases=(NodeRecord,), frozen=True, array_like=True)
    assert issubclass(made, NodeRecord)
    return made


class NoRing(Exception):
    """The records do not tell the ring's settings; the text says why."""


def common_ring(records: Sequence[NodeRecord]) -> RingTerms:
    """Return the ring's settings, which all nodes of a network share. Raises NoRing."""
    said = {record.ring for record in records if record.ring is not None}
    if not records:
        raise NoRing("the directories list no node")
    if not said:
        raise NoRing("the directories do not tell the ring's settings: they, or the nodes, are of an older build")
    if len(said) > 1:
        each = sorted(f"{record.name}: {record.ring}" for record in records if record.ring is not None)
        raise NoRing("the nodes do not agree on the ring's settings:\n" + "\n".join(each))
    return said.pop()


def as_level_0(record: NodeRecord) -> NodeRecord:
    """Cut the record down to the fields that a node of feature level 0 knows and keeps."""
    return NodeRecord(*at_level(record, 0, 0))


def is_sane(record: NodeRecord) -> bool:
    """Tell whether a record from outside is well-formed: canonical IP, ports, times and lengths in range.

    Texts are measured in bytes, so that any sane record fits a datagram of a directory.
    """
    try:
        canonical = str(ip_address(record.ip)) == record.ip and "%" not in record.ip
    except ValueError:
        return False
    texts = (record.key, record.name, record.irc, record.version)
    return (
        canonical
        and record.key != ""
        and all(text.isprintable() and len(text.encode()) <= MAX_TEXT for text in texts)
        and 0 < record.link_port < 65536
        and 0 <= record.incarnation < 2**53
        and 0 <= record.started < 2**53
        and 0 <= record.level < MAX_LEVEL
        and (record.ring is None or _is_sane(record.ring))
        and _is_sane_url(record.http)
        and len(msgspec.msgpack.encode(msgspec.structs.astuple(record)[_FIELDS:])) <= MAX_TEXT
    )


def _is_sane(ring: RingTerms) -> bool:
    texts = (ring.distance, ring.casemapping)
    numbers = (ring.points, ring.copies)
    return all(text.isprintable() and len(text.encode()) <= 16 for text in texts) and all(0 < n < 1024 for n in numbers)


def _is_sane_url(text: str) -> bool:
    """Tell whether a page may link to the text; an empty text means no page."""
    return text == "" or (
        text.startswith(("http://", "https://"))
        and text.isprintable()
        and " " not in text
        and len(text.encode()) <= MAX_HTTP
    )


def newer(record: NodeRecord, known: NodeRecord) -> bool:
    """Tell whether `record` is news for a holder of `known`: a later life, or the same life that is leaving."""
    return record != known and _rank(record) > _rank(known)


class Range(NamedTuple):
    """The feature levels at which a node can act in the node's network."""

    own: int  # of the node's build
    acting: int  # of the node's network, as far as the node knows
    oldest: int = OLDEST


def check_levels(mine: NodeRecord, here: Range, theirs: NodeRecord, there: Range) -> str | None:
    """Say why two nodes must not link because of feature levels, in words for both logs; None if they may link
    (P42)."""
    for record, own, other in ((mine, here, there), (theirs, there, here)):
        needed = max(other.acting, other.oldest)
        if own.own < needed:
            acts = "the network acts" if other.acting == needed else "the other node can act"
            least = "" if other.acting == needed else " at the least"
            return (
                f"{record.name} (version {record.version}) is of feature level {own.own}, and {acts} at level {needed}"
                f"{least}: upgrade {record.name}"
            )
    return None


class Roster:
    """Keep records by ring key. Merging is commutative, associative and idempotent."""

    def __init__(self, records: Iterable[NodeRecord] = ()) -> None:
        self._records: dict[str, NodeRecord] = {}
        self._ring: tuple[int, Distance, int, Ring] | None = None
        self.version = 0  # grows with every change
        for record in records:
            self.merge(record)

    def merge(self, record: NodeRecord) -> bool:
        """Take a record that is news: a newer life, or the same life that is leaving. Returns whether the record was
        news."""
        known = self._records.get(record.key)
        if known is None:
            if len(self._records) >= MAX_NODES:
                return False
        elif not newer(record, known):
            return False
        self._records[record.key] = record
        self.version += 1
        return True

    def remove(self, key: str, incarnation: int) -> bool:
        """Forget this life of a node. A newer life stays. Returns whether a record was removed."""
        known = self._records.get(key)
        if known is None or known.incarnation > incarnation:
            return False
        del self._records[key]
        self.version += 1
        return True

    def get(self, key: str) -> NodeRecord | None:
        return self._records.get(key)

    def records(self) -> list[NodeRecord]:
        return [self._records[key] for key in sorted(self._records)]

    def keys(self) -> KeysView[str]:
        return self._records.keys()

    def __len__(self) -> int:
        return len(self._records)

    def ring(self, distance: Distance, points: int) -> Ring:
        """Return the ring of the members that are not leaving (P4)."""
        cached = self._ring
        if cached is not None and cached[:3] == (self.version, distance, points):
            return cached[3]
        ring = Ring((r.key for r in self._records.values() if not r.leaving), distance, points)
        self._ring = (self.version, distance, points, ring)
        return ring


def _rank(record: NodeRecord) -> tuple[int, bool, bool, bytes]:
    """Rank the records of a node, the newest highest. The last part only orders records that should be equal."""
    return (record.incarnation, record.leaving, record.ring is not None, msgspec.msgpack.encode(record))
