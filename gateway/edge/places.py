"""How far each device has read (P38).

Everything that is applied here while it is attached is sent to it. It has read what has come to its machine; if it goes
in peace, all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway.groups.session import Session
from gateway.groups.session_messages import Device, ForgetDevice, Reached
from ring.groups.host import FAILED
from ring.groups.places import joined
from ring.ids import GroupId
from ring.wire import Place

if TYPE_CHECKING:
    from gateway.edge.connection import Connection
    from gateway.edge.edge import Edge
    from gateway.edge.user import User


class Sent(NamedTuple):
    """last: what was heard last, as it came. place: that, and all before."""

    last: Place
    place: Place


def learn(places: dict[str, Place], more: Mapping[str, Place]) -> None:
    """By folded channel, what somebody has read besides."""
    for name, place in more.items():
        places[name] = joined(places.get(name), place) or place


class Places:
    """The places of the devices that are attached here, as far as the session's group does not know them yet."""

    def __init__(self, edge: Edge) -> None:
        self.edge = edge
        self._sent: dict[str, dict[tuple[str, str], Sent]] = {}  # account -> of a device in a folded channel
        self._news: dict[str, dict[str, dict[str, Place]]] = {}  # of those, what the session's group is not told yet

    def changed(self, user: User) -> dict[str, dict[str, Place]]:
        """Device -> folded channel -> place, of those that have gone on since this was last asked for."""
        for connection in user.connections:
            self._keep(user, connection, user.heard, self._came(connection))
            if not self.knows(user, connection.device):
                self._news.setdefault(user.session, {}).setdefault(connection.device, {})
        return self._news.pop(user.session, {})

    def mark(self, user: User, group: GroupId) -> None:
        """What the user's connections have been sent so far is remembered, though it is about to leave the group."""
        for connection in user.connections if user.session else ():
            place = self._shown(connection, group)
            if place is not None:
                connection.parted[group] = place  # it is told with what was sent last
            came = self._came(connection) if connection.stream is not None else None
            self._keep(user, connection, (group,), came)

    def left(self, user: User, connection: Connection, *, lost: bool = False) -> None:
        """The connection is about to be closed: how far its device has come, and that it was here until now.

        lost: it is broken, and what has not come to its client by now never will.
        """
        if user.session:
            self._keep(user, connection, user.heard, self._came(connection) if lost else None)
            self._news.setdefault(user.session, {}).setdefault(connection.device, {})

    def forget(self, account: str) -> None:
        """The session is elsewhere, and its group knows all that is known here."""
        self._sent.pop(account, None)
        self._news.pop(account, None)

    def forget_device(self, user: User, device: str, done: Callable[[bool], None]) -> None:
        """It begins anew when it is attached again. done(whether the session's group has taken that)."""
        account = user.session

        def forgotten(outcome: Any) -> None:
            self._forget_device(account, device)
            done(outcome is not FAILED)

        self.edge.engine.submit(self.edge.sessions.group(account), ForgetDevice(device), forgotten)

    def reached(self, account: str, device: str, places: dict[str, Place]) -> None:
        """What a client here has been sent of a session that is elsewhere."""
        if places:
            self.edge.engine.submit(self.edge.sessions.group(account), Reached({device: places}))

    def _forget_device(self, account: str, device: str) -> None:
        sent = self._sent.get(account, {})
        for key in [key for key in sent if key[0] == device]:
            del sent[key]
        self._news.get(account, {}).pop(device, None)

    def _keep(
        self, user: User, connection: Connection, groups: Iterable[GroupId], came: Mapping[str, Place] | None
    ) -> None:
        for group in groups:
            place = came.get(group.name) if came is not None else self._shown(connection, group)
            if place is not None and place.seq:
                self._learn(user.session, connection.device, group.name, place)

    def _learn(self, account: str, device: str, name: str, place: Place) -> None:
        sent = self._sent.setdefault(account, {})
        known = sent.get((device, name))  # maybe of a connection that is newer than the one that is asked
        if known is not None and known.last == place:
            return
        before = known.place if known is not None else None
        whole = joined(before, place) or place
        sent[device, name] = Sent(place, whole)
        if whole != before:
            self._news.setdefault(account, {}).setdefault(device, {})[name] = whole

    def brought(self, user: User, device: str, places: Mapping[str, Place]) -> None:
        """By folded channel, what the device has been sent where its session was before."""
        for name, place in places.items() if user.session else ():
            self._learn(user.session, device, name, place)

    def _came(self, connection: Connection) -> dict[str, Place] | None:
        """By folded channel, how far the connection is by what has come to its client's machine; None: by all."""
        if connection.stream is not None:
            upto = connection.stream.used
        elif connection.receipts is not None:
            if places := self.fresh(connection):
                connection.on_the_way.append((connection.sent(), places))
            upto = connection.receipts.arrived()
        else:
            return None
        while connection.on_the_way and connection.on_the_way[0][0] <= upto:
            learn(connection.reached, connection.on_the_way.pop(0)[1])
        return connection.reached

    def fresh(self, connection: Connection) -> dict[str, Place]:
        """By folded channel, of one connection, where it has changed since this was last asked for."""
        user = connection.user
        now: list[tuple[GroupId, Place | None]] = list(connection.parted.items())
        connection.parted.clear()
        now += ((group, self._shown(connection, group)) for group in (user.heard if user is not None else ()))
        found: dict[str, Place] = {}
        for group, place in now:
            if place is not None and place.seq and connection.places.get(group) != place:
                connection.places[group] = place
                learn(found, {group.name: place})
        return found

    def _shown(self, connection: Connection, group: GroupId) -> Place | None:
        """How far the connection has been sent the group; None while it was played nothing of what it has missed."""
        behind = connection.behind
        return behind[group] if group in behind else self.edge.engine.applied_to(group)

    def now(self, user: User, connection: Connection) -> dict[str, Place]:
        """By folded channel, how far a client of this node has come in each, where its user is no more, too."""
        sent = self._sent.get(user.session, {})
        found = {name: known.place for (device, name), known in sent.items() if device == connection.device}
        for group in user.heard:
            place = joined(self._shown(connection, group), self.of(user, connection.device, group))
            if place is not None:
                found[group.name] = place
        return found

    def of(self, user: User, device: str, group: GroupId) -> Place | None:
        """What the device has been sent of a channel; None if it never was in it."""
        sent = self._sent.get(user.session, {}).get((device, group.name))
        known = self._device(user, device)
        return joined(
            sent.place if sent is not None else None, known.places.get(group.name) if known is not None else None
        )

    def knows(self, user: User, device: str) -> bool:
        return self._device(user, device) is not None

    def seen(self, user: User, device: str) -> float:
        """Unix seconds; 0 if it never was here."""
        known = self._device(user, device)
        return known.seen / 1000 if known is not None else 0.0

    def _device(self, user: User, device: str) -> Device | None:
        state = self.edge.engine.state(GroupId("session", user.session))
        return state.stored.devices.get(device) if isinstance(state, Session) else None
