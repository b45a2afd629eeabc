"""A connection comes to a session that is there already: it is shown where the session is, then what it has missed.

Per channel: JOIN, topic and names, then playback, then what is said from now on; no line twice, none left out (P38).
A client that can ask for history is not played any: it knows what it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from gateway.edge.channels import enter
from gateway.edge.history import Story, story, visible
from gateway.edge.lines import Line
from gateway.edge.welcome import welcome
from gateway.groups.channel import Channel
from gateway.irc import numerics as n
from ring.ids import GroupId
from ring.store import Line as Kept
from ring.wire import Mark, Place, Query

if TYPE_CHECKING:
    from gateway.edge.call import Call
    from gateway.edge.connection import Connection
    from gateway.edge.edge import Edge
    from gateway.edge.user import User

PAGE: Final = 200
TRIES: Final = 40
AGAIN_S: Final = 0.25
"""Where two sides of a partition are just being merged, an answer may not fit what is shown here: it is asked again."""

ASKING: Final = frozenset(("draft/chathistory", "znc.in/playback"))
MOST: Final = 5_000
"""So many lines of a channel are played at most, the first after what the device has."""


def attach(call: Call, user: User) -> None:
    """The caller's connection is one of the session's from now on."""
    edge, connection = call.edge, call.connection
    since = _since(edge, connection, user)
    connection.behind = dict.fromkeys(user.heard)
    user.attach(connection)
    edge.sessions.attached(user)
    edge.engine.note("client_attached", client=connection.number, nick=user.person.nick, uid=user.uid)
    welcome(call)
    if user.wanted.away is not None:  # as it said on another client, or before it left
        call.reply(n.RPL_NOWAWAY, n.TEXT[n.RPL_NOWAWAY])
    for group in list(user.rooms):
        channel = visible(edge, user, group)
        if channel is not None and group not in user.detached:
            show_room(edge, connection, user, group, channel, since)
    for group in list(user.talks):
        _greet(edge, connection, user, group, since)


def _since(edge: Edge, connection: Connection, user: User) -> float:
    """What was said since then is played where the device has no place: since it came last, if its node died before it
    could tell more; of a new one, since nobody was attached. 0: nothing."""
    return edge.sessions.seen(user, connection.device) or user.left_at


def arrive(edge: Edge, connection: Connection, user: User, group: GroupId, channel: Channel) -> None:
    """The user of a connection that is attached already is let in again where its session has been before."""
    show_room(edge, connection, user, group, channel, _since(edge, connection, user))


def go_on(edge: Edge, connection: Connection, user: User, places: Mapping[str, Place]) -> None:
    """A connection whose session has come from another node: it is shown what it has missed, and nothing else."""
    connection.behind = dict.fromkeys(user.heard)
    user.attach(connection)
    edge.sessions.brought(user, connection, places)
    edge.sessions.attached(user)
    for group in list(user.talks):
        place = places.get(group.name)
        if place is not None:
            Playback(edge, connection, user, group, place, everything=True).go_on()
        else:
            play(edge, connection, user, group, connection.opened)
    for group in [group for group in user.rooms if group not in user.detached]:
        place, channel = places.get(group.name), visible(edge, user, group)
        if channel is not None and place is not None:
            Playback(edge, connection, user, group, place, everything=True).go_on()
        elif channel is not None:
            arrive(edge, connection, user, group, channel)


def show_room(edge: Edge, connection: Connection, user: User, group: GroupId, channel: Channel, since: float) -> None:
    """JOIN, topic, names, and what was missed; since: as in `play`."""
    person = user.person
    extended = (person.account or "*", person.real) if "extended-join" in connection.caps else ()
    join = Line(person.source, "JOIN", (channel.name, *extended))
    enter(edge, user, channel, connection, join, connection.show)
    joined = channel.members[user.uid].joined_at / 1000
    _greet(edge, connection, user, group, max(since, joined) if since else 0.0)


def _greet(edge: Edge, connection: Connection, user: User, group: GroupId, since: float) -> None:
    """Source: IRCv3 chathistory: who requests it SHOULD NOT be sent history unasked."""
    if connection.caps.isdisjoint(ASKING):
        play(edge, connection, user, group, since)
    else:
        _catch_up(connection, user, group)


def play(edge: Edge, connection: Connection, user: User, group: GroupId, since: float) -> None:
    """What the connection's device has not been sent; all since then, if it never was there; 0: nothing."""
    place = edge.sessions.place(user, connection.device, group)
    talk = edge.talks.of(user).get(group)
    if place is None and talk is not None and edge.sessions.knows(user, connection.device):
        since = talk.since / 1000 - 0.001  # it was away when the two began to talk
    most = user.playback
    if most == 0:
        _catch_up(connection, user, group)
    elif place is not None or most is not None:
        Playback(edge, connection, user, group, place, most=most or 0).go_on()
    elif since:
        Playback(edge, connection, user, group, since=int(since * 1000) + 1).go_on()
    else:
        _catch_up(connection, user, group)


