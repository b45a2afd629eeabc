"""Sums up the engine's notes about groups and peers as happenings, for the page of the ring. No I/O.

The groups of a dead node are taken over by the thousand. So similar notes close to each other become a single
happening. The page is public, so a happening holds only kinds and numbers of groups, and the names of a few channels
that LIST shows to everybody.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import Final, cast

import msgspec

from gateway.node import NodeCore
from gateway.state.channel.channel import Channel
from ring.ids import GroupId
from ring.replication.application import Note

GATHER_S: Final = 0.3
"""Similar notes are gathered for this long."""

KEPT: Final = 100
"""The number of happenings that are kept; the oldest are forgotten first."""

NAMED: Final = 5
"""The number of channels that a happening names at most."""

STARTING_S: Final = 60.0
"""A raised level is not reported this soon after the start, while the node still learns the network's level."""

OF_GROUPS: Final = frozenset(("takeover", "hand_off_received", "merge", "hand_off_failed"))
"""The new master reports a hand-off: the old master may have stopped before the next question."""
OF_PEERS: Final = frozenset(("node_dead", "node_alive", "node_leaving", "node_left", "node_returned"))
OF_THIS_NODE: Final = frozenset(("level_raised", "was_stopped"))


class Happening(msgspec.Struct, frozen=True):
    """One line for the page. Nodes of different builds exchange happenings: a new field needs a default."""

    number: int  # counts the happenings since the node's start, from 1
    at: float  # Unix seconds
    event: str  # the event of the notes
    peer: str = ""  # ring key of the former master of the groups, or of the dead node
    groups: dict[str, int] = {}  # kind of group -> number of groups
    channels: tuple[str, ...] = ()  # names of some of the channels
    longest_ms: float = 0.0  # the longest time that one of the groups gave no service
    left: bool = False  # the peer had announced that it would stop
    level: int = 0  # the feature level at which the network acts now
    life: int = 0  # the incarnation of the peer; 0 if unknown


class _Gathered:
    """Similar notes, gathered until GATHER_S has passed."""

    def __init__(self, at: float, first: Note) -> None:
        self.at = at
        self.first = first
        self.groups: Counter[str] = Counter()
        self.channels: list[str] = []
        self.longest_ms = 0.0


class Happenings:
    """Keeps the latest happenings of one node."""

    def __init__(self, core: NodeCore) -> None:
        self._core = core
        self._gathering: dict[tuple[str, str], _Gathered] = {}
        self._kept: deque[Happening] = deque(maxlen=KEPT)
        self._count = 0

    def hear(self, note: Note) -> None:
        """Gather a note of the engine. Takes time O(1)."""
        if note.event not in OF_GROUPS | OF_PEERS | OF_THIS_NODE:
            return
        if note.event == "level_raised" and self._core.engine.now - self._core.engine.peers.me.started < STARTING_S:
            return  # the node has just started and learns the network's level
        self._close()
        key = note.event, self._peer(note)
        gathered = self._gathering.get(key)
        if gathered is None:
            gathered = self._gathering[key] = _Gathered(self._core.engine.now, note)
        if note.group is not None:
            gathered.groups[note.group.kind] += 1
            gathered.longest_ms = max(gathered.longest_ms, note.facts.get("took_ms", 0.0))
            if len(gathered.channels) < NAMED and (name := self._public_name(note.group)):
                gathered.channels.append(name)

    def after(self, number: int) -> list[Happening]:
        """Return the kept happenings with a higher number, the oldest first."""
        self._close()
        return [one for one in self._kept if one.number > number]

    def _close(self) -> None:
        """Make happenings of the notes that were gathered for long enough."""
        ripe = [key for key, one in self._gathering.items() if self._core.engine.now - one.at >= GATHER_S]
        for event, peer in ripe:
            one = self._gathering.pop((event, peer))
            facts = one.first.facts
            self._count += 1
            self._kept.append(
                Happening(
                    self._count,
                    one.at,
                    event,
                    peer,
                    dict(one.groups),
                    tuple(one.channels),
                    one.longest_ms,
                    bool(facts.get("leaving", False)),
                    facts.get("acting", 0),
                    facts.get("incarnation", 0) if event in OF_PEERS else 0,
                )
            )

    def _peer(self, note: Note) -> str:
        """Return the ring key of the other node in the note; "" if there is none."""
        if note.event == "takeover" and note.group is not None:
            mastered = self._core.engine.replicas.masters.get(note.group)
            lineage = mastered.replica.lineage if mastered is not None else ()
            return lineage[-2][0].key if len(lineage) > 1 else ""
        return str(note.facts.get("peer", ""))

    def _public_name(self, group: GroupId) -> str:
        """Return the channel's name if LIST shows the channel to everybody (mode +s hides it), and "" otherwise."""
        state = self._core.engine.state(group) if group.kind == "channel" else None
        if state is None:
            return ""
        channel = cast(Channel, state)
        return channel.name if channel.members and "s" not in channel.modes else ""
