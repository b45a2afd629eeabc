"""A node among its directories: announces itself to each, follows what each says, and keeps the union as its roster."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import NamedTuple

from ring.features import LEVEL, at_level
from ring.membership.directory.book import Book
from ring.membership.directory.datagrams import (
    VERSION,
    Announce,
    Answer,
    Challenge,
    Codec,
    Depart,
    Departed,
    Dropped,
    Fetch,
    Granted,
    Page,
    Refused,
)
from ring.membership.directory.view import RosterChanged, View
from ring.roster import NodeRecord

_RETRY_S = 0.25
"""First pause before an unanswered request is sent again; it doubles up to the interval of announcements."""
_OUTSTANDING = 16
"""Requests per directory whose answers are still taken."""


class Send(NamedTuple):
    directory: int
    data: bytes


class Reached(NamedTuple):
    """A directory answers."""

    directory: int


class Lost(NamedTuple):
    """A directory has stopped to answer."""

    directory: int


class Rejected(NamedTuple):
    """A directory does not take this node in; said once, until the reason changes."""

    directory: int
    reason: str


Effect = Send | Reached | Lost | Rejected | RosterChanged


def next_incarnation(saved: int, seen: int, now: float) -> int:
    """The number of this start of the node (P2).

    saved: its last, from disk. seen: the last in any roster. now: Unix seconds, so that a node that lost its disk and
    knows no roster still counts up.
    """
    return max(saved, seen, int(now)) + 1


class _Contact:
    """Where this node stands with one directory."""

    def __init__(self) -> None:
        self.book = Book()
        self.boot = 0
        self.stamp = 0
        self.due = 0.0  # when to speak next if nothing is heard
        self.misses = 0  # requests since its last answer
        self.answered = 0.0
        self.lease_s = float("inf")
        self.granted_at = 0.0
        self.challenged = False  # the last answer was a challenge
        self.said = ""  # why it does not take us in
        self.granted = False  # its last word on our lease was yes
        self.refused = False  # its last word on our lease was no
        self.quiet = False  # it is not to hear of this node yet
        self.departed = False


class DirectoriesCore:
    """The client side of N directories, each alone. Every input returns the effects to carry out, in order."""

    def __init__(
        self,
        directories: int,
        codec: Codec,
        record: NodeRecord,
        every_s: float,
        rng: Random,
        cached: Iterable[NodeRecord] = (),
    ) -> None:
        """record: the own one. every_s: seconds between announcements; a short lease makes it a third of that."""
        self.record = record
        self.view = View(record.key, cached)
        self._codec = codec
        self._every_s = every_s
        self._rng = rng
        self._contacts = [_Contact() for _ in range(directories)]
        self._books = [contact.book for contact in self._contacts]
        self._counter = 0
        self._outstanding: dict[int, int] = {}  # counter -> directory
        self._departing = False
        self.drops = 0  # datagrams that were not believed

    @property
    def listed(self) -> bool:
        """Whether some directory has given its whole list."""
        return any(book.complete for book in self._books)

    @property
    def departed(self) -> bool:
        """After depart(): whether every directory that answers has noted it."""
        return all(contact.departed for contact in self._contacts if contact.book.reachable)

    @property
    def granted(self) -> frozenset[int]:
        """The directories whose last word on this node's lease was yes."""
        return frozenset(index for index, contact in enumerate(self._contacts) if contact.granted)

    @property
    def rejected(self) -> dict[int, str]:
        """The directories whose last word on this node's lease was no, and their reasons."""
        return {index: contact.said for index, contact in enumerate(self._contacts) if contact.refused}

    @property
    def problems(self) -> list[str]:
        """Why each directory does not list this node, in words; "" where nothing is wrong."""
        return [contact.said or ("" if contact.book.reachable else "it does not answer") for contact in self._contacts]

    def leases_left(self, now: float) -> list[float | None]:
        """Seconds until each directory forgets this node, if it hears nothing more; None where this node has no lease.

        The directory counts from when it heard the node, which is a moment earlier.
        """
        left = [one.granted_at + one.lease_s - now if one.granted else 0.0 for one in self._contacts]
        return [seconds if seconds > 0 else None for seconds in left]

    def speak_to(self, only: frozenset[int] | None) -> None:
        """The directories that are to hear of this node; None: all of them."""
        for index, contact in enumerate(self._contacts):
            quiet = only is not None and index not in only
            if contact.quiet and not quiet:
                contact.due = 0.0
            contact.quiet = quiet

    @property
    def due(self) -> float:
        """When tick() has something to do, if nothing comes before."""
        return min((contact.due for contact in self._contacts if not contact.quiet), default=float("inf"))

    def announce(self, record: NodeRecord) -> None:
        """The own record changed: the next tick tells all directories."""
        self.record = record
        for contact in self._contacts:
            contact.due = 0.0

    def depart(self) -> None:
        """The node ends: from the next tick on all directories are told so, save those that had refused the node: there
        a living node has this ring key or name, and the farewell must not be taken for the farewell of that node."""
        self._departing = True
        for contact in self._contacts:
            contact.due = 0.0
            contact.departed = contact.refused or contact.quiet

    def tick(self, now: float) -> list[Effect]:
        """Say what is due."""
        effects: list[Effect] = []
        stale = self.view.waiting
        for index, contact in enumerate(self._contacts):
            if contact.book.reachable and now - contact.answered > 3.5 * self._interval(contact):
                contact.book.lost()
                effects.append(Lost(index))
                stale = True
            if now >= contact.due and not (contact.departed or contact.quiet):
                effects.append(self._speak(index, now))
        return effects + (self._look(now) if stale else [])

    def receive(self, data: bytes, directory: int | None, now: float) -> list[Effect]:
        """Take a datagram. directory: whose address it came from, if known; only the MAC makes it believed."""
        try:
            answer = self._codec.open(data)
        except Dropped as drop:
            self.drops += 1
            return self._other_version(directory, drop.version) if drop.reason == "version" else []
        index = self._outstanding.get(answer.counter) if isinstance(answer, Answer) else None
        if index is None or not isinstance(answer, Answer) or answer.to != self.record.id:
            self.drops += 1  # not ours, or a replay
            return []
        self._outstanding = {
            counter: other for counter, other in self._outstanding.items() if other != index or counter > answer.counter
        }
        return self._answered(index, answer, now)

    def _answered(self, index: int, answer: Answer, now: float) -> list[Effect]:
        contact, effects = self._contacts[index], list[Effect]()
        contact.answered, contact.stamp, contact.misses = now, answer.stamp, 0
        if not contact.book.reachable:
            contact.book.reachable = True
            effects.append(Reached(index))
        if contact.boot != answer.boot:
            contact.boot = answer.boot
            contact.book.restart()
        challenged, contact.challenged = contact.challenged, isinstance(answer, Challenge)
        match answer:
            case Challenge():
                if not challenged:
                    effects.append(self._speak(index, now))
            case Granted():
                contact.said, contact.granted, contact.refused = "", True, False
                contact.lease_s = max(0.001, answer.lease_ms / 1000)
                contact.granted_at = now
                contact.book.granted(answer.version, rebuilding=answer.rebuilding)
                effects += self._follow(index, answer.version, now)
            case Page():
                if contact.book.take(answer):
                    effects += self._follow(index, answer.version, now)
            case Refused():
                contact.granted, contact.refused = False, True
                contact.due = now + self._interval(contact) * self._rng.uniform(0.9, 1.0)
                effects += self._rejected(index, answer.reason)
            case Departed():
                contact.departed = self._departing
        return effects + self._look(now)

    def _follow(self, index: int, version: int, now: float) -> list[Effect]:
        """Fetch what changed; if nothing did, rest until the next announcement. A departing node says so instead."""
        contact = self._contacts[index]
        if self._departing or contact.book.position != version:
            return [self._speak(index, now, fetch=True)]
        contact.due = now + self._interval(contact) * self._rng.uniform(0.9, 1.0)
        return []

    def _speak(self, index: int, now: float, *, fetch: bool = False) -> Send:
        """Send what this directory should hear; it is due again, with back-off, unless an answer comes."""
        contact = self._contacts[index]
        self._counter += 1
        self._outstanding[self._counter] = index
        while len(self._outstanding) > _OUTSTANDING * len(self._contacts):
            del self._outstanding[next(iter(self._outstanding))]
        head = (self.record.id, self._counter, contact.boot, contact.stamp)
        request: Announce | Depart | Fetch
        if self._departing:
            request = Depart(*head)
        elif fetch:
            request = Fetch(*head, contact.book.position)
        else:
            request = Announce(*head, at_level(self.record, LEVEL, self.record.level))
        pause = min(self._interval(contact), _RETRY_S * 2.0 ** min(contact.misses, 16))
        contact.due = now + pause * self._rng.uniform(0.75, 1.25)
        contact.misses += 1
        return Send(index, self._codec.seal(request))

    def _interval(self, contact: _Contact) -> float:
        return min(self._every_s, contact.lease_s / 3)

    def _look(self, now: float) -> list[Effect]:
        change = self.view.update(self._books, now)
        return [change] if change else []

    def _other_version(self, directory: int | None, version: int) -> list[Effect]:
        if directory is None:
            return []
        older = "the directory" if version < VERSION else "this node"
        reason = f"the directory speaks version {version} of the protocol, this node {VERSION}: upgrade {older}"
        return self._rejected(directory, reason)

    def _rejected(self, index: int, reason: str) -> list[Effect]:
        contact = self._contacts[index]
        if contact.said == reason:
            return []
        contact.said = reason
        return [Rejected(index, reason)]