def _catch_up(connection: Connection, user: User, group: GroupId) -> None:
    """From now on the connection is told what happens there."""
    connection.behind.pop(group, None)
    room = user.seats(group).get(group)
    if room is not None:
        room.connections[connection] = None


class Playback:
    """What one connection has missed of one channel or conversation, page by page."""

    def __init__(
        self,
        edge: Edge,
        connection: Connection,
        user: User,
        group: GroupId,
        read: Place | None = None,
        *,
        since: int = 0,
        most: int = 0,
        everything: bool = False,
    ) -> None:
        """read: what it has. since: Unix ms, if it never was there. everything: joins and modes too, for who was there
        a moment ago."""
        self.everything = everything
        self.edge = edge
        self.connection = connection
        self.user = user
        self.group = group
        self.read = read
        self.since = since
        self.most = most  # only the last so many; 0: all
        self.lines: list[Kept] = []
        self.tries = 0

    def go_on(self) -> None:
        found = self._story()
        if found is not None:
            after = Mark(seq=self.lines[-1].seq) if self.lines else None
            page = Query(self.most or PAGE, newest=bool(self.most), after=after, read=self.read, since=self.since)
            query = self._narrowed(found, page)
            self.edge.engine.recall(self.group, query, self._arrived)

    def _story(self) -> Story | None:
        """What there is to show, while there is somebody to show it to."""
        here = self.connection.user is self.user and self.connection.closed is None and self.group in self.user.heard
        return story(self.edge, self.user, self.group) if here else None

    def _narrowed(self, found: Story, query: Query) -> Query:
        caps = self.connection.caps | {"draft/event-playback"} if self.everything else self.connection.caps
        return found.narrowed(query, caps)

    def _arrived(self, lines: list[Kept] | None) -> None:
        found = self._story()
        if found is None:
            self.connection.behind.pop(self.group, None)
            return
        self.lines += lines or ()
        if lines and len(lines) == PAGE and len(self.lines) < MOST and not self.most:
            self.go_on()
            return
        if lines is None:
            text = (
                f"What was said in {found.title(self.lines)} meanwhile could not be retrieved: try CHATHISTORY later."
            )
            server, nick = self.edge.settings.server_name, self.user.person.nick
            self.connection.show(Line(server, "NOTICE", (nick, text)))
        if not all(map(self.edge.engine.is_shown, self.lines)) and self.tries < TRIES:
            self.tries += 1
            self.lines.clear()
            self.edge.later(AGAIN_S, self.go_on)
            return
        self._show(found)
        _catch_up(self.connection, self.user, self.group)

    def _show(self, found: Story) -> None:
        """Up to what is applied here: the rest comes by itself."""
        engine = self.edge.engine
        applied, last = engine.applied_to(self.group).seq, self.lines[-1].seq if self.lines else 0
        query = self._narrowed(found, Query(0, read=self.read, since=self.since))
        late = [line for line in engine.recent(self.group, query) if line.seq > last]
        missed = [line for line in (*self.lines, *late) if line.seq <= applied]
        if missed:
            self._tell(found.title(missed), found.shown(self.connection.caps, missed))

    def _tell(self, name: str, lines: list[Line]) -> None:
        connection, server = self.connection, self.edge.settings.server_name
        if self.everything or "batch" not in connection.caps:
            for line in lines:
                connection.show(line)
            return
        batch = self.edge.next_batch()
        connection.show(Line(server, "BATCH", (f"+{batch}", "chathistory", name)))
        for line in lines:
            connection.send(line.render(connection.variant, {"batch": batch}))
        connection.show(Line(server, "BATCH", (f"-{batch}",)))
