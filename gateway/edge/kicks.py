"""Who was kicked while a client of its was not there, or not shown the channel: that client is told when it can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.edge.lines import Line
from gateway.groups.channel_messages import Kicked
from gateway.groups.session import Session
from gateway.groups.session_messages import Kick, NoteKick
from gateway.irc.times import server_time
from ring.groups.host import Stamp
from ring.ids import GroupId

if TYPE_CHECKING:
    from gateway.edge.connection import Connection
    from gateway.edge.edge import Edge
    from gateway.edge.user import User


def note(edge: Edge, user: User, group: GroupId, channel: str, event: Kicked, stamp: Stamp) -> None:
    """The user is about to leave the channel for that. Those of its clients that follow the channel have been shown."""
    if not user.session:
        return
    source = edge.people.source(event.by, event.source)
    kick = Kick(channel, source, event.reason, stamp.at, edge.engine.applied_to(group))
    edge.engine.submit(edge.sessions.group(user.session), NoteKick(group.name, kick), None, group)  # P33
    following = user.rooms[group].connections
    for connection in user.connections:
        if connection not in following:
            _say(edge, connection, user, kick)
        edge.sessions.places.brought(user, connection.device, {group.name: kick.place})


def tell(edge: Edge, connection: Connection, user: User, since: float) -> None:
    """A client has come. since: Unix seconds, of what it is told where it never was in the channel; 0: of nothing."""
    state = edge.engine.state(edge.sessions.group(user.session))
    for name, kick in state.stored.kicks.items() if isinstance(state, Session) else ():
        group = GroupId("channel", name)
        place = edge.sessions.places.of(user, connection.device, group)
        seen = place.at >= kick.place.at if place is not None else not since or since * 1000 >= kick.at
        if not seen and group not in user.rooms:
            _say(edge, connection, user, kick)
            edge.sessions.places.brought(user, connection.device, {name: kick.place})


def _say(edge: Edge, connection: Connection, user: User, kick: Kick) -> None:
    text = f"You were kicked from {kick.channel} by {kick.source} at {server_time(kick.at)}: {kick.reason}"
    connection.show(Line(edge.settings.server_name, "NOTICE", (user.person.nick, text), at=kick.at))
