"""The newest profile of everybody in a channel followed here, with the channels: so each change is shown once (P28)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

import msgspec

from gateway.irc.casemapping import Casemap
from gateway.irc.names import forced_nick
from gateway.state.people import Author, Person
from ring.ids import GroupId, Incarnation

T = TypeVar("T")


class Seen:
    """A person as known here; forgotten once the person is in no channel followed here and not a user of this edge."""

    __slots__ = ("gone_at", "gone_from", "groups", "local", "made", "person", "profile")

    def __init__(self, person: Person) -> None:
        self.profile = person
        self.person = person  # as shown: the profile, but with a forced nick while another person has the nick
        self.made: tuple[Person, Author] | None = None  # cache of `author`: most lines are of a speaker
        self.groups: tuple[GroupId, ...] = ()  # a set of three takes 216 bytes
        self.gone_from: frozenset[GroupId] = frozenset()  # of these, groups where the QUIT was shown already
        self.gone_at = 0.0
        self.local = False

    @property
    def author(self) -> Author:
        """The person as shown, for lines of the person. Made once for each version of the person."""
        made = self.made
        if made is None or made[0] is not self.person:
            made = self.made = self.person, self.person.author
        return made[1]

    @property
    def gone(self) -> bool:
        """Whether nobody here is shown the person any more."""
        return bool(self.gone_from) and self.gone_from == frozenset(self.groups)


class Clash(NamedTuple):
    """A person to be shown anew, as two people were seen here under one nick (P29). before: as shown until now.

    gone: the person is shown as gone; otherwise with another nick.
    """

    before: Person
    gone: bool


class People:
    """The people known here. casemap: folds nicks. lives: whether a node still lives, as far as is known."""

    def __init__(self, casemap: Casemap, lives: Callable[[Incarnation], bool]) -> None:
        self.seen: dict[str, Seen] = {}
        self.clashes: list[Clash] = []  # to be shown
        self._casemap = casemap
        self._lives = lives
        self._by_nick: dict[str, str] = {}  # folded nick -> uid
        self._gone: dict[str, Seen] = {}  # uid -> a person shown as gone somewhere; a person may stay here for a while
        self._aliased: set[str] = set()  # uids of people shown by a forced nick
        self._freed: list[str] = []  # folded nicks by which nobody is shown any more

    def get(self, uid: str) -> Person | None:
        seen = self.seen.get(uid)
        return seen.person if seen is not None else None

    def called(self, folded: str) -> Person | None:
        """Return the person who is shown here by the folded nick; None if nobody is, or the person is gone."""
        seen = self.seen.get(self._by_nick.get(folded, ""))
        return seen.person if seen is not None and not seen.gone else None

    def author(self, uid: str, source: str, account: str | None) -> Author:
        """Return the author by the newest profile, so nobody reads an old nick after the NICK line. For an unknown
        person, return the author by the given source and account."""
        seen = self.seen.get(uid)
        if seen is None:
            return Author(source, account)
        made = seen.made  # as `Seen.author`
        return made[1] if made is not None and made[0] is seen.person else seen.author

    def author_of(self, person: Person) -> Author:
        """Return the author for lines of the person by this profile. As a rule, the profile is the newest."""
        seen = self.seen.get(person.uid)
        return seen.author if seen is not None and seen.person is person else person.author

    def source(self, person: Person) -> str:
        """Return nick!user@host for a line of the person, by the newest profile."""
        seen = self.seen.get(person.uid)
        return person.source if seen is None or seen.person.version < person.version else seen.author.source

    def newest(self, person: Person) -> Person:
        seen = self.seen.get(person.uid)
        return seen.person if seen is not None and seen.person.version >= person.version else person

    def add(self, person: Person, group: GroupId | None = None) -> None:
        """Add a person. group: the channel with the person; None for a user of this edge who has just got the nick."""
        seen = self.seen.get(person.uid)
        if seen is None:
            seen = self.seen[person.uid] = Seen(person)
            self._name(seen, given=group is None)
        if group is None:
            seen.local = True
        else:
            gone, first = seen.gone, group not in seen.groups
            if first:
                seen.groups = (*seen.groups, group)
            if (gone or (first and person.uid in self._aliased)) and not self._lives(person.edge):
                self._gone[seen.person.uid] = seen
                seen.gone_from |= {group}  # the nick has a new holder here: the former holder stays hidden
            elif gone or group in seen.gone_from:
                self.returns(seen, group)

    def learn(self, person: Person) -> Person | None:
        """Take a newer profile. Returns the person as shown before, or None if the profile is no news."""
        seen = self.seen.get(person.uid)
        if seen is None or seen.profile.version >= person.version:
            return None
        before = seen.person
        self._unname(seen)
        seen.profile = person
        self._name(seen)
        return before

    def _name(self, seen: Seen, *, given: bool = False) -> None:
        """Show one user for one nick: the later claim gives way, unless the earlier claim is of a dead node (P29).

        The choice is a guess, and soon mended: the nick's own group decides, and the loser is renamed.
        given: the group has just decided for this user.
        """
        person = seen.profile
        other = self.seen.get(self._by_nick.get(self._casemap(person.nick), person.uid))
        if other is None or other is seen or other.gone:
            self._take(seen)
        elif not self._lives(other.profile.edge):
            self.clashes.append(Clash(other.person, True))
            self._take(seen)
        elif not given and (_order(other.profile) <= _order(person) or not self._lives(person.edge)):
            self._alias(seen)
        else:
            self.clashes.append(Clash(other.person, False))
            self._alias(other)
            self._take(seen)

    def _take(self, seen: Seen) -> None:
        seen.person = seen.profile
        self._by_nick[self._casemap(seen.profile.nick)] = seen.profile.uid
        self._aliased.discard(seen.profile.uid)

    def _alias(self, seen: Seen) -> None:
        seen.person = msgspec.structs.replace(seen.profile, nick=forced_nick(seen.profile.uid))
        self._aliased.add(seen.profile.uid)

    def _unname(self, seen: Seen) -> None:
        folded, uid = self._casemap(seen.profile.nick), seen.profile.uid
        self._aliased.discard(uid)
        if self._by_nick.get(folded) == uid:
            del self._by_nick[folded]
            if self._aliased:
                self._freed.append(folded)

    def inherit(self) -> None:
        """Give each freed nick to the oldest claim: the person had given way, and is shown by the nick from now on."""
        for folded in self._freed:
            heirs = [seen for uid in self._aliased if self._casemap((seen := self.seen[uid]).profile.nick) == folded]
            if heirs and folded not in self._by_nick:
                heir = min(heirs, key=lambda seen: _order(seen.profile))
                self.clashes.append(Clash(heir.person, False))
                self._take(heir)
        self._freed.clear()

    def remove(self, uid: str, group: GroupId | None = None) -> None:
        """Remove the person from a channel, or from this edge if no group is given."""
        seen = self.seen.get(uid)
        if seen is None:
            return
        if group is None:
            seen.local = False
        else:
            seen.groups = tuple(one for one in seen.groups if one != group)
            seen.gone_from -= {group}
        if not seen.groups and not seen.local:
            del self.seen[uid]
            self._unname(seen)

    def quits(self, uid: str, now: float) -> set[GroupId]:
        """Mark the person as gone everywhere. Returns the channels which have shown the person until now."""
        seen = self.seen.get(uid)
        if seen is None:
            return set()
        shown = set(seen.groups) - seen.gone_from
        seen.gone_from |= shown
        self._gone[uid] = seen
        seen.gone_at = now
        return shown

    def returned(self, before: float) -> list[Seen]:
        """Return people shown as gone before this time by mistake: a channel still lists the person on a live node."""
        self._gone = {uid: seen for uid, seen in self._gone.items() if seen.gone_from and self.seen.get(uid) is seen}
        return [seen for seen in self._gone.values() if seen.gone_at < before and self._lives(seen.person.edge)]

    def returns(self, seen: Seen, group: GroupId) -> None:
        """Show the person in this channel again; by the forced nick, if somebody else has the nick now (P29)."""
        seen.gone_from -= {group}
        self._unname(seen)
        self._name(seen)

    def is_gone(self, uid: str, group: GroupId) -> bool:
        """Whether the person was shown as gone here, though the channel lists the person."""
        seen = self.seen.get(uid)
        return seen is not None and group in seen.gone_from

    def present(self, members: Mapping[str, tuple[Person, T]], group: GroupId) -> list[tuple[Person, T]]:
        """Return the newest profile of the channel's members, in order, without members shown as gone. Time O(members):
        each JOIN asks, so there is no call per member. members: uid -> (person, anything)."""
        found, known = [], self.seen
        for uid, member in members.items():
            seen = known.get(uid)
            if seen is None:
                found.append(member)
            elif not seen.gone_from or group not in seen.gone_from:
                newest = seen.person
                found.append(member if newest.version < member[0].version else (newest, member[1]))
        return found

    def groups(self, uid: str) -> set[GroupId]:
        """Return the channels which show the person here."""
        seen = self.seen.get(uid)
        return set(seen.groups) - seen.gone_from if seen is not None else set()


def _order(person: Person) -> tuple[int, str]:
    """The older claim of a nick comes first."""
    return person.since, person.uid
