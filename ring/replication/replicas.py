"""What this node is to each group: master, follower, on the way to mastering the group, or none of these.

Theory of operation
===================

A node is one of these to a group:

    master      `masters`: the node gives commands their places and commits them (master.py)
    follower    `followers`: the node applies another node's log, for members here or as a backup (follower.py)
    recovery    `recoveries`: the node asks who holds the group, because it may have to serve the group (recovery.py)
    incoming    `incoming`: another master has installed the group here, and may hand the group over (handoff.py)

A master is nothing else to the group. A follower may be in recovery, or have a replica installed, at the same time: the
people here go on seeing the follower's replica until the node serves the group. Recovery and a living sender of an
installed replica exclude each other.

Invariants: each table is written only by the module named beside it, by broken.py where a mistake of the program stops
the group, and by recovery.py where the node begins to serve. `Replicas` answers what needs more than one table.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from enum import Enum

from ring.ids import NO_TERM, GroupId, Incarnation, Term
from ring.replication.looks import Looks
from ring.replication.progress import Master
from ring.replication.replica import Replica
from ring.wire.group import Barrier, Question, Submit, Watch
from ring.wire.history import HistoryQuery
from ring.wire.log import RawEntry
from ring.wire.replication import Held, MergeOffer, Resync

Parkable = Submit | Resync | Barrier | Question | HistoryQuery | Watch | MergeOffer

PARKED = 10_000
"""At most this many messages wait for one group; more are dropped, and the senders repeat these messages."""


class Fork:
    """Hold a replica that people here have been shown, and that the master's log does not continue.

    Invariant: no entry is added to `replica` while the fork lasts.
    """

    __slots__ = ("offer_at", "replica", "since")

    def __init__(self, replica: Replica, now: float, offer_at: float) -> None:
        self.replica = replica
        self.since = now
        self.offer_at = offer_at  # when the fork is offered next


class Follower:
    """Hold this node's knowledge of one group with another node as master (P12, P15).

    Invariants: while `fork` is set, people here are shown `fork.replica`; `fork.replica` is `replica` itself until a
    replica of the new master comes. `fork` and `doubted` hold back the commands of this edge (`Followers.holds_back`).
    """

    __slots__ = ("asked_at", "behind", "doubted", "fork", "heard_at", "is_backup", "master", "replica", "tries")

    def __init__(self, replica: Replica, master: str) -> None:
        self.replica = replica
        self.master = master  # ring key
        self.is_backup = False  # this node is a backup: the master has asked this node to hold the group
        self.fork: Fork | None = None  # the replica that people here know, until the master has taken it in (P22)
        self.doubted = False  # another node was named as master: the replica's term may be over
        self.behind = False  # entries may be missing: ask the master until the master has answered
        self.asked_at = 0.0  # when this node asked last
        self.heard_at = 0.0  # when the master spoke last of the group; moved back to ask sooner
        self.tries = 0  # questions without an answer, counted to 8: each question doubles the pause before the next

    @property
    def shown(self) -> Replica:
        """Return the replica that people on this node are shown."""
        return self.fork.replica if self.fork is not None else self.replica


class Phase(Enum):
    """The states of a recovery: see the head of recovery.py."""

    ASKING = "asking"
    WAITING = "waiting"
    PROMISING = "promising"
    FETCHING = "fetching"


class Recovery:
    """Say what is known so far about the nodes that hold a group. `phase` reads the state from the fields.

    Invariants: asked and held share no node. waits implies that term is NO_TERM. While asked names a node, nothing is
    decided (`_resolve`).
    """

    __slots__ = (
        "asked",
        "began",
        "curious",
        "doubtful",
        "fetching",
        "held",
        "known",
        "near",
        "noted",
        "parked",
        "repeat_at",
        "since",
        "stopped",
        "term",
        "waits",
    )

    def __init__(self, asked: Iterable[str], now: float, repeat_at: float) -> None:
        self.asked = dict.fromkeys(asked)  # ring keys that have not replied; in order, so that a seed replays alike
        self.known = set(self.asked)  # the living nodes that were asked, whether these nodes have replied or not
        self.held: dict[str, Held] = {}  # ring key -> reply; the reply of a node without a replica has no lineage
        self.fetching: str | None = None  # ring key of the node whose replica is on the way
        self.parked: deque[tuple[Incarnation, Parkable]] = deque()  # at most PARKED, handled in this order
        self.began = now
        self.since = now  # when the nodes in `asked` were asked
        self.repeat_at = repeat_at  # when the question is sent again
        self.waits = False  # a silent node may have more of the group (P36, P37)
        self.doubtful = False  # silent nodes may hold something lasting of the group, which goes on (P51)
        self.noted = False  # the note `group_waits` was made
        self.stopped = False  # a mistake of the program has stopped the group on a node that was asked (P43)
        self.near = False  # only the next owners were asked: the network is at rest (P14)
        self.curious = True  # only questions are parked: a group that nobody holds need not be served for a question
        self.term = NO_TERM  # the term that the holders of the group are asked to promise (P21)

    @property
    def phase(self) -> Phase:
        """Return the state. A recovery that waits may fetch a newer replica meanwhile, for reading."""
        if self.fetching is not None:
            return Phase.FETCHING
        if self.term != NO_TERM:
            return Phase.PROMISING
        return Phase.WAITING if self.waits else Phase.ASKING


class IncomingHandoff:
    """Hold a replica that another master has installed here, and may hand to this node.

    Invariants: the node does not serve this replica until `Handed` with this term has come. The replica, its term and
    the sender belong together: a later Install replaces all three, and only the parked messages stay.
    """

    __slots__ = ("heard_at", "parked", "replica", "sender", "since", "term")

    def __init__(self, replica: Replica, term: Term, sender: Incarnation, now: float) -> None:
        self.replica = replica  # the old master's replica, complete up to the seq before `Handed`
        self.term = term  # the term under which this node is to serve
        self.sender = sender  # the old master's life
        self.since = now
        self.heard_at = now  # when the old master sent the replica last
        self.parked: deque[tuple[Incarnation, Parkable]] = deque()  # at most PARKED messages that came meanwhile

    def is_ended_by(self, sender: Incarnation, entry: RawEntry) -> bool:
        """Tell whether the entry hands this replica over, and this node has promised no higher term meanwhile (P21)."""
        expected = (self.sender, self.term, self.replica.seq + 1)
        return (sender, entry.handed, entry.seq) == expected and self.replica.promised <= self.term


class Replicas:
    """Keep the tables, by group. Each table is in the order in which this node took the role."""

    def __init__(self) -> None:
        self.masters: dict[GroupId, Master] = {}  # written by `lead` and `resign` alone
        self._mastered: defaultdict[str, dict[GroupId, Master]] = defaultdict(dict)  # by kind
        self.followers: dict[GroupId, Follower] = {}
        self.recoveries: dict[GroupId, Recovery] = {}
        self.incoming: dict[GroupId, IncomingHandoff] = {}
        self.forked: dict[GroupId, None] = {}  # groups followed here with a fork; a group may stay here for a tick
        self.behind: dict[GroupId, None] = {}  # groups followed here and behind; a group may stay here for a tick
        self.looks = Looks()  # when each group of `masters` and `followers` is looked at next
        self.stopped: dict[GroupId, None] = {}  # groups that a mistake of the program has stopped here (P43)

    def lead(self, m: Master) -> None:
        """Begin to master a group."""
        group = m.replica.group
        self.masters[group] = self._mastered[group.kind][group] = m

    def resign(self, group: GroupId) -> Master | None:
        """Master the group no more."""
        self._mastered[group.kind].pop(group, None)
        return self.masters.pop(group, None)

    def mastered(self, kind: str) -> Iterable[Master]:
        """Return what this node masters of one kind, handed groups included."""
        return self._mastered[kind].values()

    def masters_by_kind(self) -> dict[str, int]:
        """Return how many groups this node masters, by kind."""
        return {kind: len(masters) for kind, masters in self._mastered.items() if masters}

    def get(self, group: GroupId) -> Replica | None:
        """Return the replica that this node masters or follows."""
        master = self.masters.get(group)
        if master is not None:
            return master.replica
        follower = self.followers.get(group)
        return follower.replica if follower is not None else None

    def shown(self, group: GroupId) -> Replica | None:
        """Return the replica that people here are shown: the fork's replica while the logs have parted."""
        master = self.masters.get(group)
        if master is not None:
            return master.shown
        follower = self.followers.get(group)
        return follower.shown if follower is not None else None

    def newest(self, group: GroupId) -> Replica | None:
        """Return the newest replica here, in whatever role."""
        incoming = self.incoming.get(group)
        replicas = [self.get(group), incoming.replica if incoming is not None else None]
        held = [replica for replica in replicas if replica is not None]
        return max(held, key=lambda replica: (replica.term, replica.head)) if held else None

    def holds(self, key: str, replica: Replica) -> bool:
        """Tell whether this node, with this ring key, holds the group: as master, or as a backup by any node's word."""
        follower = self.followers.get(replica.group)
        return key in replica.members or replica.group in self.masters or (follower is not None and follower.is_backup)

    def here(self, *, held: bool = False) -> list[Replica]:
        """Return the replicas of all groups mastered here, then of all groups followed here. held: only as a backup."""
        followers = (follower for follower in self.followers.values() if follower.is_backup or not held)
        return [master.replica for master in self.masters.values()] + [follower.replica for follower in followers]
