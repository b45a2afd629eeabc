"""What of a channel's events is kept, for whom, and what of it was deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.groups.channel_messages import (
    EVERYTHING,
    HasQuit,
    Joined,
    Kicked,
    ModesSet,
    Parted,
    Said,
    TopicSet,
    Updated,
)
from gateway.groups.channel_saying import HEARERS
from gateway.groups.channel_stored import TOMBSTONES

EVENTS = "e"
TAGS = "t"
"""What an asker may want beside words: everything that happened, and messages of tags alone. With these stand the
letters of its ranks."""

_PASSING = frozenset(("+typing", "+draft/typing"))
_KEPT = frozenset((Joined, Parted, Kicked, HasQuit, TopicSet, ModesSet))


def is_kept(event: Any) -> bool:
    if type(event) is Said:
        return not is_passing(event.verb, event.tags)
    return type(event) in _KEPT or (type(event) is Updated and event.before.nick != event.person.nick)


def is_passing(verb: str, tags: Mapping[str, str] | None) -> bool:
    """Whether it means nothing a moment later: that somebody is typing."""
    return verb == "TAGMSG" and _PASSING.issuperset(tags or ())


def is_wanted(event: Any, wanted: str) -> bool:
    if type(event) is not Said:
        return EVENTS in wanted
    if event.verb == "TAGMSG" and TAGS not in wanted:
        return False
    return not event.status or any(rank in wanted for rank in HEARERS.get(event.status, ""))


class History:
    """What of a channel's history is not to be seen. All times in Unix ms."""

    __slots__ = ("closed", "erased", "redacted", "spoken")

    def __init__(
        self, erased: int = 0, redacted: Mapping[str, int] | None = None, closed: int = 0, spoken: bool = False
    ) -> None:
        self.erased = erased
        self.redacted = dict(redacted or {})
        self.closed = closed
        self.spoken = spoken

    def stored(self) -> tuple[int, dict[str, int], int, bool]:
        return self.erased, self.redacted, self.closed, self.spoken

    def close(self, at: int) -> None:
        """A channel that not everybody could enter or see is empty: who makes it anew must not read what was said."""
        self.closed = max(self.closed, at)
        self.spoken = False

    def redact(self, msgid: str, at: int) -> None:
        if msgid == EVERYTHING:
            self.erased, self.redacted = max(self.erased, at), {}
            return
        self.redacted = {**self.redacted, msgid: at}
        if len(self.redacted) > TOMBSTONES:
            del self.redacted[next(iter(self.redacted))]

    def shows(self, msgid: str, at: int) -> bool:
        return at > self.erased and at > self.closed and msgid not in self.redacted
