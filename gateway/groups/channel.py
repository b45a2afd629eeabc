"""A channel's state and how events change it. Who may do what is in channel_rules.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from gateway.groups import channel_rules, channel_views
from gateway.groups.channel_lists import MaskList
from gateway.groups.channel_messages import (
    ChannelView,
    Evict,
    HasQuit,
    Invited,
    Joined,
    Kicked,
    ListRow,
    Look,
    ModeChange,
    ModesSet,
    Parted,
    Said,
    TopicSet,
    Updated,
)
from gateway.groups.people import Person
from gateway.irc.casemapping import Casemap
from gateway.irc.limits import Limits
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


class Rules(msgspec.Struct, frozen=True):
    """What a channel's rules need of the network's settings."""

    limits: Limits
    casemap: Casemap
    quit_reason: Callable[[str], str]  # ring key of a node that is gone -> what QUIT says
    keep_s: float  # how long an empty channel is remembered


class Channel:
    """The replicated state of one channel."""

    def __init__(self, folded: str, rules: Rules) -> None:
        self.rules = rules
        self.name = folded  # as its first member typed it
        self.members: dict[str, Member] = {}  # by uid
        self.hosts: dict[Incarnation, int] = {}
        self.changed_at = 0  # Unix ms
        self._clear()

    def _clear(self) -> None:
        """Without members there is no channel, and nothing of it for those who make it anew (P40)."""
        self.created = 0  # Unix ms
        self.topic = ""
        self.topic_by = ""
        self.topic_at = 0
        self.modes: set[str] = set()
        self.key: str | None = None
        self.limit: int | None = None
        self.lists = {letter: MaskList(self.rules.casemap) for letter in CHANNEL_MODES.lists}
        self.invited: dict[str, None] = {}  # uids, the oldest invitation first

    def decide(self, command: Any, at: int) -> Decision:
        return channel_rules.DECIDE[type(command)](self, command, at)

    def apply(self, event: Any, at: int) -> bool:
        if type(event) is Said:
            return False
        self.changed_at = at
        return _APPLY[type(event)](self, event, at)

    # Members ----------------------------------------------------------------------------------------------------------

    def _sit(self, edge: Incarnation) -> None:
        self.hosts[edge] = self.hosts.get(edge, 0) + 1

    def _rise(self, edge: Incarnation) -> None:
        left = self.hosts[edge] - 1
        if left:
            self.hosts[edge] = left
        else:
            del self.hosts[edge]

    def _put(self, person: Person, prefixes: str) -> bool:
        """Make the person a member, or its facts these. Returns whether `hosts` has changed."""
        member = self.members.get(person.uid)
        if member is None:
            self.members[person.uid] = Member(person, prefixes)
            self._sit(person.edge)
            return True
        before = member.person.edge
        member.person, member.prefixes = person, prefixes
        if before == person.edge:
            return False
        self._rise(before)
        self._sit(person.edge)
        return True

    def _remove(self, *uids: str) -> bool:
        gone = [member for uid in uids if (member := self.members.pop(uid, None)) is not None]
        for member in gone:
            self._rise(member.person.edge)
        if gone and not self.members:
            self._clear()
        return bool(gone)

    # Events -----------------------------------------------------------------------------------------------------------

    def _joined(self, event: Joined, at: int) -> bool:
        if not self.members:
            self.name = event.name or self.name
            self.created = at
            self.modes = set(DEFAULT_MODES)
        self.invited.pop(event.person.uid, None)
        return self._put(event.person, event.prefixes)

    def _parted(self, event: Parted | Kicked, at: int) -> bool:
        return self._remove(event.uid)

    def _has_quit(self, event: HasQuit, at: int) -> bool:
        return self._remove(*(uid for uid, _ in event.gone))

    def _topic_set(self, event: TopicSet, at: int) -> bool:
        self.topic, self.topic_by, self.topic_at = event.topic, event.source, at
        return False

    def _invited(self, event: Invited, at: int) -> bool:
        if event.opens:
            self.invited.pop(event.uid, None)
            self.invited[event.uid] = None
            if len(self.invited) > INVITES:
                del self.invited[next(iter(self.invited))]
        return False

    def _updated(self, event: Updated, at: int) -> bool:
        member = self.members.get(event.person.uid)
        return member is not None and self._put(event.person, member.prefixes)

    def _modes_set(self, event: ModesSet, at: int) -> bool:
        for change in event.changes:
            self._set_mode(change, event.source, at)
        return False

    def _set_mode(self, change: ModeChange, source: str, at: int) -> None:
        letter, param = change.letter, change.param
        if letter in CHANNEL_MODES.ranks:
            member = self.members.get(change.uid or "")
            if member is not None:
                member.prefixes = with_rank(member.prefixes, letter, adding=change.adding)
        elif letter in CHANNEL_MODES.flags:
            self.modes = self.modes | {letter} if change.adding else self.modes - {letter}
        elif letter == "l":
            self.limit = int(param) if change.adding and param else None
        elif letter == "k":
            self.key = param if change.adding else None
        elif letter in self.lists and param is not None:
            entries = self.lists[letter]
            if change.adding:
                entries.add(param, source, at)
            else:
                entries.remove(param)

    # Copies, questions, upkeep ----------------------------------------------------------------------------------------

    def snapshot(self) -> Stored:
        return Stored(
            self.name,
            self.changed_at,
            self.created,
            (self.topic, self.topic_by, self.topic_at),
            ("".join(sorted(self.modes)), self.key, self.limit),
            [(member.person, member.prefixes) for member in self.members.values()],
            {letter: entries.rows() for letter, entries in self.lists.items()},
            list(self.invited),
        )

    def view(self) -> Any:
        return None

    def answer(self, question: Look, at: int) -> ChannelView | None:
        """What the asker may see; None where there is no such channel, or it is secret to the asker (+s)."""
        return channel_views.look(self, question)

    def row(self, term: int) -> ListRow:
        return channel_views.row(self, term)

    def upkeep(self, at: int, gone: Callable[[Incarnation], bool]) -> list[Evict]:
        return [Evict((edge,), self.rules.quit_reason(edge.key)) for edge in self.hosts if gone(edge)]

    def is_spent(self, at: int) -> bool:
        return not self.members and at - self.changed_at > self.rules.keep_s * 1000


def with_rank(prefixes: str, letter: str, *, adding: bool) -> str:
    """The ranks with one more or less, highest first."""
    held = {*prefixes, letter} if adding else {*prefixes} - {letter}
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


class Stored(msgspec.Struct, frozen=True, array_like=True):
    """A channel as links carry it."""

    name: str
    changed_at: int
    created: int
    topic: tuple[str, str, int]  # text, by, at
    settings: tuple[str, str | None, int | None]  # mode letters, key, limit
    members: list[tuple[Person, str]]
    lists: dict[str, tuple[tuple[str, str, int], ...]]
    invited: list[str]


_stored = msgspec.msgpack.Decoder(Stored)


def restore(folded: str, rules: Rules, snapshot: msgspec.Raw) -> Channel:
    """Raises msgspec.MsgspecError."""
    stored = _stored.decode(snapshot)
    channel = Channel(folded, rules)
    channel.name, channel.changed_at, channel.created = stored.name, stored.changed_at, stored.created
    channel.topic, channel.topic_by, channel.topic_at = stored.topic
    modes, channel.key, channel.limit = stored.settings
    channel.modes = set(modes)
    for person, prefixes in stored.members:
        channel._put(person, prefixes)
    for letter, rows in stored.lists.items():
        if letter in channel.lists:
            channel.lists[letter] = MaskList(rules.casemap, rows)
    channel.invited = dict.fromkeys(stored.invited)
    return channel
