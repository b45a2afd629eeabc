"""What a channel counts for the modes that limit rates (+j, +F).

The events of the channel are counted, so every replica that applies the events counts alike, and a successor that
followed the channel goes on counting. A replica that comes from a snapshot begins anew. No count is ever stored.
"""

from __future__ import annotations

from collections import deque
from zlib import crc32

from gateway.irc.mode_params import MOST_JOINS, MOST_SECONDS, Rate

PEOPLE = 1000
"""The number of counted people from which people who were silent for long are forgotten."""


def _times() -> deque[int]:
    return deque(maxlen=MOST_JOINS)


class Counts:
    """The times of the last acts of a person, Unix ms. repeats: by a checksum of the words."""

    __slots__ = ("ctcps", "last", "lines", "renames", "repeats")

    def __init__(self) -> None:
        self.last = 0
        self.lines = _times()
        self.ctcps = _times()
        self.renames = _times()
        self.repeats: dict[int, deque[int]] = {}

    def said(self, text: bytes, at: int, *, is_ctcp: bool) -> None:
        self.lines.append(at)
        if is_ctcp:
            self.ctcps.append(at)
        if len(self.repeats) >= MOST_JOINS:
            old = at - MOST_SECONDS * 1000
            self.repeats = {word: times for word, times in self.repeats.items() if times[-1] > old}
        self.repeats.setdefault(words_of(text), _times()).append(at)


class Tally:
    """The times of the last events of the channel, Unix ms."""

    __slots__ = ("joins", "people")

    def __init__(self) -> None:
        self.joins = _times()
        self.people: dict[str, Counts] = {}  # by uid, also of people who have left

    def joined(self, at: int) -> None:
        self.joins.append(at)

    def said(self, uid: str, text: bytes, at: int, *, is_ctcp: bool) -> None:
        self._of(uid, at).said(text, at, is_ctcp=is_ctcp)

    def renamed(self, uid: str, at: int) -> None:
        self._of(uid, at).renames.append(at)

    def _of(self, uid: str, at: int) -> Counts:
        found = self.people.get(uid)
        if found is None:
            if len(self.people) >= PEOPLE:
                old = at - MOST_SECONDS * 1000
                self.people = {known: one for known, one in self.people.items() if one.last > old}
            found = self.people[uid] = Counts()
        found.last = at
        return found

    def counted(self, what: str, uid: str, text: bytes = b"") -> deque[int]:
        """Return the times of what a letter of +F counts."""
        if what == "j":
            return self.joins
        one = self.people.get(uid)
        if one is None:
            return _times()
        if what == "r":
            return one.repeats.get(words_of(text), _times())
        return one.lines if what == "l" else one.ctcps if what == "c" else one.renames


def words_of(text: bytes) -> int:
    """Compute a checksum of a text, alike for texts that differ in case and outer spaces."""
    return crc32(text.strip().lower())


def is_over(times: deque[int], rate: Rate, at: int) -> bool:
    """Whether one more event at `at` would make more than `rate.most` within `rate.seconds`. times: ascending."""
    return len(times) >= rate.most and at - times[-rate.most] < rate.seconds * 1000
