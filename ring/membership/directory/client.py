"""Announce a node to each directory, follow each directory's list, and keep the union as the node's roster.

Theory of operation. `DirectoriesCore` does no I/O: datagrams and time come in, effects go out. A `_Contact` and a
`Book` stand for each directory, and directories never depend on each other. The states of a contact:

- silent: no answer came for 3.5 intervals (`book.reachable` is false). Announcements are repeated with back-off.
- challenged: the directory's last answer was a Challenge, as the request did not name the directory's life and a recent
  stamp. The node answers at once with the new boot and stamp; a second Challenge in a row waits for the timer.
- granted: this node has a lease. If the directory's list is newer than the book, the node fetches pages until both
  agree, and then rests until the next announcement.
- refused: the directory does not take the node in. The node asks again after an interval.
- departed: after `depart`, the directory has confirmed the farewell, or needs none.

`quiet` contacts hear nothing of this node yet (`speak_to`). An answer is taken only if the MAC is valid and the counter
is outstanding, so a replayed answer does nothing.

Invariants. Counters only grow within a life. `granted` and `refused` are never both true. `DirectoriesCore` alone
writes contacts, books and view.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import NamedTuple

from ring.durations import ANNOUNCE_RETRY_S
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

_OUTSTANDING = 16
"""At most this many requests per directory still have their answers taken."""


class Send(NamedTuple):
    """Send the datagram to the directory with this index."""

    directory: int
    data: bytes


class Reached(NamedTuple):
    """Report that a directory answers."""

    directory: int


class Lost(NamedTuple):
    """Report that a directory has stopped answering."""

    directory: int


class Rejected(NamedTuple):
    """Report that a directory does not take this node in; reported once, until the reason changes."""

    directory: int
    reason: str


Effect = Send | Reached | Lost | Rejected | RosterChanged


def next_incarnation(saved: int, seen: int, now: float) -> int:
    """Return the number of this start of the node (P2).

    saved: the last number, from disk. seen: the last number in any roster. now: Unix seconds, so that a node that lost
    the disk and knows no roster still counts up.
    """
    return max(saved, seen, int(now)) + 1


class _Contact:
    """Keep the state of this node with one directory."""

    def __init__(self) -> None:
        self.book = Book()
        self.boot = 0
        self.stamp = 0
        self.due = 0.0  # when to speak next if nothing is heard
        self.misses = 0  # requests since the directory's last answer
        self.answered = 0.0
        self.lease_s = float("inf")
        self.granted_at = 0.0
        self.challenged = False  # the last answer was a challenge
        self.said = ""  # why the directory does not take this node in
        self.granted = False  # the directory's last word on the lease was yes
        self.refused = False  # the directory's last word on the lease was no
        self.quiet = False  # the directory is not to hear of this node yet
        self.departed = False


class DirectoriesCore:
    """Run the client side of N directories. Every input returns the effects to carry out, in order."""

    def __init__(
        self,
        directories: int,
        codec: Codec,
        record: NodeRecord,
        every_s: float,
        rng: Random,
        cached: Iterable[NodeRecord] = (),
    ) -> None:
        """record: the own record. every_s: seconds between announcements; at most a third of a directory's lease
        counts."""
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
        self.drops = 0  # datagrams not believed

    @property
    def listed(self) -> bool:
        """Tell whether some directory has given a whole list."""
        return any(book.complete for book in self._books)

    @property
    def departed(self) -> bool:
        """Tell, after depart(), whether every directory that answers has noted the departure."""
        return all(contact.departed for contact in self._contacts if contact.book.reachable)

    @property
    def granted(self) -> frozenset[int]:
        """Return the directories with a last word of yes on this node's lease."""
        return frozenset(index for index, contact in enumerate(self._contacts) if contact.granted)

    @property
    def rejected(self) -> dict[int, str]:
        """Return the directories with a last word of no on this node's lease, and the reasons."""
        return {index: contact.said for index, contact in enumerate(self._contacts) if contact.refused}

    @property
    def problems(self) -> list[str]:
        """Return why each directory does not list this node, in words; "" where nothing is wrong."""
        return [contact.said or ("" if contact.book.reachable else "it does not answer") for contact in self._contacts]

    def leases_left(self, now: float) -> list[float | None]:
        """Return the seconds until each directory forgets this node if nothing more is heard; None without a lease.

        The directory counts from hearing the node, a moment earlier.
        """
        left = [one.granted_at + one.lease_s - now if one.granted else 0.0 for one in self._contacts]
        return [seconds if seconds > 0 else None for seconds in left]

    def speak_to(self, only: frozenset[int] | None) -> None:
        """Choose the directories that hear of this node; None: all directories."""
        for index, contact in enumerate(self._contacts):
            quiet = only is not None and index not in only
            if contact.quiet and not quiet:
                contact.due = 0.0
            contact.quiet = quiet

    @property
    def due(self) -> float:
        """Return when tick() has something to do, if nothing comes before."""
        return min((contact.due for contact in self._contacts if not contact.quiet), default=float("inf"))

    def announce(self, record: NodeRecord) -> None:
        """Take a changed own record: the next tick tells all directories."""
        self.record = record
        for contact in self._contacts:
            contact.due = 0.0

    def depart(self) -> None:
        """Say farewell to all directories from the next tick on.

        A directory that refused the node hears no farewell: there a living node has this ring key or name, and the
        farewell must not be taken for the living node's farewell.
        """
        self._departing = True
        for contact in self._contacts:
            contact.due = 0.0
            contact.departed = contact.refused or contact.quiet

    def tick(self, now: float) -> list[Effect]:
        """Return the datagrams that are due."""
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
        """Take a datagram. directory: the directory with the source address, if known; only the MAC makes the datagram
        believed."""
        try:
            answer = self._codec.open(data)
        except Dropped as drop:
            self.drops += 1
            return self._other_version(directory, drop.version) if drop.reason == "version" else []
        index = self._outstanding.get(answer.counter) if isinstance(answer, Answer) else None
        if index is None or not isinstance(answer, Answer) or answer.to != self.record.id:
            self.drops += 1  # for another node, or a replay
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
        """Fetch the changes, or rest until the next announcement if the list is current. A departing node says
        farewell."""
        contact = self._contacts[index]
        if self._departing or contact.book.position != version:
            return [self._speak(index, now, fetch=True)]
        contact.due = now + self._interval(contact) * self._rng.uniform(0.9, 1.0)
        return []

    def _speak(self, index: int, now: float, *, fetch: bool = False) -> Send:
        """Send what the directory should hear next, and set the time of the repeat, with back-off."""
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
        pause = min(self._interval(contact), ANNOUNCE_RETRY_S * 2.0 ** min(contact.misses, 16))
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
