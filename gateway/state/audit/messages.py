"""Commands, events and questions of the audit's group: what operators did, and notices for operators (P53)."""

from __future__ import annotations

from typing import ClassVar, Final

import msgspec

from ring.ids import GroupId

AUDIT: Final = GroupId("audit", "*")
"""The group with the acts of operators."""


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    SINCE: ClassVar = 3


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """An act of an operator.

    id: network-unique, given by the operator's node. at: Unix ms, given by the group's master. operator: the name in
    the configuration. nick: of the operator. node: name of the operator's node. act: a word, such as "kill". target:
    whom or what the act concerns, "" for the node alone. letter: the snomask of operators who are told of the act.
    """

    id: str
    at: int
    operator: str
    nick: str
    node: str
    act: str
    target: str
    reason: str
    letter: str


class Attend(_Tagged, frozen=True, tag=1):
    """Subscribe a node with operators who want notices."""

    key: str
    incarnation: int


class Evict(_Tagged, frozen=True, tag=2):
    """Unsubscribe nodes that are gone, or have no such operators any more."""

    edges: tuple[tuple[str, int], ...]


class Record(_Tagged, frozen=True, tag=3):
    """Keep an act. entry: the master gives the time."""

    entry: Entry


class Notify(_Tagged, frozen=True, tag=4):
    """Tell operators of an event on a node; nothing is kept. letter: the snomask. node: the name of the node."""

    letter: str
    node: str
    text: str


Command = Attend | Evict | Record | Notify


class Attended(_Tagged, frozen=True, tag=21):
    key: str
    incarnation: int


class Evicted(_Tagged, frozen=True, tag=22):
    edges: tuple[tuple[str, int], ...]


class Recorded(_Tagged, frozen=True, tag=23):
    """keep: the most acts that the group keeps, by the setting of the master's node."""

    entry: Entry
    keep: int


class Notified(_Tagged, frozen=True, tag=24):
    letter: str
    node: str
    text: str


class Merged(_Tagged, frozen=True, tag=25):
    """The partition has healed. edges, entries: those of the other side alone."""

    edges: tuple[tuple[str, int], ...]
    entries: tuple[Entry, ...]


Event = Attended | Evicted | Recorded | Notified | Merged


class Read(_Tagged, frozen=True, tag=31):
    """Ask for the newest acts, oldest first. count: at most. since: Unix ms. The other fields are masks, "" for any;
    operator: of the name or the nick."""

    count: int
    since: int = 0
    operator: str = ""
    act: str = ""
    target: str = ""
    node: str = ""


class Acts(_Tagged, frozen=True, tag=41):
    """The answer to Read. more: how many other acts fit the question."""

    entries: tuple[Entry, ...]
    more: int
