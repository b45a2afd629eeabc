"""The index of all channels in a large network, for LIST: soft state on a few nodes of the ring (P39).

Theory of operation. The hashes of the channels' names are divided into PARTS parts, and the node next to the middle of
a part keeps the rows of the part. Each node tells these keepers which channels the node masters: all rows once, then
every TELL_S the rows that have changed, and at least every REFRESH_S that nothing has. LIST asks the keepers, and the
asker's node for its own channels and for the channels of the asker, which are so shown as they are now.

Nothing of this is a group: an index that is lost is told again. A keeper that lacks a telling says so, and is told all
rows anew. Rows of a node without a word for OLD_S are dropped. A channel that two nodes have told, as after a takeover,
has two rows for a while, of which the row of the higher term counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, cast

from gateway.edge import slices
from gateway.edge.ports import EdgePort, IndexPort
from gateway.edge.rpc.asks import IndexAsk, Indexed
from gateway.edge.rpc.catalogue import Names
from gateway.edge.slices import PART, RUN, Slices
from gateway.state.channel.channel import Channel
from gateway.state.channel.questions import ListRow
from ring.placement import SPACE, hash32

PARTS: Final = 8

TELL_S: Final = 10.0
REFRESH_S: Final = 30.0
OLD_S: Final = 100.0

AT_ONCE: Final = 1_000
"""Rows in a telling at most; further rows follow when the keeper has answered."""

KEPT: Final = 1_000_000
"""A keeper keeps at most this many channels."""

NEAR: Final = 1
"""Nodes tell when so many nodes are missing to a large network, so the index is there when the network is large."""

Rows = dict[str, ListRow]


def keepers(keys: Iterable[str]) -> tuple[str, ...]:
    """Return the keeper of each part: the node whose hash is next to the middle of the part. O(nodes)."""
    places = sorted((hash32(key), key) for key in keys)
    width = SPACE // PARTS
    middles = [part * width + width // 2 for part in range(PARTS)]
    return tuple(min(places, key=lambda one: (abs(one[0] - middle), one))[1] for middle in middles)


def part_of(name: str) -> int:
    """Return the part of a folded channel name."""
    return hash32(name) * PARTS // SPACE


class _Told:
    """What a keeper knows of this node. at: of the last answer, Unix seconds."""

    def __init__(self) -> None:
        self.rows: Rows = {}
        self.serial = 0  # of the next telling; 0: the keeper is to forget earlier tellings
        self.at = 0.0
        self.waits = False  # an answer of the keeper is due


class _Source:
    """What this node keeps of another."""

    def __init__(self) -> None:
        self.names: dict[str, None] = {}
        self.serial = 0
        self.at = 0.0


class ChannelIndex(IndexPort):
    """This node's part in the index, as keeper and as a node that tells."""

    def __init__(self, edge: EdgePort) -> None:
        self._edge = edge
        self._told: dict[str, _Told] = {}
        self._sources: dict[str, _Source] = {}
        self._rows: dict[str, Rows] = {}  # folded name -> ring key of the telling node -> row
        self._keepers: tuple[int, tuple[str, ...]] = (-1, ())  # of this version of the peers
        self.next_at = 0.0  # when the next telling is due
        self._scanned = (-1, -1)  # `Network.changes` and the version of the peers at the last look at all channels
        self._looks = False  # a look at all channels is under way
        self._wanted: dict[str, Rows] = {}  # by keeper, as of the last look
        self.names = Names(edge, self._names)

    # Telling --------------------------------------------------------------------------------------------------------

    def keepers(self) -> tuple[str, ...]:
        """Return the ring keys of the keepers, each once."""
        return tuple(dict.fromkeys(self._by_part()))

    def _by_part(self) -> tuple[str, ...]:
        network = self._edge.network
        if self._keepers[0] != network.peers_version:
            self._keepers = (network.peers_version, keepers([self._edge.record.key, *network.staying()]))
            self.next_at = min(self.next_at, self._edge.now + 1.0)
        return self._keepers[1]

    def tick(self, now: float) -> None:
        """Tell the keepers what has changed, if a telling is due."""
        census, network = self._edge.census, self._edge.network
        if census.asks_all and not census.is_nearly_large(NEAR):
            if self._told or self._rows:
                self._told, self._sources, self._rows, self._scanned = {}, {}, {}, (-1, -1)
            return
        by_part = self._by_part()
        if now < self.next_at:
            return
        self.next_at = now + TELL_S
        self._drop_old(now)
        seen = (network.changes, network.peers_version)
        if seen == self._scanned:
            self._tell_all()
            return
        if not self._looks:
            self._scanned, self._looks = seen, True
            slices.do(self._edge, self._look_and_tell(by_part))

    def _look_and_tell(self, by_part: tuple[str, ...]) -> Slices[None]:
        self._wanted = yield from self._look(by_part)
        self._looks = False
        self._tell_all()

    def _look(self, by_part: tuple[str, ...]) -> Slices[dict[str, Rows]]:
        """Make the rows of the channels mastered here, by keeper."""
        network, found = self._edge.network, dict[str, Rows]()
        for at, group in enumerate(network.groups()):
            if at % PART == PART - 1:
                yield
            served = network.serves(group) if group.kind == "channel" else None
            channel = cast(Channel, served[0]) if served is not None else None
            if served is not None and channel is not None and channel.members:
                rows = found.setdefault(by_part[part_of(group.name)], {})
                rows[group.name] = channel.row(served[1].number)
        return found

    def _tell_all(self) -> None:
        now_keepers = dict.fromkeys(self.keepers())
        self._told = {key: told for key, told in self._told.items() if key in now_keepers}
        for key in now_keepers:
            told = self._told.setdefault(key, _Told())
            if not told.waits:
                self._tell(key, told)

    def _tell(self, key: str, told: _Told) -> None:
        """Tell a keeper the next rows, or that nothing has changed for a while."""
        wanted, edge = self._wanted.get(key, {}), self._edge
        changed = {name: row for name, row in wanted.items() if told.rows.get(name) != row}
        gone = [name for name in told.rows if name not in wanted]
        if not (changed or gone) and edge.now - told.at < REFRESH_S:
            return
        names, gone = list(changed)[:AT_ONCE], gone[:AT_ONCE]
        ask = IndexAsk(edge.record.key, told.serial, tuple(names), tuple(changed[name] for name in names), tuple(gone))
        told.waits = True

        def answered(reply: object) -> None:
            told.waits, told.at = False, edge.now
            if not (isinstance(reply, Indexed) and reply.is_known):
                told.rows, told.serial, told.at = {}, 0, 0.0  # all is told anew, at the next time
                return
            told.serial += 1
            told.rows |= dict(zip(ask.names, ask.rows, strict=True))
            for name in ask.gone:
                told.rows.pop(name, None)
            if len(changed) > AT_ONCE or len(gone) == AT_ONCE:
                self._tell(key, told)

        edge.network.ask_node(key, ask, answered)

    # Keeping --------------------------------------------------------------------------------------------------------

    def take(self, ask: IndexAsk) -> Indexed:
        """Take what a node tells."""
        source = self._sources.get(ask.key)
        if ask.serial == 0:
            if source is not None:
                self._forget(ask.key)
            source = self._sources[ask.key] = _Source()
        elif source is None or ask.serial not in (source.serial, source.serial + 1):
            return Indexed(False)
        source.serial, source.at = ask.serial, self._edge.now
        for name in ask.gone:
            self._remove(ask.key, source, name)
        for name, row in zip(ask.names, ask.rows, strict=True):
            if name in self._rows or len(self._rows) < KEPT:
                self._rows.setdefault(name, {})[ask.key] = row
                source.names[name] = None
        return Indexed(True)

    def row(self, name: str) -> ListRow | None:
        """Return the row of a channel, by folded name."""
        rows = self._rows.get(name)
        return max(rows.values(), key=lambda row: row.term) if rows else None

    def _names(self) -> Slices[list[str]]:
        names, found = list(self._rows), list[str]()
        for at in range(0, len(names), RUN):
            found += names[at : at + RUN]
            yield
        return found

    def _drop_old(self, now: float) -> None:
        for key in [key for key, source in self._sources.items() if now - source.at > OLD_S]:
            self._forget(key)

    def _forget(self, key: str) -> None:
        source = self._sources.pop(key)
        for name in source.names:
            self._drop(key, name)

    def _remove(self, key: str, source: _Source, name: str) -> None:
        if source.names.pop(name, False) is None:
            self._drop(key, name)

    def _drop(self, key: str, name: str) -> None:
        rows = self._rows[name]
        del rows[key]
        if not rows:
            del self._rows[name]
