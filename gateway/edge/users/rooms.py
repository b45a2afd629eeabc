"""The local members of a channel or a conversation, and the seats of one user in channels and conversations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final

from gateway.edge.client.outputs import Audience
from ring.ids import GroupId
from ring.nothing import NOTHING, drop, own

if TYPE_CHECKING:
    from gateway.edge.client.connection import Connection
    from gateway.edge.client.lines import Line
    from gateway.edge.users.user import User

INVITES: Final = 50
"""Most invitations remembered for a user; the oldest is forgotten first."""


def counted(counts: Mapping[GroupId, int], group: GroupId) -> Mapping[GroupId, int]:
    """Count one more of the group. Returns the counts."""
    counts = own(counts)
    counts[group] = counts.get(group, 0) + 1
    return counts


def uncounted(counts: Mapping[GroupId, int], group: GroupId) -> Mapping[GroupId, int]:
    """Count one less of the group. A group without any is not among the counts. Returns the counts."""
    counts = own(counts)
    left = counts.get(group, 0) - 1
    if left > 0:
        counts[group] = left
    else:
        counts.pop(group, None)
    return counts or NOTHING


class Room:
    """The local members of a channel or a conversation, for fan-out."""

    __slots__ = ("_audience", "connections", "group", "held_back", "listed", "unseen", "users", "watchers")

    def __init__(self, group: GroupId) -> None:
        self.group = group
        self.listed: set[str] = set()  # uids which came with the replica: NAMES tells a newcomer here of these
        self.unseen: dict[str, bool] = {}  # members not shown to all here: views/veil.py
        self.users: dict[str, User] = {}
        self.connections: dict[Connection, None] = {}  # only `add`, `let_in` and `drop` write these
        self._audience: Audience[Connection] | None = None  # of these
        self.held_back: dict[Connection, None] = {}  # of these: told of events, played messages later
        self.watchers: dict[str, User] = {}  # users who have detached the channel until somebody names the user

    def watch(self, user: User) -> None:
        """Update the watchers, as the user has detached the channel or attached the channel again."""
        self.watchers.pop(user.uid, None)
        if user.session.detached.get(self.group):
            self.watchers[user.uid] = user

    def add(self, user: User) -> None:
        self.users[user.uid] = user
        user.seats.take(self)
        self.watch(user)
        if not user.quitting:
            self.connections.update((c, None) for c in user.connections if self.group not in c.delivery.awaiting)
            self._audience = None

    def discard(self, uid: str) -> User | None:
        self.listed.discard(uid)
        self.unseen.pop(uid, None)
        self.watchers.pop(uid, None)
        user = self.users.pop(uid, None)
        if user is not None:
            user.seats.give_up(self.group)
            for connection in user.connections:
                self.drop(connection)
        return user

    def let_in(self, connection: Connection) -> None:
        """Show the connection the group's events from now on."""
        self.connections[connection] = None
        self.held_back.pop(connection, None)
        self._audience = None

    def deliver(self, line: Line, skip: Connection | None = None) -> int:
        """Append the line to the output of every connection here. Returns the number of connections."""
        connections, audience = self.connections, self._audience
        if not connections:
            return 0
        if audience is None or not audience.deliver(line):
            audience = self._audience = Audience(connections, next(iter(connections)).outputs)
            audience.deliver(line)
        if skip is None or skip not in connections:
            return len(connections)
        skip.out.pop()
        return len(connections) - 1

    def drop(self, connection: Connection) -> None:
        self.connections.pop(connection, None)
        self._audience = None
        self.held_back.pop(connection, None)


class Seats:
    """The channels and conversations of one user. Only gateway/edge/users writes these fields."""

    __slots__ = ("conversations", "invites", "joining", "rejoining", "returning", "rooms", "unseen")

    def __init__(self) -> None:
        self.rooms: Mapping[GroupId, Room] = NOTHING
        self.conversations: Mapping[GroupId, Room] = NOTHING  # with other accounts
        self.joining: Mapping[GroupId, int] = NOTHING  # number of unanswered JOINs
        self.rejoining: Mapping[GroupId, int] = NOTHING  # the same of the node, for a seat that the group has lost
        # Conversations under way, and waiting clients.
        self.returning: Mapping[GroupId, dict[Connection, None]] = NOTHING
        self.unseen: Mapping[GroupId, dict[Connection, None]] = NOTHING  # channels out of sight, and the clients inside
        self.invites: Mapping[GroupId, str] = NOTHING

    @property
    def all(self) -> dict[GroupId, Room]:
        """All channels and conversations which the user hears."""
        return {**self.rooms, **self.conversations}

    @property
    def channels(self) -> dict[GroupId, object]:
        """All channels to tell of a new profile of the user: a JOIN under way carries the older profile."""
        return {**self.rooms, **self.joining, **self.rejoining}

    def of(self, group: GroupId) -> Mapping[GroupId, Room]:
        """Return the seats in groups of the same kind."""
        return self.conversations if group.kind == "conversation" else self.rooms

    def take(self, room: Room) -> None:
        drop(self.unseen, room.group)
        if room.group.kind == "conversation":
            conversations = self.conversations = own(self.conversations)
            conversations[room.group] = room
        else:
            rooms = self.rooms = own(self.rooms)
            rooms[room.group] = room

    def give_up(self, group: GroupId) -> None:
        drop(self.of(group), group)

    # Channels under way ---------------------------------------------------------------------------------------------

    def begin_joining(self, group: GroupId) -> None:
        self.joining = counted(self.joining, group)

    def end_joining(self, group: GroupId) -> None:
        """Note the answer to a JOIN."""
        self.joining = uncounted(self.joining, group)

    def begin_rejoining(self, group: GroupId) -> None:
        self.rejoining = counted(self.rejoining, group)

    def end_rejoining(self, group: GroupId) -> None:
        self.rejoining = uncounted(self.rejoining, group)

    def invite(self, group: GroupId, channel: str) -> None:
        invites = self.invites = own(self.invites)
        invites[group] = channel
        if len(invites) > INVITES:
            del invites[next(iter(invites))]

    def withdraw_invite(self, group: GroupId) -> None:
        drop(self.invites, group)

    # Conversations under way ----------------------------------------------------------------------------------------

    def begin_returning(self, group: GroupId, waiting: Collection[Connection]) -> None:
        self.returning = {**self.returning, group: dict.fromkeys(waiting)}

    def end_returning(self, group: GroupId) -> Collection[Connection]:
        """Return the clients which have waited for the conversation."""
        return drop(self.returning, group) or {}

    # Clients --------------------------------------------------------------------------------------------------------

    def lose_sight(self, group: GroupId, inside: Collection[Connection]) -> None:
        """Note that this node does not follow the channel for now, while these clients take the user to be inside."""
        unseen = self.unseen = own(self.unseen)
        unseen.setdefault(group, {}).update(dict.fromkeys(inside))

    def forget_unseen(self, group: GroupId) -> None:
        drop(self.unseen, group)

    def attach(self, connection: Connection) -> None:
        """Let the connection wait for the conversations under way."""
        for late in self.returning.values():
            late[connection] = None

    def detach(self, connection: Connection) -> None:
        for room in (*self.rooms.values(), *self.conversations.values()):
            room.drop(connection)
        for late in (*self.returning.values(), *self.unseen.values()):
            late.pop(connection, None)
