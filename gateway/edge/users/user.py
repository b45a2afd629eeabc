"""A person on this edge, and the channels that people here are in."""

from __future__ import annotations

from collections import Counter

import msgspec

from gateway.edge.client.connection import Connection, deliver
from gateway.edge.client.lines import Line
from gateway.state.once import Once
from gateway.state.people import Person
from ring.ids import GroupId

INVITES = 50
"""A user is reminded of at most this many invitations."""


LETTERS = 50
"""So many open conversations of a guest are remembered; of others it is asked again."""


class Room:
    """The local members of a channel or a conversation, for fan-out."""

    __slots__ = ("connections", "group", "listed", "users", "watchers", "withheld")

    def __init__(self, group: GroupId) -> None:
        self.group = group
        self.listed: set[str] = set()  # uids that came with the copy: whoever joins here is told of them by NAMES
        self.users: dict[str, User] = {}
        self.connections: dict[Connection, None] = {}
        self.withheld: dict[Connection, None] = {}  # of those, who is told what happens and is played what is said
        self.watchers: dict[str, User] = {}  # who has detached it until somebody names them

    def watch(self, user: User) -> None:
        """The user has detached the channel, or attached it again."""
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
    """A registered user of this edge, with as many connections as are attached: the session."""

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
        self.person = person  # as its own group has it
        self.wanted = person  # as it will be once all that was asked for is done: the next change builds on it
        self.home = home  # the group of the nick it holds: its own group (P28)
        self.claims: GroupId | None = None  # the group of the nick that it is being renamed to
        self.homeless = False  # its nick's group does not name it, and it is claiming anew
        self.connections: dict[Connection, None] = {connection: None} if connection is not None else {}
        self.session = ""  # the folded name of the account whose session this is
        self.lasts = False  # it stays without connections
        self.life = ""  # the id of the account's registration, once that is known
        self.keeps = False  # its private messages are kept, if the other side's are; not before that is known
        self.left_at = 0.0  # when the last of them was closed
        self.absence: str | None = None  # how it is shown away while nothing is attached, if it is
        self.playback: int | None = None  # the most lines of each channel that a client is played; None: see attaching
        self.looked_at = now  # when its account's choices were last asked for
        self.auto_away = False  # it is away because nothing is attached
        self.rooms: dict[GroupId, Room] = {}
        self.letters: dict[str, GroupId] = {}  # a guest's conversations, by the folded account that reads them
        self.detached: dict[GroupId, bool] = {}  # channels that its clients are not shown; True: until it is named
        self.talks: dict[GroupId, Room] = {}  # its conversations with other accounts
        self.returning: dict[GroupId, dict[Connection, None]] = {}  # it is on its way to, and who waits
        self.unseen: dict[GroupId, dict[Connection, None]] = {}  # see lose_sight
        self.joining: Counter[GroupId] = Counter()  # JOINs that are not answered yet
        self.monitored: dict[GroupId, str] = {}
        self.online: dict[GroupId, str] = {}  # of the monitored nicks, as last told: who has it, "" for nobody
        self.carried: dict[GroupId, bool | None] = {}  # and as told where its clients come from
        self.invites: dict[GroupId, str] = {}
        self.oper: str | None = None  # the operator's name in the configuration
        self.wallops = False
        self.quitting = False
        self.spoke_at = person.signon / 1000
        self.settling: Counter[GroupId] = Counter()  # groups that PINGs wait for, and how many
        self.unsettled: dict[GroupId, None] = {}  # a set with an order, so that a seed replays alike

    @property
    def connection(self) -> Connection | None:
        """The one that is attached for the longest time."""
        return next(iter(self.connections), None)

    def seats(self, group: GroupId) -> dict[GroupId, Room]:
        return self.talks if group.kind == "conversation" else self.rooms

    @property
    def heard(self) -> dict[GroupId, Room]:
        """All in which it is told what is said."""
        return {**self.rooms, **self.talks}

    def attach(self, connection: Connection) -> None:
        """Its channels tell the connection what happens once it has been shown what it has missed."""
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
        """The connection that has said what is known by that; of several none, if it is not known by anything."""
        if once is not None:
            return next((connection for connection in self.connections if connection.remote.sayer == once.sayer), None)
        return self.connection if len(self.connections) == 1 else None

    def send(self, line: Line, *, needs: str = "", skip: Connection | None = None) -> int:
        """To all its connections; needs: to those with this capability. Returns to how many."""
        return deliver(line, [c for c in self.connections if not needs or needs in c.caps], skip)

    def claimed(self, since: int) -> None:
        """The age of its claim is the group's to say: a merge keeps the older one, a pending one may be lost."""
        if self.wanted.since == self.person.since:  # it is not being renamed
            self.wanted = msgspec.structs.replace(self.wanted, since=since)
        self.person = msgspec.structs.replace(self.person, since=since)

    def remember_letters(self, account: str, group: GroupId) -> None:
        """A guest's conversation with an account is open, for all that is known; the latest ones are remembered."""
        self.letters[account] = group
        if len(self.letters) > LETTERS:
            self.letters.pop(next(iter(self.letters)))

    def invited(self, group: GroupId, channel: str) -> None:
        self.invites[group] = channel
        if len(self.invites) > INVITES:
            self.invites.pop(next(iter(self.invites)))
