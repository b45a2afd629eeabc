"""Know the nodes of the network, judge which nodes are dead, and so name the owners of a group (P4, P18)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, Protocol

from ring.ids import GroupId, Incarnation
from ring.placement import Ring, owners
from ring.roster import MAX_NODES, NodeRecord, Roster, as_level_0, newer

UNFIT = 10_000
"""For at most this many groups the nodes stopped by a mistake are remembered; the oldest groups are forgotten first."""


class RingSettings(Protocol):
    """The settings that a whole network shares, which the configuration owns (config/common.py). Read only."""

    distance: Literal["absolute", "circular"]
    points: int
    copies: int


class Peers:
    """Keep the roster, and this node's own evidence of death."""

    def __init__(self, me: NodeRecord, settings: RingSettings) -> None:
        self.me = me
        self.settings = settings
        self.roster = Roster()
        self.roster.merge(me)
        self.dead: dict[str, float] = {}  # ring key -> since when
        self.absent: dict[Incarnation, float] = {}  # lives that are over -> since when
        self.missing: dict[str, NodeRecord] = {}  # forgotten by the roster, not left in order
        self.left: dict[str, int] = {}  # ring key -> last life, of nodes that left in order; the latest last
        self.given_up: dict[str, int] = {}  # ring key -> last life; an operator says: will not return
        self.thin: set[str] = set()  # nodes that hold account groups with fewer than `copies` holders (P37)
        self.level = 0  # the acting feature level, as far as known; never falls (P42)
        self.too_old: dict[str, NodeRecord] = {}  # nodes of a lower level: not in the roster, not linked with
        self.pages: dict[str, str] = {}  # ring key -> URL of its pages, of nodes that left too; the oldest first
        self.joined: dict[str, float] = {}  # ring key -> when this life was first seen or came back
        self.unfit: dict[GroupId, set[Incarnation]] = {}  # lives of nodes with the group stopped by a mistake
        self.returned_at = float("-inf")  # when a node thought dead last answered
        self.changed_at = float("-inf")  # when a node last came, went, died or returned, or this node was stopped
        self.version = 0  # grows with every change of an answer of this class

    def learn(self, records: Iterable[NodeRecord], now: float) -> list[NodeRecord]:
        """Merge records. Returns the records that were news."""
        news = []
        for record in records:
            if record.key == self.me.key and record.incarnation <= self.me.incarnation:
                continue
            if record.incarnation <= self.given_up.get(record.key, -1):
                continue  # from a node that has not been told yet
            if self.me.level == 0:
                record = as_level_0(record)
            if record.level < self.level and not self._is_known(record):
                self._refuse(record, now)
                continue
            before = self.roster.get(record.key)
            if not self.roster.merge(record):
                continue
            news.append(record)
            self._remember_page(record)
            if self.absent.pop(record.id, None) is not None:
                self.returned_at = now  # a partition that was longer than a lease at the directories
            self.missing.pop(record.key, None)
            self.left.pop(record.key, None)
            self.given_up.pop(record.key, None)
            self.too_old.pop(record.key, None)
            if before is None or before.incarnation != record.incarnation:
                self.joined[record.key] = now
                since = self.dead.pop(record.key, now)
                if before is not None:
                    self.absent[before.id] = since
        if news:
            self._changed(now)
        return news

    def _changed(self, now: float) -> None:
        """Note a change of the nodes."""
        self.changed_at = now
        self.version += 1

    def stood_still(self, now: float) -> None:
        """Note that this node was stopped: nodes may have come and gone meanwhile."""
        self.changed_at = now

    def _remember_page(self, record: NodeRecord) -> None:
        """Remember the URL of a node's pages. A page stays open in browsers when its node leaves, and goes on with
        another node, which then judges the page by its URL."""
        self.pages.pop(record.key, None)
        if record.http:
            self.pages[record.key] = record.http
            while len(self.pages) > MAX_NODES:
                del self.pages[next(iter(self.pages))]

    def last_life(self, key: str) -> int | None:
        """Return the last known life of the node, over or not; None for a node that never was here."""
        record = self.roster.get(key) or self.missing.get(key)
        return record.incarnation if record is not None else self.left.get(key, self.given_up.get(key))

    def _is_known(self, record: NodeRecord) -> bool:
        """Tell whether the roster already has this life of the node, with a level that suffices."""
        known = self.roster.get(record.key)
        return known is not None and known.incarnation >= record.incarnation and known.level >= self.level

    def _refuse(self, record: NodeRecord, now: float) -> None:
        """Refuse a node below the acting level.

        The node's directory may be too old to pass levels on: the record counts as level 0 until a link tells the
        level.
        """
        known = self.too_old.get(record.key)
        if known is None and len(self.too_old) >= MAX_NODES:
            return
        if known is None or newer(record, known):
            self.too_old[record.key] = record
        self._remove(record, now)

    def _remove(self, record: NodeRecord, now: float) -> None:
        before = self.roster.get(record.key)
        if before is not None and self.roster.remove(record.key, record.incarnation):
            self.absent[before.id] = self.dead.get(record.key, now)
            self.joined.pop(record.key, None)
            self._changed(now)

    def raise_level(self, level: int, now: float) -> list[NodeRecord]:
        """Raise the acting level. Returns the nodes that are too old for the level."""
        if level <= self.level:
            return []
        self.level = level
        old = [r for r in self.roster.records() if r.level < level and r.key != self.me.key]
        for record in old:
            self._refuse(record, now)
        return old

    def is_too_old(self, node: Incarnation) -> bool:
        """Tell whether this life of the node runs a build that is too old for the network."""
        record = self.too_old.get(node.key)
        return record is not None and record.incarnation == node.number

    def lowest(self) -> NodeRecord:
        """Return a node of the lowest feature level, which holds the network's level down (P42).

        All nodes count that have not departed and are not forgotten, and missing nodes, too.
        """
        nodes = [r for r in self.roster.records() if not (r.leaving and r.key in self.dead)]
        return min([*nodes, *self.missing.values()], key=lambda record: record.level, default=self.me)

    def known(self, key: str) -> NodeRecord | None:
        """Return the record for dialling a node, even of a node too old to take part in the network."""
        return self.roster.get(key) or self.too_old.get(key)

    def forget(self, key: str, incarnation: int, now: float, *, departed: bool = True) -> bool:
        """Forget a node that the directories list no more and no link hears.

        departed: the node has said goodbye. A node that was leaving without a goodbye may not have handed over all
        groups. The same holds for a node that left when no other node stayed. Such nodes are missing (P37).
        """
        if key in self.too_old and self.too_old[key].incarnation <= incarnation:
            del self.too_old[key]
        record = self.roster.get(key)
        if key == self.me.key or record is None or not self.roster.remove(key, incarnation):
            return False
        alone = self.me.leaving and not self.staying()
        if record.leaving and departed and not alone:
            self._has_left(record.id)
        else:
            self.missing[key] = record
        self.absent[Incarnation(key, incarnation)] = self.dead.get(key, now)
        self.joined.pop(key, None)
        self._changed(now)
        return True

    def remember(
        self,
        missing: Iterable[tuple[NodeRecord, float]],
        left: Mapping[str, int],
        given_up: Mapping[str, int],
        thin: Iterable[str] = (),
    ) -> None:
        """Restore the knowledge of this node's last life: `missing` (each with the Unix s since when), `left`,
        `given_up` and `thin`."""
        self.given_up.update(given_up)
        self.left.update(left)
        self.thin.update(thin)
        for record, since in missing:
            if record.key != self.me.key and record.incarnation > self.given_up.get(record.key, -1):
                self.missing[record.key] = record
                self.absent[record.id] = since
        self.version += 1

    def missing_since(self, key: str) -> float:
        """Return since when the node is missing, in Unix seconds; 0 if the node is not missing."""
        record = self.missing.get(key)
        return self.absent.get(record.id, 0.0) if record is not None else 0.0

    def _has_left(self, node: Incarnation) -> None:
        """Remember a node that left in order: nodes that did not see the leaving take the node for missing."""
        self.left.pop(node.key, None)
        self.left[node.key] = node.number
        while len(self.left) > MAX_NODES:
            del self.left[next(iter(self.left))]

    def give_up(self, key: str, now: float) -> bool:
        """Give up a dead node that, an operator says, will not return. Returns whether the node was known."""
        record = self.missing.pop(key, None) or self.roster.get(key)
        if record is not None:
            self.forget(key, record.incarnation, now)
            self.missing.pop(key, None)
        self.thin.discard(key)
        self.given_up[key] = record.incarnation if record is not None else self.given_up.get(key, 0)
        self._changed(now)
        return record is not None

    def leave(self, record: NodeRecord) -> None:
        """Take this node's own record, which says that the node is leaving."""
        self.me = record
        self.roster.merge(record)
        self.version += 1

    def heard(self, key: str, now: float) -> bool:
        """Note that the node answers. Returns whether the node was thought dead."""
        if self.dead.pop(key, None) is None:
            return False
        self.joined[key] = self.returned_at = now
        self._changed(now)
        return True

    def died(self, key: str, now: float) -> bool:
        """Note evidence of death: a refused connection, or silence (P18). Returns whether the death was news."""
        if key == self.me.key or key in self.dead or self.roster.get(key) is None:
            return False
        self.dead[key] = now
        self._changed(now)
        return True

    def is_alive(self, key: str) -> bool:
        """Tell whether the node is in the roster and not known dead."""
        return key not in self.dead and self.roster.get(key) is not None

    def is_lost(self, key: str) -> bool:
        """Tell whether the node is gone without having left in order, and may return with groups on disk (P36)."""
        record = self.roster.get(key)
        return key in self.missing or (record is not None and key in self.dead and not record.leaving)

    def is_current(self, incarnation: Incarnation) -> bool:
        """Tell whether this life of the node runs now, as far as this node knows (P30)."""
        record = self.roster.get(incarnation.key)
        return record is not None and record.incarnation == incarnation.number and incarnation.key not in self.dead

    def gone_for(self, incarnation: Incarnation, now: float) -> float:
        """Return the seconds since this life of the node ended; 0 while the life goes on.

        The people of the ended life have grace_s from the end on, even if the node starts again at once (P31).
        """
        record = self.roster.get(incarnation.key)
        if record is not None and record.incarnation == incarnation.number:
            return now - self.dead[incarnation.key] if incarnation.key in self.dead else 0.0
        return now - self.absent.setdefault(incarnation, now)

    def lost_lately(self, now: float, within_s: float) -> bool:
        """Tell whether any node's life ended, or seemed to end, less than `within_s` seconds ago."""
        return any(now - since < within_s for since in (*self.dead.values(), *self.absent.values()))

    def stable_for(self, key: str, now: float) -> float:
        """Return the seconds since the node was first seen in this life, or came back."""
        return now - self.joined.get(key, now)

    @property
    def ring(self) -> Ring:
        return self.roster.ring(self.settings.distance, self.settings.points)

    @property
    def living_ring(self) -> Ring:
        """Return the ring without the dead nodes: the nearest living node masters a name."""
        ring = self.ring
        return Ring(ring.keys.difference(self.dead), ring.distance, ring.points) if self.dead else ring

    def owners(self, group: GroupId) -> tuple[str, ...]:
        """Return the owners nearest first, over nodes that are not leaving; enough owners to include a living node."""
        return owners(group.name, self.ring, len(self.dead) + 1)

    def holders(self, group: GroupId) -> tuple[str, ...]:
        """Return the nodes that should hold a group mastered here: this node, then the next living owners (P13)."""
        unfit = self.unfit_for(group)
        count = self.settings.copies
        if count == 1:
            return (self.me.key,)
        found = owners(group.name, self.ring, len(self.dead) + len(unfit) + count + 1)
        fit = [k for k in found if k != self.me.key and k not in self.dead and k not in unfit]
        return (self.me.key, *fit[: count - 1])

    def says_thin(self, key: str, thin: bool) -> None:
        """Note whether the node holds account groups with too few holders (P37)."""
        if thin != (key in self.thin):
            (self.thin.add if thin else self.thin.discard)(key)
            self.version += 1

    def everybody(self) -> Roster:
        """Return all nodes that ever were here and have not left in order."""
        return Roster([*self.too_old.values(), *self.missing.values(), *self.roster.records()])

    def lost(self) -> list[NodeRecord]:
        """Return the nodes that are gone and may return with groups on disk, sorted by name (P36)."""
        gone = [r for r in self.everybody().records() if not self.is_alive(r.key) and r.key not in self.given_up]
        return sorted(gone, key=lambda record: record.name)

    def unheard(self, heard: Iterable[str]) -> set[str]:
        """Return the ring keys of the nodes that may hold a group and have not said so yet (P37). heard: nodes that
        have."""
        return {*self.too_old, *self.missing, *self.roster.keys()}.difference(heard, self.given_up)

    def should_know(self, group: GroupId) -> tuple[str, ...]:
        """Return the first owners of a group over all nodes that ever were here and have not left in order (P37)."""
        everybody = self.everybody()
        ring = everybody.ring(self.settings.distance, self.settings.points)
        return owners(group.name, ring, self.settings.copies + 2)

    def acting(self, group: GroupId) -> str:
        """Return the ring key of the acting master: the first owner not proven dead (P4) that can serve the group."""
        unfit = self.unfit_for(group)
        if not unfit:
            return next((key for key in self.owners(group) if key not in self.dead), self.me.key)
        found = owners(group.name, self.ring, len(self.dead) + len(unfit) + 1)
        return next((key for key in found if key not in self.dead and key not in unfit), self.me.key)

    def stopped(self, group: GroupId, node: Incarnation) -> None:
        """Note that a mistake of the program has stopped the group in this life of the node."""
        self.unfit.setdefault(group, set()).add(node)
        if len(self.unfit) > UNFIT:
            del self.unfit[next(iter(self.unfit))]

    def unfit_for(self, group: GroupId) -> frozenset[str]:
        """Return the ring keys of living nodes that cannot take part in the group."""
        if not self.unfit or group not in self.unfit:
            return frozenset()
        return frozenset(node.key for node in self.unfit[group] if node == self.me.id or self.is_current(node))

    def others(self) -> list[str]:
        """Return the ring keys of the other nodes that are not known dead."""
        return [r.key for r in self.roster.records() if r.key != self.me.key and r.key not in self.dead]

    def staying(self) -> list[str]:
        """Return the ring keys of the other living nodes that are not leaving."""
        return [key for key in self.others() if (r := self.roster.get(key)) is not None and not r.leaving]
