"""Tells a client of earlier kicks, which came while the client was away or the channel was detached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.edge.client import rendering
from gateway.edge.client.lines import Line
from gateway.edge.users import hosts
from gateway.irc.times import server_time
from gateway.state.channel.snapshot import PutOut
from gateway.state.session.messages import Kick, NoteKick
from gateway.state.session.session import Session
from ring.history.cursor import merge_cursors
from ring.ids import GroupId
from ring.wire.history import Cursor

if TYPE_CHECKING:
    from gateway.edge.client.connection import Connection
    from gateway.edge.ports import EdgePort
    from gateway.edge.users.user import User


def note(edge: EdgePort, user: User, group: GroupId, channel: str, out: PutOut) -> None:
    """Keep a kick for absent clients. Present clients were shown the kick, unless the channel is detached."""
    if not user.session.account:
        return
    kick = Kick(channel, out.source, out.reason, out.at, edge.network.applied_to(group), out.account)
    _keep(edge, user, group, kick, group)  # P33
    for connection in user.connections:
        if group in user.session.detached:
            _say(edge, connection, user, kick)
        edge.sessions.cursors.sent(connection, {group.name: kick.cursor})


def learn(edge: EdgePort, user: User, group: GroupId, channel: str, out: PutOut | None) -> None:
    """Show that the user left a channel followed by nobody here; out: by a kick. Clients believe the user is there."""
    kick = None
    if out is not None:
        kick = Kick(channel, hosts.source(edge, out.source), out.reason, out.at, Cursor(0, out.at), out.account)
    if kick is not None and user.session.account:
        user.unsettled[edge.sessions.group(user.session.account)] = None
        _keep(edge, user, group, kick)
    for connection in user.connections:
        if kick is not None:
            _show(edge, connection, user, group, kick)
        elif group not in user.session.detached:
            connection.show(Line(user.person.author, "PART", (channel,)))


def tell(edge: EdgePort, connection: Connection, user: User, since: float) -> None:
    """Tell a new client of kicks. since: Unix seconds, for a device without a cursor there; 0: no such kicks."""
    if connection.user is not user:
        return
    for group, kick in _unseen(edge, connection, user, since):
        _say(edge, connection, user, kick)
        _has_seen(edge, connection, user, group, kick)


def go_on(edge: EdgePort, connection: Connection, user: User) -> None:
    """Show missed kicks to a client whose session was on another node a moment ago."""
    if connection.user is not user:
        return
    for group, kick in _unseen(edge, connection, user, 0.0):
        _show(edge, connection, user, group, kick)


def _show(edge: EdgePort, connection: Connection, user: User, group: GroupId, kick: Kick) -> None:
    """Send a KICK to a client that believes the user is in the channel; a notice if the channel is detached."""
    if group in user.session.detached:
        _say(edge, connection, user, kick)
    else:
        connection.show(hosts.past(edge, rendering.put_out(kick, user.person.nick, kick.channel)))
    _has_seen(edge, connection, user, group, kick)


def _keep(edge: EdgePort, user: User, group: GroupId, kick: Kick, because: GroupId | None = None) -> None:
    edge.network.submit(edge.sessions.group(user.session.account), NoteKick(group.name, kick), None, because)


def _unseen(edge: EdgePort, connection: Connection, user: User, since: float) -> list[tuple[GroupId, Kick]]:
    """Return the kicks not yet told to the device. since: as in `tell`."""
    state = edge.network.state(edge.sessions.group(user.session.account))
    found = []
    for name, kick in state.stored.kicks.items() if isinstance(state, Session) else ():
        group = GroupId("channel", name)
        cursor = edge.sessions.cursors.cursor_of(user, connection, group)
        seen = cursor.at >= kick.cursor.at if cursor is not None else not since or since * 1000 >= kick.at
        if not seen and group not in user.seats.rooms:
            found.append((group, kick))
    return found


def _has_seen(edge: EdgePort, connection: Connection, user: User, group: GroupId, kick: Kick) -> None:
    """Note the kick as seen. A cursor without position would make a device that never was there play all lines."""
    cursor = merge_cursors(edge.sessions.cursors.cursor_of(user, connection, group), kick.cursor)
    if cursor is not None and cursor.seq:
        edge.sessions.cursors.sent(connection, {group.name: cursor})


def _say(edge: EdgePort, connection: Connection, user: User, kick: Kick) -> None:
    by = hosts.source(edge, kick.source)
    text = f"You were kicked from {kick.channel} by {by} at {server_time(kick.at)}: {kick.reason}"
    connection.show(Line(edge.settings.network.server_name, "NOTICE", (user.person.nick, text), at=kick.at))
