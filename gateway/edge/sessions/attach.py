"""Attaches a connection to an existing session: shows the state of the session, then the lines missed by the client.

Per channel: JOIN, topic and names, then playback, then live events; no line twice, none left out (P38). A client that
can ask for history is played nothing: the client knows which lines it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from gateway.edge.client.draft import ABSENT
from gateway.edge.client.lines import Line
from gateway.edge.client.welcome import welcome
from gateway.edge.cursors.arrivals import once_known
from gateway.edge.cursors.history import visible
from gateway.edge.cursors.playback import Playback, catch_up
from gateway.edge.users import monitor
from gateway.edge.views import kicks
from gateway.edge.views.channel import enter
from gateway.irc import numerics as n
from gateway.state.channel.channel import Channel
from ring.ids import GroupId
from ring.wire.history import Cursor

if TYPE_CHECKING:
    from gateway.edge.client.call import Call
    from gateway.edge.client.connection import Connection
    from gateway.edge.ports import EdgePort
    from gateway.edge.users.user import User

ASKING: Final = frozenset(("draft/chathistory", "znc.in/playback"))


def attach(call: Call, user: User) -> None:
    """Attach the caller's connection to the session."""
    edge, connection = call.edge, call.connection
    since = _since(edge, connection, user)
    user.attach(connection)
    edge.sessions.arrivals.inquire(user, connection)
    edge.sessions.attached(user)
    if connection.draft.away not in (None, ABSENT):
        edge.sessions.leave(user, connection.draft.away)
    if connection.draft.metadata:
        edge.sessions.describe(user, {**dict(user.identity.pending.metadata), **connection.draft.metadata})
    edge.network.note("client_attached", client=connection.number, nick=user.person.nick, uid=user.uid)
    welcome(call)
    if user.identity.pending.away is not None:  # set on another client, or before the user left
        call.reply(n.RPL_NOWAWAY, n.TEXT[n.RPL_NOWAWAY])
    for group in list(user.seats.rooms):
        channel = visible(edge, user, group)
        if channel is not None and group not in user.session.detached:
            show_room(edge, connection, user, group, channel, since)
    once_known(connection, lambda: kicks.tell(edge, connection, user, since))
    for group in list(user.seats.conversations):
        _greet(edge, connection, user, group, since)


def _since(edge: EdgePort, connection: Connection, user: User) -> float:
    """Return since when lines are played if the device has no cursor: since the device's last visit, if the device's
    node died before reporting cursors; for a new device, since the session was last without clients. 0: play
    nothing."""
    return edge.sessions.cursors.seen(user, connection.device) or user.session.left_at


def arrive(edge: EdgePort, connection: Connection, user: User, group: GroupId, channel: Channel) -> None:
    """Show an attached connection a channel of the session to which the user is readmitted."""
    show_room(edge, connection, user, group, channel, _since(edge, connection, user))


def go_on(edge: EdgePort, connection: Connection, user: User, cursors: Mapping[str, Cursor]) -> None:
    """Show the missed lines, and nothing else, to a connection whose session has come from another node."""
    user.attach(connection)
    connection.delivery.start_from(cursors)
    edge.sessions.cursors.sent(connection, cursors)
    edge.sessions.arrivals.inquire(user, connection)
    edge.sessions.attached(user)
    monitor.go_on(edge, connection, user)

    for group in list(user.seats.conversations):
        if group.name in cursors:
            read_on(edge, connection, user, group)
        else:
            play(edge, connection, user, group, connection.socket.opened)
    once_known(connection, lambda: kicks.go_on(edge, connection, user))
    for name in edge.sessions.takeover.returning(user.session.account):
        group = GroupId("channel", name)
        if name in cursors and group not in user.seats.rooms and group not in user.session.detached:
            user.seats.lose_sight(group, [connection])  # there before, and waits for the user's return
    for group in [group for group in user.seats.rooms if group not in user.session.detached]:
        channel = visible(edge, user, group)
        if channel is not None and group.name in cursors:
            read_on(edge, connection, user, group)
        elif channel is not None:
            arrive(edge, connection, user, group, channel)


def read_on(edge: EdgePort, connection: Connection, user: User, group: GroupId) -> None:
    """Play the lines missed by the connection in a group where the connection was a moment ago, and nothing else."""
    cursor = edge.sessions.cursors.cursor_of(user, connection, group)
    Playback(edge, connection, user, group, cursor, events=True).go_on()


def show_room(
    edge: EdgePort, connection: Connection, user: User, group: GroupId, channel: Channel, since: float
) -> None:
    """Send JOIN, topic, names, and the missed lines. since: as in `play`."""
    person = user.person
    extended = (person.account or "*", person.real) if "extended-join" in connection.caps else ()
    join = Line(person.author, "JOIN", (channel.name, *extended))
    enter(edge, user, channel, connection, join, connection.show)
    joined = channel.members[user.uid].joined_at / 1000
    _greet(edge, connection, user, group, max(since, joined) if since else 0.0)


def _greet(edge: EdgePort, connection: Connection, user: User, group: GroupId, since: float) -> None:
    """Play the missed lines, except to clients that request history.

    Source: IRCv3 chathistory: a client that requests history SHOULD NOT be sent history unasked.
    """
    if connection.caps.isdisjoint(ASKING):
        play(edge, connection, user, group, since)
    else:
        catch_up(connection, user, group)


def play(edge: EdgePort, connection: Connection, user: User, group: GroupId, since: float) -> None:
    """Play lines unsent to the device; to a device without a cursor, all lines after `since`; 0: no lines."""
    cursor = edge.sessions.cursors.cursor_of(user, connection, group)
    conversation = edge.conversations.of(user).get(group)
    if cursor is None and conversation is not None and edge.sessions.cursors.knows(user, connection.device):
        since = conversation.since / 1000 - 0.001  # the device was away when the two people began to talk
    most = user.session.playback
    if most == 0:
        catch_up(connection, user, group)
    elif cursor is not None or most is not None:
        Playback(edge, connection, user, group, cursor, most=most or 0).go_on()
    elif since:
        Playback(edge, connection, user, group, since=int(since * 1000) + 1).go_on()
    else:
        catch_up(connection, user, group)
