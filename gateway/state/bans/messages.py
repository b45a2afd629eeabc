"""Entries, commands and events of the network's list of bans. Every node follows the group of the list (P55)."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from gateway.state.people import Refusal


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """A line of the list: a ban, or what is left of a lifted ban. kind and mask together name the entry.

    kind: "kline" (user@host, user@network or ~account:name), "dline" (address or network), "xline" (real name),
    "shun" (as kline), "filter" (text) or "defcon" (the mask is empty). mask: in the canonical spelling, folded.
    at: time of the last change, Unix ms. by: nick and operator name of whoever has made the last change. until: Unix
    ms; 0: for good.

    For filters: action ("block", "report", "kill" or "ban"), parts (letters of the filtered texts: m messages, n nicks,
    r real names), and action_s, the length of the ban in seconds, 0 for good. For "defcon": action is the level.
    """

    kind: str
    mask: str
    at: int
    by: str
    until: int = 0
    reason: str = ""
    is_lifted: bool = False
    action: str = ""
    parts: str = ""
    action_s: int = 0

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.mask

    def is_active(self, at: int) -> bool:
        """Tell whether the entry counts at a time (Unix ms)."""
        return not self.is_lifted and (not self.until or at < self.until)


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    pass


class Follow(_Tagged, frozen=True, tag=41):
    """Subscribe a node's incarnation to the list."""

    SINCE: ClassVar = 3

    key: str
    incarnation: int


class Put(_Tagged, frozen=True, tag=42):
    """Add an entry, or change the entry with the same kind and mask. most: active entries of the kind, as a limit."""

    SINCE: ClassVar = 3

    entry: Entry
    most: int


class Lift(_Tagged, frozen=True, tag=43):
    SINCE: ClassVar = 3

    kind: str
    mask: str
    by: str


class Evict(_Tagged, frozen=True, tag=44):
    SINCE: ClassVar = 3

    edges: tuple[tuple[str, int], ...]


Command = Follow | Put | Lift | Evict


class Followed(_Tagged, frozen=True, tag=61):
    SINCE: ClassVar = 3

    key: str
    incarnation: int


class Changed(_Tagged, frozen=True, tag=62):
    SINCE: ClassVar = 3

    entry: Entry


class Evicted(_Tagged, frozen=True, tag=63):
    SINCE: ClassVar = 3

    edges: tuple[tuple[str, int], ...]


class Merged(_Tagged, frozen=True, tag=64):
    """The partition has healed. entries: of the other side, where these are newer. edges: nodes that subscribed on the
    other side only."""

    SINCE: ClassVar = 3

    entries: tuple[Entry, ...]
    edges: tuple[tuple[str, int], ...]


Event = Followed | Changed | Evicted | Merged


class Done(_Tagged, frozen=True, tag=81):
    """is_new: there was no active entry of this kind and mask."""

    SINCE: ClassVar = 3

    is_new: bool


class NotDone(_Tagged, frozen=True, tag=82):
    """why: "full" (the limit is reached) or "unknown" (no such active entry)."""

    SINCE: ClassVar = 3

    why: str


Outcome = Refusal | Done | NotDone | None
