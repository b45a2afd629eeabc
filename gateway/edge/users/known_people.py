"""The newest facts known here of everybody seen in a channel, and where: so each change is shown once (P28)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from gateway.irc.casemapping import Casemap
from gateway.irc.names import forced_nick
from gateway.state.people import Author, Person
from ring.ids import GroupId, Incarnation


class Seen:
    """A person as known here. It is forgotten once it is in no channel followed here and not of this edge."""

    __slots__ = ("_author", "facts", "gone_at", "gone_from", "groups", "local", "person")

    def __init__(self, person: Person) -> None:
        self.facts = person
        self.person = person  # as shown: the facts, but with a forced nick while another is shown by this nick
        self._author: tuple[Person, Author] | None = None  # of the person as last asked for: most lines are a speaker's
        self.groups: set[GroupId] = set()
        self.gone_from: set[GroupId] = set()  # of these; its QUIT has been shown, they will say so, too
        self.gone_at = 0.0
        self.local = False

    @property
    def author(self) -> Author:
        """The person as shown, for lines of the person. It is made once for each version of the person."""
        made = self._author
        if made is None or made[0] is not self.person:
            made = self._author = self.person, self.person.author
        return made[1]

    @property
    def gone(self) -> bool:
        """Whether nobody here is shown the person any more."""
        return bool(self.gone_from) and self.gone_from == self.groups


class Clash(NamedTuple):
    """Of two people seen here under one nick, who gives way: shown as gone, or by its forced nick (P29)."""

    before: Person
    gone: bool


class People:
    """casemap: folds nicks. lives: whether a node's life goes on, as far as is known."""

    def __init__(self, casemap: Casemap, lives: Callable[[Incarnation], bool]) -> None:
        self.seen: dict[str, Seen] = {}
        self.clashes: list[Clash] = []  # to be shown
        self._casemap = casemap
        self._lives = lives
        self._by_nick: dict[str, str] = {}  # folded nick -> uid
        self._aliased: set[str] = set()  # uids of those shown by a forced nick
        self._freed: list[str] = []  # folded nicks that nobody is shown by any more

    def get(self, uid: str) -> Person | None:
        seen = self.seen.get(uid)
        return seen.person if seen is not None else None

    def author(self, uid: str, source: str, account: str | None) -> Author:
        """The person by the newest facts, so that nobody reads an old nick after the NICK line; by the given ones where
        the person is not known here."""
        seen = self.seen.get(uid)
        return seen.author if seen is not None else Author(source, account)

    def author_of(self, person: Person) -> Author:
        """For lines of the person by these facts, which are the newest ones as a rule."""
        seen = self.seen.get(person.uid)
        return seen.author if seen is not None and seen.person is person else person.author

    def newest(self, person: Person) -> Person:
        seen = self.seen.get(person.uid)
        return seen.person if seen is not None and seen.person.version >= person.version else person

    def add(self, person: Person, group: GroupId | None = None) -> None:
        """group: that shows the person; without one, the person is of this edge, and has just been given the nick."""
        seen = self.seen.get(person.uid)
        if seen is None:
            seen = self.seen[person.uid] = Seen(person)
            self._name(seen, given=group is None)
        if group is None:
            seen.local = True
        else:
            gone, first = seen.gone, group not in seen.groups
            seen.groups.add(group)
            if (gone or (first and person.uid in self._aliased)) and not self._lives(person.edge):
                seen.gone_from.add(group)  # somebody here has the nick by now: nobody here is to see the former holder
            elif gone or group in seen.gone_from:
                self.returns(seen, group)

    def learn(self, person: Person) -> Person | None:
        """Take newer facts; returns the older ones if these are news, else None."""
        seen = self.seen.get(person.uid)
        if seen is None or seen.facts.version >= person.version:
            return None
        before = seen.person
        self._unname(seen)
        seen.facts = person
        self._name(seen)
        return before

    def _name(self, seen: Seen, *, given: bool = False) -> None:
        """One nick, one user: the later claim gives way, unless the earlier is of a node that is gone (P29).

        That is a guess, and soon mended: the nick's own group decides, and who loses it there is renamed.
        given: the group has just decided for this one.
        """
        person = seen.facts
        other = self.seen.get(self._by_nick.get(self._casemap(person.nick), person.uid))
        if other is None or other is seen or other.gone:
            self._take(seen)
        elif not self._lives(other.facts.edge):
            self.clashes.append(Clash(other.person, True))
            self._take(seen)
        elif not given and (_order(other.facts) <= _order(person) or not self._lives(person.edge)):
            self._alias(seen)
        else:
            self.clashes.append(Clash(other.person, False))
            self._alias(other)
            self._take(seen)

    def _take(self, seen: Seen) -> None:
        seen.person = seen.facts
        self._by_nick[self._casemap(seen.facts.nick)] = seen.facts.uid
        self._aliased.discard(seen.facts.uid)

    def _alias(self, seen: Seen) -> None:
        seen.person = msgspec.structs.replace(seen.facts, nick=forced_nick(seen.facts.uid))
        self._aliased.add(seen.facts.uid)

    def _unname(self, seen: Seen) -> None:
        folded, uid = self._casemap(seen.facts.nick), seen.facts.uid
        self._aliased.discard(uid)
        if self._by_nick.get(folded) == uid:
            del self._by_nick[folded]
            if self._aliased:
                self._freed.append(folded)

    def inherit(self) -> None:
        """Nicks that were given up are those of the ones who had given way; they come to be shown by them."""
        for folded in self._freed:
            heirs = [seen for uid in self._aliased if self._casemap((seen := self.seen[uid]).facts.nick) == folded]
            if heirs and folded not in self._by_nick:
                heir = min(heirs, key=lambda seen: _order(seen.facts))
                self.clashes.append(Clash(heir.person, False))
                self._take(heir)
        self._freed.clear()

    def remove(self, uid: str, group: GroupId | None = None) -> None:
        """The person left a channel (or, without one, this edge)."""
        seen = self.seen.get(uid)
        if seen is None:
            return
        if group is None:
            seen.local = False
        else:
            seen.groups.discard(group)
            seen.gone_from.discard(group)
        if not seen.groups and not seen.local:
            del self.seen[uid]
            self._unname(seen)

    def quits(self, uid: str, now: float) -> set[GroupId]:
        """The person is shown as gone everywhere; returns the channels that had shown it until now."""
        seen = self.seen.get(uid)
        if seen is None:
            return set()
        shown = seen.groups - seen.gone_from
        seen.gone_from |= shown
        seen.gone_at = now
        return shown

    def returned(self, before: float) -> list[Seen]:
        """Who was shown as gone before that time, is still listed, and whose node lives: it was not gone after all."""
        return [
            seen
            for seen in self.seen.values()
            if seen.gone_from and seen.gone_at < before and self._lives(seen.person.edge)
        ]

    def returns(self, seen: Seen, group: GroupId) -> None:
        """It is to be shown again in this channel; by its forced nick, if somebody else goes by its nick now (P29)."""
        seen.gone_from.discard(group)
        self._unname(seen)
        self._name(seen)

    def is_gone(self, uid: str, group: GroupId) -> bool:
        """Whether people here were shown that the person is gone, though the channel lists it."""
        seen = self.seen.get(uid)
        return seen is not None and group in seen.gone_from

    def groups(self, uid: str) -> set[GroupId]:
        """The channels here that show the person."""
        seen = self.seen.get(uid)
        return seen.groups - seen.gone_from if seen is not None else set()


def _order(person: Person) -> tuple[int, str]:
    """The older claim of a nick comes first."""
    return person.since, person.uid
