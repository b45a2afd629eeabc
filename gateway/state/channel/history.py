"""What of a channel's events is kept, for whom, and what of it was deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from gateway.state.channel.messages import (
    EVERYTHING,
    HEARERS,
    HasQuit,
    Joined,
    Kicked,
    ModesSet,
    Parted,
    Said,
    TopicSet,
    Updated,
)
from gateway.state.channel.snapshot import TOMBSTONES
from gateway.state.once import of_command
from ring.history.erased import Erased
from ring.ids import Incarnation

EVENTS = "e"
TAGS = "t"
"""What an asker may want beside words: everything that happened, and messages of tags alone. With these stand the
letters of its ranks."""
WEBHOOK = "w"
"""What a webhook is sent, and nothing else: words for everybody in the channel (P45)."""

_PASSING = frozenset(("+typing", "+draft/typing"))
_KEPT = frozenset((Joined, Parted, Kicked, HasQuit, TopicSet, ModesSet))


def is_kept(event: Any) -> bool:
    if type(event) is Said:
        return not is_passing(event.verb, event.tags)
    return type(event) in _KEPT or (type(event) is Updated and event.before.nick != event.person.nick)


def is_passing(verb: str, tags: Mapping[str, str] | None) -> bool:
    """Whether it means nothing a moment later: that somebody is typing."""
    return verb == "TAGMSG" and _PASSING.issuperset(tags or ())


def authors(event: Any) -> tuple[str, ...]:
    """The ids of who has said it: the user's, and that of its account's registration."""
    if type(event) is not Said:
        return ()
    return (event.uid, event.life) if event.life else (event.uid,)


def named(event: Any, origin: Incarnation, number: int) -> Any:
    """Name a message by its command, unless its edge has named the message (P46)."""
    if type(event) is not Said or event.once is not None:
        return event
    return msgspec.structs.replace(event, once=of_command(origin, number))


def is_wanted(event: Any, wanted: str) -> bool:
    if wanted == WEBHOOK:
        return type(event) is Said and event.verb != "TAGMSG" and not event.status
    if type(event) is not Said:
        return EVENTS in wanted
    if event.verb == "TAGMSG" and TAGS not in wanted:
        return False
    return not event.status or any(rank in wanted for rank in HEARERS.get(event.status, ""))


class History:
    """What of a channel's history is not to be seen. All times in Unix ms."""

    __slots__ = ("closed", "erased", "forgotten", "redacted", "spoken")

    def __init__(
        self,
        erased: int = 0,
        redacted: Mapping[str, int] | None = None,
        closed: int = 0,
        spoken: bool = False,
        forgotten: Mapping[str, int] | None = None,
    ) -> None:
        self.erased = erased
        self.redacted = dict(redacted or {})
        self.closed = closed
        self.spoken = spoken
        self.forgotten = dict(forgotten or {})

    def stored(self) -> tuple[int, dict[str, int], int, bool, dict[str, int]]:
        return self.erased, self.redacted, self.closed, self.spoken, self.forgotten

    def close(self, at: int) -> None:
        """A channel that not everybody could enter or see is empty: who makes it anew must not read what was said."""
        self.closed = max(self.closed, at)
        self.spoken = False

    def redact(self, msgid: str, at: int) -> None:
        if msgid == EVERYTHING:
            self.erased, self.redacted = max(self.erased, at), {}
        else:
            self.redacted = _with(self.redacted, msgid, at)

    def forget(self, authors: Iterable[str], at: int) -> None:
        """All that somebody has said; authors: what it is called."""
        for author in authors:
            self.forgotten = _with(self.forgotten, author, at)

    def gone(self) -> Erased:
        """What is not only not shown, but deleted."""
        return Erased(self.erased, frozenset(self.redacted), self.forgotten)

    def shows(self, msgid: str, at: int, authors: Iterable[str] = (), *, behind_doors: bool = False) -> bool:
        """behind_doors: also what was said in a closed channel that is gone since."""
        if at <= self.erased or (at <= self.closed and not behind_doors) or msgid in self.redacted:
            return False
        return not self.forgotten or all(at > self.forgotten.get(author, 0) for author in authors)


def _with(tombstones: Mapping[str, int], name: str, at: int) -> dict[str, int]:
    kept = {**{key: then for key, then in tombstones.items() if key != name}, name: at}
    if len(kept) > TOMBSTONES:
        del kept[next(iter(kept))]
    return kept
