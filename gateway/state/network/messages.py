"""Commands and events of the network's own group: announcements and the feature level. Every node follows the group."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from gateway.state.people import Refusal


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    pass


class Attend(_Tagged, frozen=True, tag=1):
    """Subscribe a node's incarnation to the network's group (P40)."""

    key: str
    incarnation: int


class Announce(_Tagged, frozen=True, tag=2):
    """Announce a text. audience: "wallops" (users with +w), "operators" (users with +o) or "all".

    verb, mask: of an announcement to all: NOTICE or PRIVMSG, and a mask of the server's name or of nodes' names.
    """

    NEWER: ClassVar = {"account": 1, "verb": 3, "mask": 3}

    source: str
    audience: str
    text: str
    account: str | None = None
    verb: str = "NOTICE"
    mask: str = "*"


class Evict(_Tagged, frozen=True, tag=3):
    edges: tuple[tuple[str, int], ...]


class Raise(_Tagged, frozen=True, tag=4):
    """Raise the network's feature level, unless the level is higher already (P42).

    Raise and Raised are the only command and event of level 1 that nodes write before the network acts at level 1:
    every node understands both by then.
    """

    level: int


Command = Attend | Announce | Evict | Raise


class Attended(_Tagged, frozen=True, tag=21):
    key: str
    incarnation: int


class Announced(_Tagged, frozen=True, tag=22):
    NEWER: ClassVar = {"account": 1, "verb": 3, "mask": 3}

    source: str
    audience: str
    text: str
    account: str | None = None
    verb: str = "NOTICE"
    mask: str = "*"


class Evicted(_Tagged, frozen=True, tag=23):
    edges: tuple[tuple[str, int], ...]


class Merged(_Tagged, frozen=True, tag=24):
    """The partition has healed. edges: nodes that subscribed on the other side only."""

    edges: tuple[tuple[str, int], ...]


class Raised(_Tagged, frozen=True, tag=25):
    """The network acts at this feature level now (P42). edges: if a merge raised the level, the nodes that subscribed
    on the other side only."""

    level: int
    edges: tuple[tuple[str, int], ...] = ()


Event = Attended | Announced | Evicted | Merged | Raised

Outcome = Refusal | None
