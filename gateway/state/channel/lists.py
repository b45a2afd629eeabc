"""The lists of a channel: bans (b), exceptions from bans (e), masks that need no invitation (I)."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.irc.casemapping import Casemap
from gateway.irc.masks import MaskSet


class MaskList:
    """Masks, each with the person that set the mask, and the time. Masks that MaskSet counts as the same are the
    same. The MaskSet is made for the first mask: most channels have empty lists, and thousands of channels are restored
    when a node starts."""

    __slots__ = ("_casemap", "_masks", "entries")

    def __init__(self, casemap: Casemap, rows: Iterable[tuple[str, str, int]] = ()) -> None:
        self._casemap = casemap
        self._masks: MaskSet | None = None
        self.entries: dict[str, tuple[str, int]] = {}  # mask -> (set by, Unix ms)
        for mask, by, at in rows:
            self.add(mask, by, at)

    @property
    def masks(self) -> MaskSet:
        if self._masks is None:
            self._masks = MaskSet(self._casemap)
        return self._masks

    def add(self, mask: str, by: str, at: int) -> None:
        if self.masks.add(mask):
            self.entries[mask] = (by, at)

    def remove(self, mask: str) -> None:
        kept = self.masks.discard(mask)
        if kept is not None:
            del self.entries[kept]

    def key(self, mask: str) -> str:
        """Make the key of a mask: equal for masks that are the same."""
        return self.masks.key(mask)

    def matches(self, source: str) -> bool:
        """Whether the source, a whole nick!user@host, fits any mask. The answer is cached until the list changes."""
        return bool(self.entries) and self.masks.matches(source)

    def rows(self) -> tuple[tuple[str, str, int], ...]:
        return tuple((mask, by, at) for mask, (by, at) in self.entries.items())

    def __contains__(self, mask: str) -> bool:
        return bool(self.entries) and mask in self.masks

    def __len__(self) -> int:
        return len(self.entries)
