"""A user of this edge, composed of parts."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gateway.edge.client.connection import Connection, deliver
from gateway.edge.client.lines import Line
from gateway.edge.direct.privacy import Privacy
from gateway.edge.sessions.membership import Membership
from gateway.edge.users.identity import Identity
from gateway.edge.users.monitoring import Monitoring
from gateway.edge.users.rooms import Room, Seats
from gateway.state.idempotency import IdempotencyKey
from gateway.state.people import Person
from ring.ids import GroupId
from ring.nothing import NOTHING


class User:
    """A registered user of this edge, with all attached connections: the session."""

    __slots__ = (
        "connections",
        "identity",
        "monitoring",
        "person",
        "privacy",
        "quitting",
        "seats",
        "session",
        "settling",
        "spoke_at",
        "uid",
        "unsettled",
    )

    def __init__(self, person: Person, home: GroupId, connection: Connection | None, now: float) -> None:
        self.uid = person.uid
        self.person = person  # as the user's own group has the person
        self.connections: tuple[Connection, ...] = (connection,) if connection is not None else ()  # in order
        self.quitting = False
        self.spoke_at = person.signon / 1000
        self.identity = Identity(person, home)
        self.session = Membership(now)
        self.seats = Seats()
        self.privacy = Privacy()
        self.monitoring = Monitoring()
        self.settling: Mapping[GroupId, int] = NOTHING  # groups for which PINGs wait, and how many PINGs
        self.unsettled: dict[GroupId, None] = {}  # a set with an order, so a seed replays alike

    @property
    def connection(self) -> Connection | None:
        """The connection which is attached for the longest time."""
        return self.connections[0] if self.connections else None

    def attach(self, connection: Connection) -> None:
        """Attach the connection. A channel tells the connection of events once the missed lines have been shown."""
        connection.delivery.attach((*self.seats.all, *self.seats.returning))
        self.seats.attach(connection)
        if connection not in self.connections:
            self.connections += (connection,)
        connection.user = self

    def detach(self, connection: Connection) -> None:
        self.drop(connection)
        self.seats.detach(connection)

    def drop(self, connection: Connection) -> None:
        """Forget the connection. Nobody's seat changes."""
        self.connections = tuple(one for one in self.connections if one is not connection)

    def lose_sight(self, room: Room) -> None:
        """This node stops following a channel, though the user stays in the channel. The user's clients are not told:
        for these clients the user is in the channel, and the missed lines are played once the user is back."""
        group = room.group
        if group not in self.session.detached:
            inside = [
                c
                for c in self.connections
                if c in room.connections or c.delivery.awaiting.get(group) or group in c.delivery.playbacks
            ]
            self.seats.lose_sight(group, inside)

    def speaker(self, idempotency_key: IdempotencyKey | None) -> Connection | None:
        """Return the connection which said the message with this key. Without a key: the connection, if only one."""
        if idempotency_key is not None:
            return next(
                (connection for connection in self.connections if connection.remote.speaker == idempotency_key.speaker),
                None,
            )
        return self.connection if len(self.connections) == 1 else None

    def send(self, line: Line, *, needs: str = "", skip: Connection | None = None) -> int:
        """Send the line to all connections; needs: only to connections with this capability. Returns the number."""
        return deliver(line, [c for c in self.connections if not needs or needs in c.caps], skip)

    def claimed(self, since: int) -> None:
        """Take the age of the claim from the group: a merge keeps the older claim, and a pending claim may be lost."""
        if since == self.person.since:
            return
        if self.identity.pending.since == self.person.since:  # no rename is under way
            self.identity.change(since=since)
        self.person = msgspec.structs.replace(self.person, since=since)
