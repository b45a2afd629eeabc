"""The lists of a channel: bans (b), exceptions from bans (e), masks that need no invitation (I)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from gateway.irc.casemapping import Casemap
from gateway.irc.extbans import PREFIX, Extban, read
from gateway.irc.masks import MaskSet
from gateway.state.people import Person

MINUTE_MS = 60_000


class MaskList:
    """Masks, each with the person that set the mask, and the time. Masks that MaskSet counts as the same are the
    same. The MaskSet is made for the first mask: most channels have empty lists, and thousands of channels are restored
    when a node starts. An extended ban fits no nick!user@host, and is judged by itself."""

    __slots__ = ("_casemap", "_extended", "_masks", "entries")

    def __init__(self, casemap: Casemap, rows: Iterable[tuple[str, str, int]] = ()) -> None:
        self._casemap = casemap
        self._masks: MaskSet | None = None
        self._extended: dict[str, Extban] | None = None  # of the entries; None without any
        self.entries: dict[str, tuple[str, int]] = {}  # mask -> (set by, Unix ms)
        for mask, by, at in rows:
            self.add(mask, by, at)

    @property
    def masks(self) -> MaskSet:
        if self._masks is None:
            self._masks = MaskSet(self._casemap)
        return self._masks

    def add(self, mask: str, by: str, at: int) -> None:
        """Add a mask. A mask that ends begins anew if the list has the mask already."""
        found = read(mask) if mask[:1] == PREFIX else None
        if found is not None and found.minutes:
            mask = self.remove(mask) or mask
        if self.masks.add(mask):
            self.entries[mask] = (by, at)
            if found is not None:
                self._extended = {**(self._extended or {}), mask: found}

    def remove(self, mask: str) -> str | None:
        """Remove a mask, and return the mask in the spelling of `add`; None if the list does not have the mask."""
        kept = self.masks.discard(mask)
        if kept is not None:
            del self.entries[kept]
            if self._extended is not None:
                self._extended = {known: one for known, one in self._extended.items() if known != kept} or None
        return kept

    def key(self, mask: str) -> str:
        """Make the key of a mask: equal for masks that are the same."""
        return self.masks.key(mask)

    def fits(self, source: str, at: int, person: Person | None, rooms: Collection[str] | None) -> bool:
        """Whether any mask fits a person at a time (Unix ms). source: the whole nick!user@host; of a
        person, with all hosts (`Person.known_as`). person: None for a machine. rooms: None for a person who
        speaks; for a person who enters, the folded names of the person's channels among `rooms_asked`.

        The answer about plain masks is cached until the list changes.
        """
        if not self.entries:
            return False
        return self.masks.matches(source) or (self._extended is not None and self._fits(source, at, person, rooms))

    def _fits(self, source: str, at: int, person: Person | None, rooms: Collection[str] | None) -> bool:
        for mask, one in (self._extended or {}).items():
            if (one.mutes and rooms is not None) or (person is None and one.letter) or self._is_over(mask, one, at):
                continue
            account, real = (person.account, person.real) if person is not None else (None, "")
            if one.fits(source, account, real, rooms or (), self._casemap):
                return True
        return False

    def _is_over(self, mask: str, one: Extban, at: int) -> bool:
        return bool(one.minutes) and at >= self._end(mask, one)

    def _end(self, mask: str, one: Extban) -> int:
        return self.entries[mask][1] + one.minutes * MINUTE_MS

    @property
    def rooms_asked(self) -> list[str]:
        """The names of the channels by which masks judge a person who enters."""
        return [one.value for one in (self._extended or {}).values() if one.letter == "c"]

    def over(self, at: int) -> list[str]:
        """List the masks that have ended (Unix ms)."""
        return [mask for mask, one in (self._extended or {}).items() if self._is_over(mask, one, at)]

    def next_end(self) -> int | None:
        """Return when the next mask ends, Unix ms; None if no mask ends."""
        ends = (self._end(mask, one) for mask, one in (self._extended or {}).items() if one.minutes)
        return min(ends, default=None)

    def rows(self) -> tuple[tuple[str, str, int], ...]:
        return tuple((mask, by, at) for mask, (by, at) in self.entries.items())

    def __contains__(self, mask: str) -> bool:
        return bool(self.entries) and mask in self.masks

    def __len__(self) -> int:
        return len(self.entries)
