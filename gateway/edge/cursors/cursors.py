"""Tracks how far each device has read (P38).

A node sends each event applied here to the attached devices. A device counts as having read all bytes received by the
device's machine. So each piece written to a device is marked with the cursors that the device reaches by the piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from gateway.edge.cursors.delivery import OnTheWay, Sent, arrive, bound, learn
from gateway.edge.ports import EdgePort
from gateway.edge.session_ports import CursorsPort
from gateway.state.session.messages import Device, ForgetDevice, Reached
from gateway.state.session.session import CURSORS, DEVICES, Session
from ring.history.cursor import merge_cursors
from ring.ids import GroupId
from ring.nothing import NOTHING, own
from ring.replication.application import FAILED
from ring.wire.history import Cursor

if TYPE_CHECKING:
    from gateway.edge.client.connection import Connection
    from gateway.edge.users.user import User


MARKS: Final = 64
"""At most so many pieces on the way to a client are marked apart; further pieces join the last mark."""


def _arrived(connection: Connection, upto: int) -> dict[str, Cursor]:
    """Return the connection's cursors, by folded channel, after `upto` received bytes, or parts of the stream."""
    arrive(connection.delivery.on_the_way, upto, connection.delivery.reached)
    return connection.delivery.reached


def _attached(connection: Connection) -> User | None:
    """Return the connection's user, if the connection is attached to the user."""
    user = connection.user
    return user if user is not None and connection in user.connections else None


def _news(connection: Connection, now: Mapping[str, Cursor | None]) -> dict[str, Cursor]:
    """Return the cursors that have moved since the last call, by folded channel."""
    found: dict[str, Cursor] = {}
    for name, cursor in now.items():
        known = connection.delivery.cursors.get(name)
        if cursor is not None and cursor.seq and (known is None or known.last != cursor):
            cursors_sent = connection.delivery.cursors = own(connection.delivery.cursors)
            cursors_sent[name] = Sent.after(known, cursor)
            found[name] = cursor
    return found


