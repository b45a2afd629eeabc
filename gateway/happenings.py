"""What happens to the groups of this node and to its peers, from the engine's notes, for the page of the ring. No I/O.

The groups of a dead node are taken over by the thousand, so notes alike that come close together are one happening. A
page is public: kinds and numbers are told, and the names of a few channels that LIST shows to everybody.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import Final, cast

import msgspec

from gateway.node import NodeCore
from gateway.state.channel.channel import Channel
from ring.ids import GroupId
from ring.notes import Note

GATHER_S: Final = 0.3
"""Notes alike are gathered for so long."""

KEPT: Final = 100
"""So many happenings are remembered; the oldest are forgotten first."""

NAMED: Final = 5
"""A happening names at most so many channels."""

STARTING_S: Final = 60.0
"""Within this time after its start, a node learns how the network is: that is no news."""

OF_GROUPS: Final = frozenset(("takeover", "hand_off_received", "merge", "hand_off_failed"))
"""A hand-off is told by the new master: the old one may be gone before anybody asks."""
OF_PEERS: Final = frozenset(("node_dead", "node_alive", "node_leaving", "node_left", "node_returned"))
OF_THIS_NODE: Final = frozenset(("level_raised", "was_stopped"))


class Happening(msgspec.Struct, frozen=True):
    """Nodes of different builds read each other's: a field that comes later needs a default."""

    number: int  # counts the happenings of this life of the node, from 1
    at: float  # Unix seconds
    event: str  # of the note
    peer: str = ""  # ring key of the node that had the groups before, or of the dead node
    groups: dict[str, int] = {}  # kind -> how many
    channels: tuple[str, ...] = ()  # some of them
    longest_ms: float = 0.0  # the longest time that a group gave no service
    left: bool = False  # the peer had said that it would stop
    level: int = 0  # the feature level at which the network acts now
    life: int = 0  # of the peer: its incarnation; 0 if unknown


class _Gathered:
    """Notes alike, while more of them may come."""

    def __init__(self, at: float, first: Note) -> None:
        self.at = at
        self.first = first
        self.groups: Counter[str] = Counter()
        self.channels: list[str] = []
        self.longest_ms = 0.0


class Happenings:
    """The latest happenings of one node."""

    def __init__(self, core: NodeCore) -> None:
        self._core = core
        self._gathering: dict[tuple[str, str], _Gathered] = {}
        self._kept: deque[Happening] = deque(maxlen=KEPT)
        self._count = 0

    def hear(self, note: Note) -> None:
        """The engine has noted something. Takes time O(1)."""
        if note.event not in OF_GROUPS | OF_PEERS | OF_THIS_NODE:
            return
        if note.event == "level_raised" and self._core.engine.now - self._core.engine.peers.me.started < STARTING_S:
            return  # a node that starts learns the network's level
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
        """The remembered happenings after the happening with that number, the oldest first."""
        self._close()
        return [one for one in self._kept if one.number > number]

    def _close(self) -> None:
        """What was gathered for long enough is a happening."""
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
        """The ring key of the other node that the note is about; "" if there is none."""
        if note.event == "takeover" and note.group is not None:
            mastered = self._core.engine.replicas.masters.get(note.group)
            lineage = mastered.copy.lineage if mastered is not None else ()
            return lineage[-2][0].key if len(lineage) > 1 else ""
        return str(note.facts.get("peer", ""))

    def _public_name(self, group: GroupId) -> str:
        """The channel's name, if LIST shows the channel to everybody (mode +s hides it)."""
        state = self._core.engine.state(group) if group.kind == "channel" else None
        if state is None:
            return ""
        channel = cast(Channel, state)
        return channel.name if channel.members and "s" not in channel.modes else ""
