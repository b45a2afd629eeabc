"""Plays missed lines to a connection, page by page, and no faster than the client reads (P38)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.edge.client.lines import Line
from gateway.edge.cursors.delivery import Reader
from gateway.edge.cursors.history import Story, said_by, story
from ring.history.cursor import merge_cursors
from ring.ids import GroupId
from ring.nothing import NOTHING, drop, own
from ring.storage.store import Line as Kept
from ring.wire.history import Cursor, Mark, Query

if TYPE_CHECKING:
    from gateway.edge.client.call import Call
    from gateway.edge.client.connection import Connection
    from gateway.edge.ports import EdgePort
    from gateway.edge.users.user import User

PAGE: Final = 200
TRIES: Final = 40
AGAIN_S: Final = 0.25
"""Seconds until a query is repeated: during a merge an answer may not fit the state shown here."""

MOST: Final = 5_000
"""Lines of a channel played at a time, from the cursor of the device on; a notice tells of more."""

UNREAD_BYTES: Final = 64 * 1024
"""Bytes played at a time, of all channels together. Then the client is sent a PING, and the rest waits for the PONG."""

PATIENCE_S: Final = 30.0
"""If a client answers no PING, the next part is played after this time."""


def _expect_reading(edge: EdgePort, connection: Connection, size: int) -> None:
    """Count bytes played to the connection, and send a PING when the client has much to read."""
    reader = connection.delivery.reader = connection.delivery.reader or Reader()
    reader.unread += size
    if reader.unread > UNREAD_BYTES and not reader.token:
        token = reader.token = f"playback-{edge.next_batch()}"
        connection.show(Line(None, "PING", (token,)))
        edge.later(PATIENCE_S, lambda: reader.answered(token))


def await_echo(call: Call, group: GroupId) -> None:
    """Hold the caller's command open until the missed lines, with the caller's own line among them, are played: no PONG
    comes before (P34). Where the session has left this node meanwhile, no playback comes here, and the command does not
    wait: the client's later lines wait for the command's end (P9)."""
    connection, user = call.connection, call.connection.user
    is_attached = user is not None and connection in user.connections
    if is_attached and group in connection.delivery.awaiting and "echo-message" in connection.caps:
        echoes = connection.delivery.late_echoes = own(connection.delivery.late_echoes)
        echoes.setdefault(group, []).append(call.later(lambda _: None))


def caught_up(connection: Connection, group: GroupId) -> None:
    """Stop treating the connection as late: no missed line of the group is on the way to the connection any more."""
    drop(connection.delivery.awaiting, group)
    for done in drop(connection.delivery.late_echoes, group) or ():
        done(None)


def end_late_echoes(connection: Connection) -> None:
    """Answer commands waiting for their own lines: the session's next node plays the missed lines."""
    waiting, connection.delivery.late_echoes = connection.delivery.late_echoes, NOTHING
    for done in [done for echoes in waiting.values() for done in echoes]:
        done(None)


def catch_up(connection: Connection, user: User, group: GroupId) -> None:
    """End playback, and show the connection the group's events from now on."""
    drop(connection.delivery.playbacks, group)
    room = user.seats.of(group).get(group)
    if room is not None:
        room.let_in(connection)
    caught_up(connection, group)


