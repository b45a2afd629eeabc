"""A channel's state and how events change it. Who may do what is in channel_rules.py."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from gateway.groups import channel_rules
from gateway.groups.channel_messages import (
    ChannelView,
    Evict,
    HasQuit,
    Invited,
    Joined,
    Kicked,
    ListRow,
    Look,
    MemberView,
    ModesSet,
    Parted,
    Said,
    TopicSet,
    Updated,
)
from gateway.groups.people import Person
from gateway.irc.casemapping import Casemap
from gateway.irc.limits import Limits
from gateway.irc.masks import MaskSet
from gateway.irc.modes import CHANNEL_MODES
from ring.groups.machine import Decision
from ring.ids import Incarnation

DEFAULT_MODES = "nt"
INVITES = 100
"""A channel remembers at most this many open invitations; the oldest goes first."""


class Member:
    """A person in the channel. prefixes: mode letters in order of rank, e.g. "ov"."""

    __slots__ = ("person", "prefixes")

    def __init__(self, person: Person, prefixes: str = "") -> None:
        self.person = person
        self.prefixes = prefixes


class MaskList:
    """One of the lists b, e, I: masks with who set them and when."""

    __slots__ = ("entries", "masks")

    def __init__(self, casemap: Casemap, entries: Iterable[tuple[str, str, int]] = ()) -> None:
        self.masks = MaskSet(casemap)
        self.entries: dict[str, tuple[str, int]] = {}  # mask -> (set by, Unix ms)
        for mask, by, at in entries:
            self.add(mask, by, at)

    def add(self, mask: str, by: str, at: int) -> None:
        if self.masks.add(mask):
            self.entries[mask] = (by, at)

    def remove(self, mask: str) -> None:
        kept = self.masks.discard(mask)
        if kept is not None:
            self.entries.pop(kept, None)

    def rows(self) -> tuple[tuple[str, str, int], ...]:
        return tuple((mask, by, at) for mask, (by, at) in self.entries.items())


class Rules(msgspec.Struct, frozen=True):
    """What a channel's rules need of the network's settings."""

    limits: Limits
    casemap: Casemap
    quit_reason: Callable[[str], str]  # ring key of a node that is gone -> what QUIT says
    keep_s: float


class Channel:
    """The replicated state of one channel."""

    def __init__(self, folded: str, rules: Rules) -> None:
        self.rules = rules
        self.name = folded  # as its first member typed it
        self.created = 0  # Unix ms
        self.topic = ""
        self.topic_by = ""
        self.topic_at = 0
        self.modes: set[str] = set()
        self.key: str | None = None
        self.limit: int | None = None
        self.members: dict[str, Member] = {}
        self.lists = {letter: MaskList(rules.casemap) for letter in CHANNEL_MODES.lists}
        self.invited: dict[str, None] = {}  # uids
        self.hosts: dict[Incarnation, int] = {}
        self.changed_at = 0

    # The state machine ----------------------------------------------------------------------------------------------

    def decide(self, command: Any, at: int) -> Decision:
        return channel_rules.DECIDE[type(command)](self, command, at)

    def apply(self, event: Any, at: int) -> bool:
        if type(event) is Said:
            return False
        self.changed_at = at
        return _APPLY[type(event)](self, event, at)

    def _joined(self, event: Joined, at: int) -> bool:
        if event.name and not self.members:
            self._begin(event.name, at)
        self.members[event.person.uid] = Member(event.person, event.prefixes)
        self.invited.pop(event.person.uid, None)
        edge = event.person.edge
        self.hosts[edge] = self.hosts.get(edge, 0) + 1
        return True

    def _begin(self, name: str, at: int) -> None:
        """The first member makes the channel; what its former life left is gone (P40)."""
        self.__init__(name, self.rules)  # type: ignore[misc]
        self.created = self.changed_at = at
        self.modes = set(DEFAULT_MODES)

    def _remove(self, uid: str) -> bool:
        member = self.members.pop(uid, None)
        if member is None:
            return False
        edge = member.person.edge
        left = self.hosts.get(edge, 0) - 1
        if left > 0:
            self.hosts[edge] = left
        else:
            self.hosts.pop(edge, None)
        return True

    def _parted(self, event: Parted | Kicked, at: int) -> bool:
        return self._remove(event.uid)

    def _has_quit(self, event: HasQuit, at: int) -> bool:
        removed = [self._remove(uid) for uid, _ in event.gone]
        return any(removed)

    def _topic_set(self, event: TopicSet, at: int) -> bool:
        self.topic, self.topic_by, self.topic_at = event.topic, event.source, at
        return False

    def _invited(self, event: Invited, at: int) -> bool:
        self.invited[event.uid] = None
        if len(self.invited) > INVITES:
            self.invited.pop(next(iter(self.invited)))
        return False

    def _updated(self, event: Updated, at: int) -> bool:
        member = self.members.get(event.person.uid)
        if member is None:
            return False
        prefixes = member.prefixes
        moved = member.person.edge != event.person.edge
        if moved:
            self._remove(event.person.uid)
            edge = event.person.edge
            self.hosts[edge] = self.hosts.get(edge, 0) + 1
        self.members[event.person.uid] = Member(event.person, prefixes)
        return moved

    def _modes_set(self, event: ModesSet, at: int) -> bool:
        for change in event.changes:
            letter, param = change.letter, change.param
            if letter in CHANNEL_MODES.lists:
                assert param is not None
                if change.adding:
                    self.lists[letter].add(param, event.source, at)
                else:
                    self.lists[letter].remove(param)
            elif letter in CHANNEL_MODES.ranks:
                member = self.members.get(change.uid or "")
                if member is not None:
                    member.prefixes = _with_rank(member.prefixes, letter, adding=change.adding)
            elif letter == "k":
                self.key = param if change.adding else None
            elif letter == "l":
                self.limit = int(param) if change.adding and param else None
            elif change.adding:
                self.modes.add(letter)
            else:
                self.modes.discard(letter)
        return False

    # Copies ---------------------------------------------------------------------------------------------------------

    def snapshot(self) -> Any:
        return (
            (self.name, self.created, self.topic, self.topic_by, self.topic_at, self.changed_at),
            (sorted(self.modes), self.key, self.limit),
            [(m.person, m.prefixes) for m in self.members.values()],
            {letter: entries.rows() for letter, entries in self.lists.items()},
            list(self.invited),
        )

    # Questions ------------------------------------------------------------------------------------------------------

    def view(self) -> Any:
        return None

    def answer(self, question: Look, at: int) -> ChannelView | None:
        """What the asker may see; None where there is no such channel, or it is secret to the asker (+s)."""
        inside = question.uid in self.members
        if not self.members or ("s" in self.modes and not inside and not question.oper):
            return None
        letters = "".join(sorted(self.modes)) + ("k" if self.key else "") + ("l" if self.limit else "")
        params = ([self.key if inside or question.oper else "*"] if self.key else []) + (
            [str(self.limit)] if self.limit else []
        )
        sees_all = inside or question.oper
        members = (
            tuple(
                MemberView(m.person, m.prefixes) for m in self.members.values() if sees_all or "i" not in m.person.modes
            )
            if question.what in ("names", "who")
            else ()
        )
        what, _, letter = question.what.partition(":")
        entries = self.lists[letter].rows() if what == "list" and letter in self.lists else ()
        return ChannelView(
            self.name,
            self.created,
            letters,
            tuple(params),
            self.topic,
            self.topic_by,
            self.topic_at,
            members,
            entries,
            inside,
        )

    def row(self, term: int) -> ListRow:
        hidden = "s" in self.modes
        return ListRow(self.name, len(self.members), self.topic, self.created, self.topic_at, hidden, term)

    # Upkeep ---------------------------------------------------------------------------------------------------------

    def upkeep(self, at: int, gone: Callable[[Incarnation], bool]) -> list[Any]:
        return [Evict((edge,), self.rules.quit_reason(edge.key)) for edge in self.hosts if gone(edge)]

    def is_spent(self, at: int) -> bool:
        return not self.members and at - self.changed_at > self.rules.keep_s * 1000


def _with_rank(prefixes: str, letter: str, *, adding: bool) -> str:
    held = set(prefixes) | {letter} if adding else set(prefixes) - {letter}
    return "".join(rank for rank in CHANNEL_MODES.ranks if rank in held)


_APPLY: dict[type, Callable[[Channel, Any, int], bool]] = {
    Joined: Channel._joined,
    Parted: Channel._parted,
    Kicked: Channel._parted,
    HasQuit: Channel._has_quit,
    TopicSet: Channel._topic_set,
    Invited: Channel._invited,
    Updated: Channel._updated,
    ModesSet: Channel._modes_set,
}


class _Stored(msgspec.Struct, array_like=True):
    facts: tuple[str, int, str, str, int, int]
    settings: tuple[list[str], str | None, int | None]
    members: list[tuple[Person, str]]
    lists: dict[str, list[tuple[str, str, int]]]
    invited: list[str]


_stored = msgspec.msgpack.Decoder(_Stored)


def restore(folded: str, rules: Rules, snapshot: msgspec.Raw) -> Channel:
    """Raises msgspec.MsgspecError."""
    stored = _stored.decode(snapshot)
    channel = Channel(folded, rules)
    channel.name, channel.created, channel.topic, channel.topic_by, channel.topic_at, channel.changed_at = stored.facts
    modes, channel.key, channel.limit = stored.settings
    channel.modes = set(modes)
    for person, prefixes in stored.members:
        channel.members[person.uid] = Member(person, prefixes)
        channel.hosts[person.edge] = channel.hosts.get(person.edge, 0) + 1
    for letter, rows in stored.lists.items():
        if letter in channel.lists:
            channel.lists[letter] = MaskList(rules.casemap, rows)
    channel.invited = dict.fromkeys(stored.invited)
    return channel
