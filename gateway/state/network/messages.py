"""The network's own group, which every node follows: announcements to operators and to all."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from gateway.state.people import Refusal


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    pass


class Attend(_Tagged, frozen=True, tag=1):
    """This node incarnation follows the network from now on (P40)."""

    key: str
    incarnation: int


class Announce(_Tagged, frozen=True, tag=2):
    """audience: "wallops" (users with +w), "operators" (users with +o) or "all"."""

    NEWER: ClassVar = {"account": 1}

    source: str
    audience: str
    text: str
    account: str | None = None


class Evict(_Tagged, frozen=True, tag=3):
    edges: tuple[tuple[str, int], ...]


class Raise(_Tagged, frozen=True, tag=4):
    """The network is to act at this feature level, if it does not act at a higher one (P42).

    This command and its event are the only ones of level 1 that are written before the network acts at level 1: by then
    every node understands them.
    """

    level: int


Command = Attend | Announce | Evict | Raise


class Attended(_Tagged, frozen=True, tag=21):
    key: str
    incarnation: int


class Announced(_Tagged, frozen=True, tag=22):
    NEWER: ClassVar = {"account": 1}

    source: str
    audience: str
    text: str
    account: str | None = None


class Evicted(_Tagged, frozen=True, tag=23):
    edges: tuple[tuple[str, int], ...]


class Merged(_Tagged, frozen=True, tag=24):
    """These attended another side of a partition."""

    edges: tuple[tuple[str, int], ...]


class Raised(_Tagged, frozen=True, tag=25):
    """The network acts at this feature level (P42). edges: these attended another side of a partition, which did."""

    level: int
    edges: tuple[tuple[str, int], ...] = ()


Event = Attended | Announced | Evicted | Merged | Raised

Outcome = Refusal | None
