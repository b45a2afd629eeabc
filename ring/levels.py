"""Raise and follow the feature level at which the network acts (P42).

The level is part of the state of the network's own group, which every node follows. The level only rises: the group's
master raises the level to the lowest level of all nodes in the master's roster. A node also keeps the level in the
roster file, since the network's group is not on any disk.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ring.features import at_level, unsupported
from ring.ids import GroupId
from ring.replication.port import Port
from ring.roster import Range, check_levels
from ring.wire.messages import Message


class Levels:
    """Raise the acting level, and follow the level of the network's group."""

    def __init__(self, port: Port) -> None:
        self.port = port
        self._group: GroupId | None = None
        self._command: Callable[[int], Any] = lambda level: None
        self._asked = 0  # the level last asked for under this term
        self.refused: dict[str, str] = {}  # ring keys of links to cut -> why, for the shell

    def keep_in(self, group: GroupId, command: Callable[[int], Any]) -> None:
        """Keep the level in a group. group: has a `level` in the state. command: makes the command that raises the
        level."""
        self._group, self._command = group, command

    @property
    def is_busy(self) -> bool:
        """Tell whether the network's level is about to rise."""
        peers = self.port.peers
        return self._group is not None and peers.level < peers.me.level and peers.level < peers.lowest().level

    def tick(self) -> None:
        """Follow the level of the group's state, and raise the level if this node masters the group."""
        if self._group is None:
            return
        port = self.port
        state = port.state(self._group)
        if state is not None:
            self.rise(state.level)  # type: ignore[attr-defined]
        m = port.replicas.masters.get(self._group)
        if m is None or not m.serving or not port.has_met:
            self._asked = 0
            return
        level: int = m.replica.state.level  # type: ignore[attr-defined]
        if level >= max(port.peers.me.level, port.peers.level):
            return  # the lowest level of all nodes is at most this node's level
        wanted = max(port.peers.lowest().level, port.peers.level)
        if level < wanted and self._asked != wanted and port.me in m.replica.state.subscribers:
            self._asked = wanted
            port.command(m, self._command(wanted))

    def written(self, out: dict[str, list[Message]]) -> dict[str, list[Message]]:
        """Return the messages as builds of the acting level write them; newer messages are left out."""
        level, build = self.port.peers.level, self.port.peers.me.level
        fit = {key: [m for m in messages if not unsupported(m, level)] for key, messages in out.items()}
        return {key: at_level(messages, level, build) for key, messages in fit.items() if messages}

    def rise(self, level: int) -> None:
        """Note that the network acts at this level, or a higher level, and refuse nodes that are too old."""
        port = self.port
        before = port.peers.level
        if level <= before:
            return
        too_old = port.peers.raise_level(level, port.now)
        for kind in port.kinds.values():
            kind.level = level
        port.note("level_raised", acting=level, before=before)
        me = port.peers.me
        for record in too_old:
            reason = check_levels(me, Range(me.level, level), record, Range(record.level, 0))
            self.refused[record.key] = reason or ""
            port.note("node_too_old", peer=record.key, name=record.name, own=record.level, acting=level)
