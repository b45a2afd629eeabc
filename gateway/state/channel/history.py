"""A channel's history: the kept events, the readers of each event, and the deleted messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from gateway.state.channel.emptying_messages import Emptied
from gateway.state.channel.messages import (
    EVERYTHING,
    HEARERS,
    Flooded,
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
from gateway.state.idempotency import of_command
from ring.history.erased import Erased
from ring.ids import Incarnation

EVENTS = "e"
TAGS = "t"
"""Letters of a query for more than words: all events (EVENTS), and messages with tags alone (TAGS). The letters of the
reader's ranks stand beside these letters."""
WEBHOOK = "w"
"""The letter of a webhook's query: only words for everybody in the channel (P45)."""

_PASSING = frozenset(("+typing", "+draft/typing"))
_OF_MEMBERS = frozenset((Joined, Parted, HasQuit, Updated))
_KEPT = frozenset((Joined, Parted, Kicked, HasQuit, TopicSet, ModesSet, Flooded))


def is_kept(event: Any) -> bool:
    if type(event) is Said:
        return not is_passing(event.verb, event.tags)
    if type(event) is Emptied:
        return bool(event.gone)
    return type(event) in _KEPT or (type(event) is Updated and event.before.nick != event.person.nick)


def is_passing(verb: str, tags: Mapping[str, str] | None) -> bool:
    """Whether the message means nothing a moment later: somebody is typing."""
    return verb == "TAGMSG" and _PASSING.issuperset(tags or ())


def authors(event: Any) -> tuple[str, ...]:
    """List the ids of the message's author: the uid, and the id of the account's registration."""
    if type(event) is not Said:
        return ()
    return (event.uid, event.life) if event.life else (event.uid,)


def named(event: Any, origin: Incarnation, number: int) -> Any:
    """Give a message the idempotency key of the command, unless the message has a key already (P46)."""
    if type(event) is not Said or event.idempotency_key is not None:
        return event
    return msgspec.structs.replace(event, idempotency_key=of_command(origin, number))


def is_wanted(event: Any, wanted: str) -> bool:
    if wanted == WEBHOOK:
        return type(event) is Said and event.verb != "TAGMSG" and not event.status
    if type(event) is not Said:
        return EVENTS in wanted
    if event.verb == "TAGMSG" and TAGS not in wanted:
        return False
    return not event.status or any(rank in wanted for rank in HEARERS.get(event.status, ""))


def is_veiled(event: Any, wanted: str) -> bool:
    """Whether the event tells of a member, and the reader may not kick: a channel with +u or +D does not show that."""
    return type(event) in _OF_MEMBERS and not any(rank in wanted for rank in HEARERS["%"])


class History:
    """The parts of a channel's history that nobody may read. All times in Unix ms."""

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
        """Hide all messages so far. The channel was not open to everybody, and is empty now: a person who makes the
        channel anew must not read the messages."""
        self.closed = max(self.closed, at)
        self.spoken = False

    def redact(self, msgid: str, at: int) -> None:
        if msgid == EVERYTHING:
            self.erased, self.redacted = max(self.erased, at), {}
        else:
            self.redacted = _with(self.redacted, msgid, at)

    def trim(self, before: int) -> None:
        """Hide all messages up to this time."""
        self.erased = max(self.erased, before)

    def forget(self, authors: Iterable[str], at: int) -> None:
        """Hide all messages of an author so far. authors: the ids of the author, as in `authors`."""
        for author in authors:
            self.forgotten = _with(self.forgotten, author, at)

    def gone(self) -> Erased:
        """The messages to delete from disks. Closed messages are hidden, but not deleted."""
        return Erased(self.erased, frozenset(self.redacted), self.forgotten)

    def shows(self, msgid: str, at: int, authors: Iterable[str] = (), *, behind_doors: bool = False) -> bool:
        """Whether a message may be shown. behind_doors: include messages of a closed channel before the channel was
        empty."""
        if at <= self.erased or (at <= self.closed and not behind_doors) or msgid in self.redacted:
            return False
        return not self.forgotten or all(at > self.forgotten.get(author, 0) for author in authors)


def _with(tombstones: Mapping[str, int], name: str, at: int) -> dict[str, int]:
    kept = {**{key: then for key, then in tombstones.items() if key != name}, name: at}
    if len(kept) > TOMBSTONES:
        del kept[next(iter(kept))]
    return kept
