"""Define the messages between the replicas of a group: from one master's log to the next master's log.

The contents of a log belong to the group's kind. Here they stay encoded (`Raw`); the kind reads them.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from ring.ids import NO_TERM, GroupId, Term
from ring.wire.group import GroupMessage
from ring.wire.log import Lineage, RawCommand, RawEntry, Snapshot

# Follow ---------------------------------------------------------------------------------------------------------------


class Publish(GroupMessage, frozen=True, tag=4):
    """Master to follower: publish entries in order. Without entries: the log's head, to be acknowledged."""

    term: Term
    head: int
    entries: list[RawEntry]


class Resync(GroupMessage, frozen=True, tag=5):
    """Follower to master: ask for the entries after this log. An empty lineage: the follower has nothing."""

    lineage: Lineage
    seq: int


class Continue(GroupMessage, frozen=True, tag=6):
    """Master to follower: go on with these entries. The follower's log is a prefix of the master's log of this
    lineage."""

    lineage: Lineage
    head: int
    entries: list[RawEntry]


class Replace(GroupMessage, frozen=True, tag=7):
    """Master to follower: replace the replica by a snapshot. shown: the follower had everything up to this seq.

    is_backup: the follower holds the group from now on, members or not, and acknowledges appended commands.
    """

    snapshot: Snapshot
    shown: int
    is_backup: bool = False


class Ack(msgspec.Struct, frozen=True, array_like=True, tag=8):
    """Follower to master, over all groups: (group, term, applied up to (P33), commands held up to (P12))."""

    positions: list[tuple[GroupId, Term, int, int]]


# Backups --------------------------------------------------------------------------------------------------------------


class Append(GroupMessage, frozen=True, tag=23):
    """Master to backup: append accepted commands, which are published once all backups have them (P12)."""

    term: Term
    commands: list[RawCommand]


class StaleTerm(GroupMessage, frozen=True, tag=24):
    """Tell a master of a lower term that the sender has promised this term (P21)."""

    term: Term


class Stopped(GroupMessage, frozen=True, tag=50):
    """Say that a mistake of the program has stopped the group on this node: the master does without the node (level
    1)."""

    SINCE: ClassVar = 1


# Takeover -------------------------------------------------------------------------------------------------------------


class Prepare(msgspec.Struct, frozen=True, array_like=True, tag=16):
    """Ask for the receiver's replicas of groups that the sender may have to serve (P14, P23).

    A term asks for a promise, too: an answering node refuses every lower term from now on (P21).
    """

    groups: list[tuple[GroupId, Term]]


class Held(msgspec.Struct, frozen=True, array_like=True):
    """Describe the sender's part in a group. role: "" nothing, "copy", "master", or "asking": the sender is finding the
    group.

    seq: of the last position held, decided or not. promised: the highest term promised to any node. cold: the replica
    comes from the node's disk and may be old (P36). members: the holders of the group, as far as the replica knows;
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


class Fetch(GroupMessage, frozen=True, tag=18):
    """Ask for the receiver's whole replica."""


class Fetched(GroupMessage, frozen=True, tag=19):
    """Answer a Fetch. None: the sender has no replica."""

    snapshot: Snapshot | None


# Hand-off -------------------------------------------------------------------------------------------------------------


class Install(GroupMessage, frozen=True, tag=20):
    """Hand over the group (P24): the receiver holds the snapshot, and serves under `term` once the old term's last
    entry says so."""

    term: Term
    snapshot: Snapshot


class Installed(GroupMessage, frozen=True, tag=21):
    """New master to old master: the snapshot up to seq is installed (P24)."""

    term: Term
    seq: int


# Merge ----------------------------------------------------------------------------------------------------------------


class MergeOffer(GroupMessage, frozen=True, tag=28):
    """Master to a master of a higher term: merge the sender's log, as the sender does not serve any more (P22)."""

    snapshot: Snapshot


class MergeDone(GroupMessage, frozen=True, tag=29):
    """Say that the offered log is merged and committed: the receiver follows."""

    term: Term
    theirs: Term  # of the offered replica
