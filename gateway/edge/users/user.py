"""A user of this edge, and the local members of a channel or a conversation."""

from __future__ import annotations

from collections import Counter

import msgspec

from gateway.edge.client.connection import Connection, deliver
from gateway.edge.client.lines import Line
from gateway.state.once import Once
from gateway.state.people import Person
from ring.ids import GroupId

INVITES = 50
"""Most invitations remembered for a user; the oldest is forgotten first."""


LETTERS = 50
"""Most open conversations remembered for a guest; for a forgotten conversation the question is asked again."""


class Room:
    """The local members of a channel or a conversation, for fan-out."""

    __slots__ = ("connections", "group", "listed", "users", "watchers", "withheld")

    def __init__(self, group: GroupId) -> None:
        self.group = group
        self.listed: set[str] = set()  # uids which came with the replica: NAMES tells a newcomer here of these
        self.users: dict[str, User] = {}
        self.connections: dict[Connection, None] = {}
        self.withheld: dict[Connection, None] = {}  # of these: told of events, played messages later
        self.watchers: dict[str, User] = {}  # users who have detached the channel until somebody names the user

    def watch(self, user: User) -> None:
        """Update the watchers, as the user has detached the channel or attached the channel again."""
        self.watchers.pop(user.uid, None)
        if user.detached.get(self.group):
            self.watchers[user.uid] = user

    def add(self, user: User) -> None:
        self.users[user.uid] = user
        user.unseen.pop(self.group, None)
        user.seats(self.group)[self.group] = self
        self.watch(user)
        if not user.quitting:
            self.connections.update((c, None) for c in user.connections if self.group not in c.delivery.behind)

    def discard(self, uid: str) -> User | None:
        self.listed.discard(uid)
        self.watchers.pop(uid, None)
        user = self.users.pop(uid, None)
        if user is not None:
            user.seats(self.group).pop(self.group, None)
            for connection in user.connections:
                self.drop(connection)
        return user

    def drop(self, connection: Connection) -> None:
        self.connections.pop(connection, None)
        self.withheld.pop(connection, None)