class Playback:
    """Plays the missed lines of one channel or conversation to one connection. A newer playback replaces an older."""

    def __init__(
        self,
        edge: EdgePort,
        connection: Connection,
        user: User,
        group: GroupId,
        read: Cursor | None = None,
        *,
        since: int = 0,
        most: int = 0,
        events: bool | None = None,
    ) -> None:
        """read: the cursor of the device. since: Unix ms, for a device which was never there. events: True plays joins
        and modes too, for a client which was there a moment ago; False leaves these out, for a client which has seen
        these; None: as the client wants."""
        self.events = events
        self.edge = edge
        self.connection = connection
        self.user = user
        self.group = group
        self.read = read  # this cursor also tells which lines of another side of a partition the device has (P25)
        self.last = 0  # the position of the last line played
        self.since = since
        self.most = most  # play only so many lines, the newest; 0: all
        self.played = 0
        self.tries = 0
        playbacks = connection.delivery.playbacks = own(connection.delivery.playbacks)
        playbacks[group] = self

    def go_on(self) -> None:
        found = self._story()
        if found is None:
            self._stop()
        elif self.connection.delivery.inquiry is not None:
            self.connection.delivery.inquiry.waiting.append(self.go_on)
        elif not self._waits():
            self._look()
            after = Mark(seq=self.last) if self.last else None
            query = Query(self.most or PAGE, newest=bool(self.most), after=after, read=self.read, since=self.since)
            self.edge.network.recall(self.group, self._narrowed(found, query), self._arrived)

    def _look(self) -> None:
        """Merge the device's newest cursor: another node may have told more since the playback began."""
        cursor = self.edge.sessions.cursors.cursor_of(self.user, self.connection, self.group)
        if cursor is not None and self.read is None:
            self.since = 0
        self.read = merge_cursors(self.read, cursor)

    def _waits(self) -> bool:
        """Return whether the client must first read the lines played so far. Then the playback goes on later."""
        reader = self.connection.delivery.reader
        if reader is None or not reader.token:
            return False
        reader.waiting.append(self.go_on)
        return True

    def _story(self) -> Story | None:
        """Return the history to play; None if the playback is replaced, or the group is no longer shown."""
        user, group = self.user, self.group
        if self.connection.delivery.playbacks.get(group) is not self:
            return None
        here = self.connection.user is user and self.connection.closed is None
        shown = group in user.seats.all and group not in user.session.detached
        return story(self.edge, user, group) if here and shown else None

    def _stop(self) -> None:
        """End the playback. A client is not late in a group which the user has left."""
        connection, group = self.connection, self.group
        if connection.delivery.playbacks.get(group) is self:
            drop(connection.delivery.playbacks, group)
            if connection.user is self.user and not (
                group in self.user.seats.all or group in self.user.seats.returning
            ):
                caught_up(connection, group)

    def _narrowed(self, found: Story, query: Query) -> Query:
        caps, wanted = self.connection.caps, frozenset(("draft/event-playback",))
        return found.narrowed(query, caps if self.events is None else caps | wanted if self.events else caps - wanted)

    def _arrived(self, lines: list[Kept] | None) -> None:
        found, network = self._story(), self.edge.network
        if found is None:
            self._stop()
            return
        if self._waits():
            return
        page = lines or []
        if not all(map(network.is_shown, page)) and self.tries < TRIES:
            self.tries += 1
            self.edge.later(AGAIN_S, self.go_on)
            return
        if lines is None:
            self._notice(f"What was said in {found.title([])} meanwhile could not be retrieved: try CHATHISTORY later.")
        self._show(found, page)
        is_full = len(page) == PAGE and not self.most and self.last == page[-1].seq
        if is_full and self.played < MOST:
            self.go_on()
        elif is_full:
            self._notice(
                f"More was said in {found.title(page)} than is played at a time. The rest: CHATHISTORY, or "
                f"/msg *playback play {found.title(page)} {page[-1].at / 1000:.3f}"
            )
            catch_up(self.connection, self.user, self.group)
        else:
            late = network.recent(self.group, self._narrowed(found, Query(0, read=self.read, since=self.since)))
            self._show(found, [line for line in late if line.seq > self.last])
            catch_up(self.connection, self.user, self.group)

    def _show(self, found: Story, lines: list[Kept]) -> None:
        """Show the lines up to the position applied here: later lines come as live events."""
        applied = self.edge.network.applied_to(self.group).seq
        missed = [line for line in lines if line.seq <= applied]
        if missed:
            self.played += len(missed)
            self._tell(found.title(missed), found.shown(self.connection.caps, self._wanted(missed)))
            last = missed[-1]
            self.last = last.seq
            self.connection.delivery.await_from(self.group, Cursor(last.seq, last.at, last.term))
            self.edge.told[self.group] = None

    def _wanted(self, lines: list[Kept]) -> list[Kept]:
        """Leave out the connection's own lines, even from a former node, unless the client wants echoes."""
        speaker = self.connection.remote.speaker
        if speaker is None or "echo-message" in self.connection.caps:
            return lines
        return [line for line in lines if said_by(line) != speaker]

    def _notice(self, text: str) -> None:
        server, nick = self.edge.settings.network.server_name, self.user.person.nick
        self.connection.show(Line(server, "NOTICE", (nick, text)))

    def _tell(self, name: str, lines: list[Line]) -> None:
        connection, server = self.connection, self.edge.settings.network.server_name
        batch = None
        if self.events is None and "batch" in connection.caps:
            batch = self.edge.next_batch()
            connection.show(Line(server, "BATCH", (f"+{batch}", "chathistory", name)))
        size = 0
        for line in lines:
            data = line.render(connection.variant, {"batch": batch} if batch is not None else None)
            connection.send(data)
            size += len(data)
        if batch is not None:
            connection.show(Line(server, "BATCH", (f"-{batch}",)))
        _expect_reading(self.edge, connection, size)
