"""The network's own group. Every node follows the group, so announcements reach everybody, in the same order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from gateway.state.network.messages import (
    Announce,
    Announced,
    Attend,
    Attended,
    Evict,
    Evicted,
    Merged,
    Raise,
    Raised,
)
from ring.ids import Incarnation
from ring.replication.state_machine import Decision, StateBase


class Network(StateBase):
    """The subscribed node incarnations, and the network's feature level (P42). The level only rises."""

    def __init__(self) -> None:
        self.subscribers: dict[Incarnation, int] = {}
        self.level = 0

    def decide(self, command: Any, at: int) -> Decision:
        if isinstance(command, Attend):
            edge = Incarnation(command.key, command.incarnation)
            return Decision(None, None if edge in self.subscribers else Attended(*edge))
        if isinstance(command, Announce):
            facts = (command.source, command.audience, command.text, command.account, command.verb, command.mask)
            return Decision(None, Announced(*facts))
        if isinstance(command, Raise):
            return Decision(None, Raised(command.level) if command.level > self.level else None)
        gone = tuple(edge for edge in command.edges if Incarnation(*edge) in self.subscribers)
        return Decision(None, Evicted(gone) if gone else None)

    def apply(self, event: Any, at: int) -> bool:
        if isinstance(event, Attended):
            self.subscribers[Incarnation(event.key, event.incarnation)] = 1
        elif isinstance(event, Evicted):
            for edge in event.edges:
                self.subscribers.pop(Incarnation(*edge), None)
        elif isinstance(event, Merged):
            self.subscribers.update((Incarnation(*edge), 1) for edge in event.edges)
        elif isinstance(event, Raised):
            self.level = max(self.level, event.level)
            self.subscribers.update((Incarnation(*edge), 1) for edge in event.edges)
        return not isinstance(event, Announced)

    def snapshot(self) -> Any:
        subscribers = list(self.subscribers)
        # At level 0, in the form for builds of level 0.
        return _Stored(subscribers, self.level) if self.level else subscribers

    def is_message(self, event: Any) -> bool:
        return isinstance(event, Announced)

    def merge(self, other: Network, at: int) -> Merged | Raised | None:
        lacking = sorted(edge for edge in other.subscribers if edge not in self.subscribers)
        edges = tuple((edge.key, edge.number) for edge in lacking)
        if other.level > self.level:
            return Raised(other.level, edges)
        return Merged(edges) if edges else None

    def maintenance(self, at: int, gone: Callable[[Incarnation], bool]) -> list[Any]:
        edges = tuple((edge.key, edge.number) for edge in self.subscribers if gone(edge))
        return [Evict(edges)] if edges else []

    def is_collectable(self, at: int) -> bool:
        return not self.subscribers


class _Stored(msgspec.Struct, frozen=True):
    """A snapshot from feature level 1 on. At level 0, a snapshot is only the list of hosts."""

    hosts: list[Incarnation]
    level: int


_stored = msgspec.msgpack.Decoder(list[Incarnation] | _Stored)


def restore(snapshot: msgspec.Raw) -> Network:
    """Raises msgspec.MsgspecError."""
    network = Network()
    stored = _stored.decode(snapshot)
    subscribers, network.level = (stored.hosts, stored.level) if isinstance(stored, _Stored) else (stored, 0)
    network.subscribers = dict.fromkeys(subscribers, 1)
    return network
