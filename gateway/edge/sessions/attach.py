"""A connection comes to a session that is there already: it is shown where the session is, then what it has missed.

Per channel: JOIN, topic and names, then playback, then what is said from now on; no line twice, none left out (P38).
A client that can ask for history is not played any: it knows what it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

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
    """The caller's connection is one of the session's from now on."""
    edge, connection = call.edge, call.connection
    since = _since(edge, connection, user)
    user.attach(connection)
    edge.sessions.arrivals.inquire(user, connection)
    edge.sessions.attached(user)
    edge.engine.note("client_attached", client=connection.number, nick=user.person.nick, uid=user.uid)
    welcome(call)
    if user.wanted.away is not None:  # as it said on another client, or before it left
        call.reply(n.RPL_NOWAWAY, n.TEXT[n.RPL_NOWAWAY])
    for group in list(user.rooms):
        channel = visible(edge, user, group)
        if channel is not None and group not in user.detached:
            show_room(edge, connection, user, group, channel, since)
    once_known(connection, lambda: kicks.tell(edge, connection, user, since))
    for group in list(user.talks):
        _greet(edge, connection, user, group, since)


def _since(edge: EdgePort, connection: Connection, user: User) -> float:
    """What was said since then is played where the device has no place: since it came last, if its node died before it
    could tell more; of a new one, since nobody was attached. 0: nothing."""
    return edge.sessions.cursors.seen(user, connection.device) or user.left_at


def arrive(edge: EdgePort, connection: Connection, user: User, group: GroupId, channel: Channel) -> None:
    """The user of a connection that is attached already is let in again where its session has been before."""
    show_room(edge, connection, user, group, channel, _since(edge, connection, user))


def go_on(edge: EdgePort, connection: Connection, user: User, places: Mapping[str, Cursor]) -> None:
    """A connection whose session has come from another node: it is shown what it has missed, and nothing else."""
    user.attach(connection)
    connection.delivery.behind = {group: places.get(group.name) for group in connection.delivery.behind}
    edge.sessions.cursors.sent(connection, places)
    edge.sessions.arrivals.inquire(user, connection)
    edge.sessions.attached(user)
    monitor.go_on(edge, connection, user)

    for group in list(user.talks):
        if group.name in places:
            read_on(edge, connection, user, group)
        else:
            play(edge, connection, user, group, connection.opened)
    once_known(connection, lambda: kicks.go_on(edge, connection, user))
    for name in edge.sessions.takeover.returning(user.session):
        group = GroupId("channel", name)
        if name in places and group not in user.rooms and group not in user.detached:
            user.unseen.setdefault(group, {})[connection] = None  # it was there, and waits until its user is back
    for group in [group for group in user.rooms if group not in user.detached]:
        channel = visible(edge, user, group)
        if channel is not None and group.name in places:
            read_on(edge, connection, user, group)
        elif channel is not None:
            arrive(edge, connection, user, group, channel)


def read_on(edge: EdgePort, connection: Connection, user: User, group: GroupId) -> None:
    """What the connection has missed of a group in which it was a moment ago, and nothing else."""
    place = edge.sessions.cursors.come(user, connection, group)
    Playback(edge, connection, user, group, place, events=True).go_on()


def show_room(
    edge: EdgePort, connection: Connection, user: User, group: GroupId, channel: Channel, since: float
) -> None:
    """JOIN, topic, names, and what was missed; since: as in `play`."""
    person = user.person
    extended = (person.account or "*", person.real) if "extended-join" in connection.caps else ()
    join = Line(person.author, "JOIN", (channel.name, *extended))
    enter(edge, user, channel, connection, join, connection.show)
    joined = channel.members[user.uid].joined_at / 1000
    _greet(edge, connection, user, group, max(since, joined) if since else 0.0)


def _greet(edge: EdgePort, connection: Connection, user: User, group: GroupId, since: float) -> None:
    """Source: IRCv3 chathistory: who requests it SHOULD NOT be sent history unasked."""
    if connection.caps.isdisjoint(ASKING):
        play(edge, connection, user, group, since)
    else:
        catch_up(connection, user, group)


def play(edge: EdgePort, connection: Connection, user: User, group: GroupId, since: float) -> None:
    """What the connection's device has not been sent; all since then, if it never was there; 0: nothing."""
    place = edge.sessions.cursors.come(user, connection, group)
    talk = edge.conversations.of(user).get(group)
    if place is None and talk is not None and edge.sessions.cursors.knows(user, connection.device):
        since = talk.since / 1000 - 0.001  # it was away when the two began to talk
    most = user.playback
    if most == 0:
        catch_up(connection, user, group)
    elif place is not None or most is not None:
        Playback(edge, connection, user, group, place, most=most or 0).go_on()
    elif since:
        Playback(edge, connection, user, group, since=int(since * 1000) + 1).go_on()
    else:
        catch_up(connection, user, group)
