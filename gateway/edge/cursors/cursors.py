"""How far each device has read (P38).

Everything that is applied here while it is attached is sent to it. It has read what has come to its machine: so each
piece that is written to it is marked with how far it takes the device.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from gateway.edge.cursors.delivery import OnTheWay, Sent, arrive, bound, learn
from gateway.edge.ports import CursorsPort, EdgePort
from gateway.state.session.messages import Device, ForgetDevice, Reached
from gateway.state.session.session import DEVICES, PLACES, Session
from ring.history.cursor import merge_cursors
from ring.ids import GroupId
from ring.replication.application import FAILED
from ring.wire.history import Cursor

if TYPE_CHECKING:
    from gateway.edge.client.connection import Connection
    from gateway.edge.users.user import User


MARKS: Final = 64
"""So many pieces that have not come to a client are told apart; the rest counts as one."""


def _arrived(connection: Connection, upto: int) -> dict[str, Cursor]:
    """By folded channel, how far the connection is once its first `upto` bytes, or parts of its stream, have come."""
    arrive(connection.delivery.on_the_way, upto, connection.delivery.reached)
    return connection.delivery.reached


def _attached(connection: Connection) -> User | None:
    """The user that it is told of."""
    user = connection.user
    return user if user is not None and connection in user.connections else None


def _news(connection: Connection, now: Mapping[str, Cursor | None]) -> dict[str, Cursor]:
    """By folded channel, where it has changed since this was last asked for."""
    found: dict[str, Cursor] = {}
    for name, place in now.items():
        known = connection.delivery.places.get(name)
        if place is not None and place.seq and (known is None or known.last != place):
            connection.delivery.places[name] = Sent.after(known, place)
            found[name] = place
    return found


class Cursors(CursorsPort):
    """The places of the devices that are attached here, as far as the session's group does not know them yet.

    Of twice as many as that keeps: what goes here is there.
    """

    def __init__(self, edge: EdgePort) -> None:
        self.edge = edge
        self._sent: dict[str, dict[str, dict[str, Sent]]] = {}  # account -> device -> folded channel
        self.telling = 0  # of so much a session's group is just told
        self._news: dict[str, dict[str, dict[str, Cursor]]] = {}  # of those, what the session's group is not told yet

    def changed(self, user: User) -> dict[str, dict[str, Cursor]]:
        """Device -> folded channel -> place, of those that have gone on since this was last asked for."""
        for connection in user.connections:
            self._take(user.session, connection.device, self._came(connection))
            if not self.knows(user, connection.device):
                self._news.setdefault(user.session, {}).setdefault(connection.device, {})
        return self._news.pop(user.session, {})

    def mark(self, user: User, group: GroupId) -> None:
        """What the user's connections have been sent so far is remembered, though it is about to leave the group."""
        for connection in user.connections if user.session else ():
            self._stays_at(connection, group)

    def _stays_at(self, connection: Connection, group: GroupId) -> None:
        place = self._shown(connection, group)
        if place is not None:
            self.sent(connection, {group.name: place})

    def sent(self, connection: Connection, places: Mapping[str, Cursor]) -> None:
        """By folded channel, how far it is once what it was sent last has come."""
        learn(connection.delivery.parted, places)

    def left(self, user: User, connection: Connection) -> None:
        """The connection is closed, or about to be: how far its device has come, and that it was here until now."""
        account = user.session
        if account:
            for group in user.heard:
                self._stays_at(connection, group)  # whatever is said from now on, until it is closed
            self._take(account, connection.device, self._came(connection))
            self._news.setdefault(account, {}).setdefault(connection.device, {})
            if connection.delivery.on_the_way and connection.delivery.receipts is not None:
                connection.delivery.farewell = lambda: self._farewell(account, connection)

    def _farewell(self, account: str, connection: Connection) -> None:
        """What was on its way to the connection has come by now, or never will."""
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
        """The session is elsewhere, and its group knows all that is known here."""
        for device, sent in self._sent.pop(account, {}).items():
            self.edge.sessions.arrivals.remember(account, device, {name: one.place for name, one in sent.items()})
        self._news.pop(account, None)

    def forget_device(self, user: User, device: str, done: Callable[[bool], None]) -> None:
        """It begins anew when it is attached again. done(whether the session's group has taken that)."""
        account = user.session

        def forgotten(outcome: Any) -> None:
            self._forget_device(account, device)
            done(outcome is not FAILED)

        self.edge.engine.submit(self.edge.sessions.group(account), ForgetDevice(device), forgotten)

    def tell(self, account: str, places: dict[str, dict[str, Cursor]], then: Callable[[], None] = lambda: None) -> None:
        """What devices here have been sent of a session that is elsewhere, or soon will be."""
        self.telling += 1

        def told(_: Any) -> None:
            self.telling -= 1
            then()

        self.edge.engine.submit(self.edge.sessions.group(account), Reached(places), told)

    def _forget_device(self, account: str, device: str) -> None:
        self._sent.get(account, {}).pop(device, None)
        self._news.get(account, {}).pop(device, None)

    def _take(self, account: str, device: str, places: Mapping[str, Cursor]) -> None:
        """By folded channel, what has come to the device."""
        for name, place in places.items() if account else ():
            self._learn(account, device, name, place)

    def _learn(self, account: str, device: str, name: str, place: Cursor) -> None:
        devices = self._sent.setdefault(account, {})
        sent = devices.setdefault(device, {})
        known = sent.get(name)  # maybe of a connection that is newer than the one that is asked
        if known is not None and known.last == place:
            return
        sent.pop(name, None)
        sent[name] = news = Sent.after(known, place)
        bound(sent, 2 * PLACES)
        bound(devices, 2 * DEVICES)
        if known is None or news.place != known.place:
            self._news.setdefault(account, {}).setdefault(device, {})[name] = news.place

    def came(self, account: str, device: str) -> dict[str, Cursor]:
        """By folded channel, how far one device of a session here has come."""
        user = self.edge.sessions.users.get(account)
        for connection in user.connections if user is not None else ():
            if connection.device == device:
                self._take(account, device, self._came(connection))
        return {name: sent.place for name, sent in self._sent.get(account, {}).get(device, {}).items()}

    def _came(self, connection: Connection) -> Mapping[str, Cursor]:
        """By folded channel, how far the connection is by what has come to its client's machine."""
        if connection.remote.stream is not None:
            upto = connection.remote.stream.used
        elif connection.delivery.receipts is not None:
            self._mark(connection, self.fresh(connection))
            upto = connection.delivery.receipts.arrived()
        else:
            return self._all(connection)
        return _arrived(connection, upto)

    def written(self, connections: Iterable[Connection], groups: Iterable[GroupId]) -> None:
        """What each of them is about to be sent is marked. groups: those in which something has happened since."""
        attached = [
            (client, user)
            for client in connections
            if client.delivery.receipts is not None and (user := _attached(client)) is not None and user.session
        ]
        if not attached:
            return
        now = {group: self.edge.engine.applied_to(group) for group in groups}
        for connection, user in attached:
            behind = connection.delivery.behind
            heard = [group for group in now if group in user.rooms or group in user.talks]
            held = self.edge.asides.place
            self._mark(
                connection, _news(connection, {g.name: behind.get(g, held(connection, g) or now[g]) for g in heard})
            )

    def _mark(self, connection: Connection, places: dict[str, Cursor]) -> None:
        marks, receipts = connection.delivery.on_the_way, connection.delivery.receipts
        if not places or receipts is None:
            return
        _arrived(connection, receipts.arrived())  # a socket that breaks may not tell any more
        if len(marks) >= MARKS:
            last = marks.pop().places
            learn(last, places)
            places = last
        marks.append(OnTheWay(connection.sent(), places))

    def _all(self, connection: Connection) -> Mapping[str, Cursor]:
        """By folded channel, how far it is by all that it was sent."""
        self.fresh(connection)
        return {name: sent.place for name, sent in connection.delivery.places.items()}

    def fresh(self, connection: Connection) -> dict[str, Cursor]:
        """By folded channel, of one connection, where it has changed since this was last asked for."""
        user = _attached(connection)
        heard = user.heard if user is not None else {}
        now: dict[str, Cursor | None] = {**connection.delivery.parted}
        connection.delivery.parted.clear()
        for group in heard:
            now[group.name] = merge_cursors(now.get(group.name), self._shown(connection, group))
        found = _news(connection, now)
        if len(connection.delivery.places) > PLACES:
            connection.delivery.places = {
                name: sent for name, sent in connection.delivery.places.items() if name in now
            }
        return found

    def _shown(self, connection: Connection, group: GroupId) -> Cursor | None:
        """How far the connection has been sent the group; None while it was played nothing of what it has missed."""
        behind = connection.delivery.behind
        if group in behind:
            return behind[group]
        return self.edge.asides.place(connection, group) or self.edge.engine.applied_to(group)

    def now(self, user: User, connection: Connection) -> dict[str, Cursor]:
        """By folded channel, how far a client of this node has come in each, where its user is no more, too."""
        sent = self._sent.get(user.session, {}).get(connection.device, {})
        found = {name: known.place for name, known in sent.items()}
        learn(found, self._all(connection))
        for group in user.heard:
            place = merge_cursors(found.get(group.name), self.of(user, connection.device, group))
            if place is not None:
                found[group.name] = place
        return found

    def come(self, user: User, connection: Connection, group: GroupId) -> Cursor | None:
        """How far it is by what it was sent itself, though not all may have come yet, and by what its device was."""
        sent = connection.delivery.places.get(group.name)
        here = merge_cursors(connection.delivery.behind.get(group), connection.delivery.parted.get(group.name))
        return merge_cursors(here, sent.place if sent is not None else None, self.of(user, connection.device, group))

    def of(self, user: User, device: str, group: GroupId) -> Cursor | None:
        """What the device has been sent of a channel; None if it never was in it."""
        sent = self._sent.get(user.session, {}).get(device, {}).get(group.name)
        known = self.device(user, device)
        return merge_cursors(
            sent.place if sent is not None else None, known.places.get(group.name) if known is not None else None
        )

    def knows(self, user: User, device: str) -> bool:
        return self.device(user, device) is not None

    def seen(self, user: User, device: str) -> float:
        """Unix seconds; 0 if it never was here."""
        known = self.device(user, device)
        return known.seen / 1000 if known is not None else 0.0

    def device(self, user: User, device: str) -> Device | None:
        """What the session's group knows of the device."""
        state = self.edge.engine.state(GroupId("session", user.session))
        return state.stored.devices.get(device) if isinstance(state, Session) else None