class Cursors(CursorsPort):
    """Keeps the cursors of devices attached here until the session's group knows the cursors.

    Keeps twice as many cursors as the session's group does, so an entry evicted here is still held there.
    """

    telling: int

    def __init__(self, edge: EdgePort) -> None:
        self.edge = edge
        self._sent: dict[str, dict[str, dict[str, Sent]]] = {}  # account -> device -> folded channel
        self.telling = 0  # reports to session groups without an answer so far
        self._news: dict[str, dict[str, dict[str, Cursor]]] = {}  # cursors of _sent not yet told to the session's group

    def changed(self, user: User) -> dict[str, dict[str, Cursor]]:
        """Return the cursors that have moved since the last call: device -> folded channel -> cursor."""
        for connection in user.connections:
            self._take(user.session.account, connection.device, self._delivered(connection))
            if not self.knows(user, connection.device):
                self._news.setdefault(user.session.account, {}).setdefault(connection.device, {})
        return self._news.pop(user.session.account, {})

    def mark(self, user: User, group: GroupId) -> None:
        """Remember how far the user's connections were shown the group: the user is about to leave the group."""
        for connection in user.connections if user.session.account else ():
            self._stays_at(connection, group)

    def _stays_at(self, connection: Connection, group: GroupId) -> None:
        cursor = self._shown(connection, group)
        if cursor is not None:
            self.sent(connection, {group.name: cursor})

    def sent(self, connection: Connection, cursors: Mapping[str, Cursor]) -> None:
        """Note cursors, by folded channel, which the connection reaches once all bytes sent so far have come."""
        parted = connection.delivery.parted = own(connection.delivery.parted)
        learn(parted, cursors)

    def left(self, user: User, connection: Connection) -> None:
        """Note the cursors and the last presence of a device: the connection is closed, or about to be."""
        account = user.session.account
        if account:
            for group in user.seats.all:
                self._stays_at(connection, group)  # even if more is said before the connection is closed
            self._take(account, connection.device, self._delivered(connection))
            self._news.setdefault(account, {}).setdefault(connection.device, {})
            if connection.delivery.on_the_way and connection.delivery.receipts is not None:
                connection.delivery.farewell = lambda: self._farewell(account, connection)

    def _farewell(self, account: str, connection: Connection) -> None:
        """Note the last bytes received by the client: after the end of the connection no more bytes will come."""
        assert connection.delivery.receipts is not None
        if (
            arrive(connection.delivery.on_the_way, connection.delivery.receipts.arrived(), connection.delivery.reached)
            is None
        ):
            return
        if account in self.edge.sessions.users:
            self._take(account, connection.device, connection.delivery.reached)
        else:
            self.edge.sessions.arrivals.remember(account, connection.device, connection.delivery.reached)
            self.tell(account, {connection.device: connection.delivery.reached})

    def forget(self, account: str) -> None:
        """Forget the account: the session is on another node, and the session's group has all cursors of this node."""
        for device, sent in self._sent.pop(account, {}).items():
            self.edge.sessions.arrivals.remember(account, device, {name: one.cursor for name, one in sent.items()})
        self._news.pop(account, None)

    def forget_device(self, user: User, device: str, done: Callable[[bool], None]) -> None:
        """Make the device begin anew at the next attach. done(whether the session's group has accepted the request)."""
        account = user.session.account

        def forgotten(outcome: Any) -> None:
            self._forget_device(account, device)
            done(outcome is not FAILED)

        self.edge.network.submit(self.edge.sessions.group(account), ForgetDevice(device), forgotten)

    def tell(
        self, account: str, cursors: dict[str, dict[str, Cursor]], then: Callable[[], None] = lambda: None
    ) -> None:
        """Report cursors of devices here to the session's group: the session is on another node, or soon will be."""
        self.telling += 1

        def told(_: Any) -> None:
            self.telling -= 1
            then()

        self.edge.network.submit(self.edge.sessions.group(account), Reached(cursors), told)

    def _forget_device(self, account: str, device: str) -> None:
        self._sent.get(account, {}).pop(device, None)
        self._news.get(account, {}).pop(device, None)

    def _take(self, account: str, device: str, cursors: Mapping[str, Cursor]) -> None:
        """Learn the device's cursors, by folded channel."""
        for name, cursor in cursors.items() if account else ():
            self._learn(account, device, name, cursor)

    def _learn(self, account: str, device: str, name: str, cursor: Cursor) -> None:
        devices = self._sent.setdefault(account, {})
        sent = devices.setdefault(device, {})
        known = sent.get(name)  # perhaps from a newer connection of the device
        if known is not None and known.last == cursor:
            return
        sent.pop(name, None)
        sent[name] = news = Sent.after(known, cursor)
        bound(sent, 2 * CURSORS)
        bound(devices, 2 * DEVICES)
        if known is None or news.cursor != known.cursor:
            self._news.setdefault(account, {}).setdefault(device, {})[name] = news.cursor

    def delivered(self, account: str, device: str) -> dict[str, Cursor]:
        """Return the cursors of one device of a session here, by folded channel, counting received lines."""
        user = self.edge.sessions.users.get(account)
        for connection in user.connections if user is not None else ():
            if connection.device == device:
                self._take(account, device, self._delivered(connection))
        return {name: sent.cursor for name, sent in self._sent.get(account, {}).get(device, {}).items()}

    def _delivered(self, connection: Connection) -> Mapping[str, Cursor]:
        """Return the connection's cursors, by folded channel, counting bytes received by the client's machine."""
        if connection.remote.stream is not None:
            upto = connection.remote.stream.used
        elif connection.delivery.receipts is not None:
            self._mark(connection, self.fresh(connection))
            upto = connection.delivery.receipts.arrived()
        else:
            return self._all(connection)
        return _arrived(connection, upto)

    def written(self, connections: Iterable[Connection], groups: Iterable[GroupId]) -> None:
        """Mark the bytes about to be written. groups: groups with events since the last call."""
        attached = [
            (client, user)
            for client in connections
            if (user := client.user) is not None
            and user.session.account
            and client.delivery.receipts is not None
            and client in user.connections
        ]
        if not attached:
            return
        now = {group: self.edge.network.applied_to(group) for group in groups}
        for connection, user in attached:
            awaiting = connection.delivery.awaiting
            heard = [group for group in now if group in user.seats.rooms or group in user.seats.conversations]
            held = self.edge.asides.cursor
            self._mark(
                connection, _news(connection, {g.name: awaiting.get(g, held(connection, g) or now[g]) for g in heard})
            )

    def _mark(self, connection: Connection, cursors: dict[str, Cursor]) -> None:
        marks, receipts = connection.delivery.on_the_way, connection.delivery.receipts
        if not cursors or receipts is None:
            return
        _arrived(connection, receipts.arrived())  # a broken socket may not tell any more
        if len(marks) >= MARKS:
            last = marks.pop().cursors
            learn(last, cursors)
            cursors = last
        marks.append(OnTheWay(connection.sent(), cursors))

    def _all(self, connection: Connection) -> Mapping[str, Cursor]:
        """Return the connection's cursors, by folded channel, counting all bytes sent."""
        self.fresh(connection)
        return {name: sent.cursor for name, sent in connection.delivery.cursors.items()}

    def fresh(self, connection: Connection) -> dict[str, Cursor]:
        """Return the connection's cursors that have moved since the last call, by folded channel."""
        user = _attached(connection)
        heard = user.seats.all if user is not None else {}
        now: dict[str, Cursor | None] = {**connection.delivery.parted}
        connection.delivery.parted = NOTHING
        for group in heard:
            now[group.name] = merge_cursors(now.get(group.name), self._shown(connection, group))
        found = _news(connection, now)
        if len(connection.delivery.cursors) > CURSORS:
            connection.delivery.cursors = {
                name: sent for name, sent in connection.delivery.cursors.items() if name in now
            }
        return found

    def _shown(self, connection: Connection, group: GroupId) -> Cursor | None:
        """Return how far the connection was sent the group; None before the first missed line is played."""
        awaiting = connection.delivery.awaiting
        if group in awaiting:
            return awaiting[group]
        return self.edge.asides.cursor(connection, group) or self.edge.network.applied_to(group)

    def now(self, user: User, connection: Connection) -> dict[str, Cursor]:
        """Return the cursors of a client of this node, by folded channel, also in channels which the user has left."""
        sent = self._sent.get(user.session.account, {}).get(connection.device, {})
        found = {name: known.cursor for name, known in sent.items()}
        learn(found, self._all(connection))
        for group in user.seats.all:
            cursor = merge_cursors(found.get(group.name), self.of(user, connection.device, group))
            if cursor is not None:
                found[group.name] = cursor
        return found

    def cursor_of(self, user: User, connection: Connection, group: GroupId) -> Cursor | None:
        """Return the connection's cursor by all lines sent, merged with the cursor of the device."""
        sent = connection.delivery.cursors.get(group.name)
        here = merge_cursors(connection.delivery.awaiting.get(group), connection.delivery.parted.get(group.name))
        return merge_cursors(here, sent.cursor if sent is not None else None, self.of(user, connection.device, group))

    def of(self, user: User, device: str, group: GroupId) -> Cursor | None:
        """Return the device's cursor in a channel; None if the device was never in the channel."""
        sent = self._sent.get(user.session.account, {}).get(device, {}).get(group.name)
        known = self.device(user, device)
        return merge_cursors(
            sent.cursor if sent is not None else None, known.cursors.get(group.name) if known is not None else None
        )

    def knows(self, user: User, device: str) -> bool:
        return self.device(user, device) is not None

    def seen(self, user: User, device: str) -> float:
        """Return when the device was last here, in Unix seconds; 0 if never."""
        known = self.device(user, device)
        return known.seen / 1000 if known is not None else 0.0

    def device(self, user: User, device: str) -> Device | None:
        """Return the device as known to the session's group."""
        state = self.edge.network.state(GroupId("session", user.session.account))
        return state.stored.devices.get(device) if isinstance(state, Session) else None