class User:
    """A registered user of this edge, with all attached connections: the session."""

    __slots__ = (
        "absence",
        "auto_away",
        "carried",
        "claims",
        "connections",
        "detached",
        "home",
        "homeless",
        "invites",
        "joining",
        "keeps",
        "lasts",
        "left_at",
        "letters",
        "life",
        "looked_at",
        "monitored",
        "online",
        "oper",
        "person",
        "playback",
        "quitting",
        "returning",
        "rooms",
        "session",
        "settling",
        "spoke_at",
        "talks",
        "uid",
        "unseen",
        "unsettled",
        "wallops",
        "wanted",
    )

    def __init__(self, person: Person, home: GroupId, connection: Connection | None, now: float) -> None:
        self.uid = person.uid
        self.person = person  # as the user's own group has the person
        self.wanted = person  # the person after all pending changes: the next change builds on this
        self.home = home  # the group of the user's nick: the user's own group (P28)
        self.claims: GroupId | None = None  # the group of the new nick during a rename
        self.homeless = False  # the nick's group does not name the user, who claims the nick anew
        self.connections: dict[Connection, None] = {connection: None} if connection is not None else {}
        self.session = ""  # the folded name of the session's account
        self.lasts = False  # the user stays without connections
        self.life = ""  # the id of the account's registration, once known
        self.keeps = False  # private messages are kept, if the other side agrees; False until known
        self.left_at = 0.0  # when the last connection was closed
        self.absence: str | None = None  # the away text while nothing is attached, if any
        self.playback: int | None = None  # most lines of each channel in a playback; None: see attaching
        self.looked_at = now  # when the account's preferences were last asked for
        self.auto_away = False  # the user is away because nothing is attached
        self.rooms: dict[GroupId, Room] = {}
        self.letters: dict[str, GroupId] = {}  # a guest's conversations, by the folded account of the other side
        self.detached: dict[GroupId, bool] = {}  # channels hidden from the clients; True: until somebody names the user
        self.talks: dict[GroupId, Room] = {}  # conversations with other accounts
        self.returning: dict[GroupId, dict[Connection, None]] = {}  # channels under way, and waiting clients
        self.unseen: dict[GroupId, dict[Connection, None]] = {}  # see lose_sight
        self.joining: Counter[GroupId] = Counter()  # unanswered JOINs
        self.monitored: dict[GroupId, str] = {}
        self.online: dict[GroupId, str] = {}  # the holder of each monitored nick, as last told; "" for nobody
        self.carried: dict[GroupId, bool | None] = {}  # the same, as told on the clients' former node
        self.invites: dict[GroupId, str] = {}
        self.oper: str | None = None  # the operator's name in the configuration
        self.wallops = False
        self.quitting = False
        self.spoke_at = person.signon / 1000
        self.settling: Counter[GroupId] = Counter()  # groups for which PINGs wait, and how many PINGs
        self.unsettled: dict[GroupId, None] = {}  # a set with an order, so a seed replays alike

    @property
    def connection(self) -> Connection | None:
        """The connection which is attached for the longest time."""
        return next(iter(self.connections), None)

    def seats(self, group: GroupId) -> dict[GroupId, Room]:
        return self.talks if group.kind == "conversation" else self.rooms

    @property
    def heard(self) -> dict[GroupId, Room]:
        """All channels and conversations which the user hears."""
        return {**self.rooms, **self.talks}

    def attach(self, connection: Connection) -> None:
        """Attach the connection. A channel tells the connection of events once the missed lines have been shown."""
        connection.delivery.behind = dict.fromkeys((*self.heard, *self.returning))
        for late in self.returning.values():
            late[connection] = None
        self.connections[connection] = None
        connection.user = self

    def detach(self, connection: Connection) -> None:
        self.connections.pop(connection, None)
        for room in (*self.rooms.values(), *self.talks.values()):
            room.drop(connection)
        for late in (*self.returning.values(), *self.unseen.values()):
            late.pop(connection, None)

    def lose_sight(self, room: Room) -> None:
        """This node stops following a channel, though the user stays in the channel. The user's clients are not told:
        for these clients the user is in the channel, and the missed lines are played once the user is back."""
        group = room.group
        if group not in self.detached:
            inside = [
                c
                for c in self.connections
                if c in room.connections or c.delivery.behind.get(group) or group in c.delivery.playbacks
            ]
            self.unseen.setdefault(group, {}).update(dict.fromkeys(inside))

    def speaker(self, once: Once | None) -> Connection | None:
        """Return the connection which said the message with this key. Without a key: the connection, if only one."""
        if once is not None:
            return next((connection for connection in self.connections if connection.remote.sayer == once.sayer), None)
        return self.connection if len(self.connections) == 1 else None

    def send(self, line: Line, *, needs: str = "", skip: Connection | None = None) -> int:
        """Send the line to all connections; needs: only to connections with this capability. Returns the number."""
        return deliver(line, [c for c in self.connections if not needs or needs in c.caps], skip)

    def claimed(self, since: int) -> None:
        """Take the age of the claim from the group: a merge keeps the older claim, and a pending claim may be lost."""
        if self.wanted.since == self.person.since:  # no rename is under way
            self.wanted = msgspec.structs.replace(self.wanted, since=since)
        self.person = msgspec.structs.replace(self.person, since=since)

    def remember_letters(self, account: str, group: GroupId) -> None:
        """Remember that a guest's conversation with an account seems open; the latest conversations are remembered."""
        self.letters[account] = group
        if len(self.letters) > LETTERS:
            self.letters.pop(next(iter(self.letters)))

    def invited(self, group: GroupId, channel: str) -> None:
        self.invites[group] = channel
        if len(self.invites) > INVITES:
            self.invites.pop(next(iter(self.invites)))
