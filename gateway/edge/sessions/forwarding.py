"""Carries lines between a client and its session on another node, over a stream between the two nodes.

The client's node reads the client's lines and slows the client down (sessions/forwarded_client.py); the session's node
does all the rest, and is told here of the clients on other nodes.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from gateway.edge.client.call import Call
from gateway.edge.client.connection import Connection
from gateway.edge.cursors.delivery import OnTheWay
from gateway.edge.cursors.playback import end_late_echoes
from gateway.edge.ports import EdgePort
from gateway.edge.session_ports import ForwardingPort
from gateway.edge.sessions.attach import attach, go_on
from gateway.edge.sessions.forwarded_client import MOVED, ForwardedClient, give, standing_of
from gateway.edge.sessions.remote import Forwarder, Hello, Shown
from gateway.edge.users.departure import leave
from gateway.edge.users.user import User
from gateway.irc.message import Message
from ring.duplex import Stream
from ring.features import at_level
from ring.ids import UNREADABLE, Incarnation
from ring.wire.history import Cursor

_encode = msgspec.msgpack.Encoder(order="deterministic").encode
_read_hello = msgspec.msgpack.Decoder(Hello).decode


class Forwarding(ForwardingPort):
    """Holds both ends: clients here of sessions elsewhere, and sessions here with clients elsewhere."""

    def __init__(self, edge: EdgePort) -> None:
        self.edge = edge
        self.lingering: dict[Forwarder, None] = {}  # the client is gone, and some lines are not settled
        self._last = 0

    def move(self, connection: Connection, reason: str) -> None:
        """Let the session go on elsewhere: this node is leaving, and the client's node stays."""
        self.edge.clients.hang_up(connection, MOVED)
        leave(self.edge, connection, reason)

    def follow(self, connection: Connection, cursors: dict[str, Cursor]) -> None:
        """Follow the connection's session to another node, once the client's lines are answered here. So nobody reads
        the client's later lines, said on the new node, before the earlier lines (P9)."""
        if connection.remote.stream is not None:
            self.edge.clients.hang_up(connection, MOVED)
        elif self.edge.sessions.leaving:
            self.edge.clients.cut(connection, "Server is shutting down")
        else:
            forwarder = connection.remote.forwarder = ForwardedClient(self.edge, connection, None)
            forwarder.shown = True
            connection.queue.pause()
            forwarder.was_sent(cursors)
            self._once_answered(connection, forwarder.find)

    def _once_answered(self, connection: Connection, run: Callable[[], None]) -> None:
        """Run once all commands of the connection so far are answered, after settle_max_s at the latest. The client may
        be gone, and still have lines to be said."""
        waits = True

        def go() -> None:
            nonlocal waits
            if waits:
                waits = False
                run()

        end_late_echoes(connection)
        call = Call(self.edge, connection, Message(None, None, "ATTACH", []))
        call.begin()
        call.answered(go)
        call.release()
        if waits:
            self.edge.later(self.edge.network.settings.settle_max_s, go)

    def begin(self, call: Call, owner: Incarnation) -> None:
        """Forward the caller to the caller's session on another node."""
        call.hold()
        forwarder = call.connection.remote.forwarder = ForwardedClient(self.edge, call.connection, call)
        forwarder.open(owner)

    # On the session's node ------------------------------------------------------------------------------------------

    def accept(self, stream: Stream, first: bytes) -> None:
        """Let a client on another node join a session here."""
        edge = self.edge
        try:
            hello = _read_hello(first)
        except UNREADABLE:
            stream.close("unreadable")
            return
        early: list[bytes] = []
        stream.received = early.append
        edge.sessions.ready(hello.standing.session, lambda session: self._accept(stream, hello, early, session))

    def _accept(self, stream: Stream, hello: Hello, early: list[bytes], user: User | Incarnation | None) -> None:
        """early: the client's lines since the stream began."""
        edge = self.edge
        if stream.ended_at:
            return
        if not isinstance(user, User) or user.quitting:
            stream.close(MOVED)
            return
        self._last -= 1  # below zero: no socket of this node's
        connection = Connection(
            self._last,
            hello.address,
            edge.clients.outputs,
            secure=hello.secure,
            now=edge.now,
            certificate=hello.certificate,
        )
        connection.draft.name(hello.nick)
        connection.queue.go_on_from(hello.settled)
        connection.remote.stream, connection.remote.speaker = stream, hello.speaker
        connection.remote.told = hello.standing
        give(hello.standing, edge, connection)
        edge.clients.carry(connection)
        stream.received = lambda line: edge.clients.read(connection, line)
        stream.ended = lambda reason: self._ended(connection, reason)
        if hello.gone:
            connection.user = user  # the user has one client less
        elif hello.silent:
            go_on(edge, connection, user, hello.cursors)
        else:
            call = Call(edge, connection, Message(None, None, "ATTACH", []))
            call.begin()
            attach(call, user)
            call.release()
        for line in early:
            edge.clients.read(connection, line)

    def _ended(self, connection: Connection, reason: str) -> None:
        """Forget the connection: the client's node has ended the stream, or is dead."""
        if connection.user is not None and connection not in connection.user.connections:
            connection.user = None
        self.edge.clients.gone(connection, reason if reason != "lost" else "Connection closed")

    def flush(self) -> None:
        """Send the turn's lines to clients on other nodes."""
        edge = self.edge
        if not self._last:  # no client of another node was ever here
            return
        dirty = edge.clients.outputs.dirty
        carried = [connection for connection in dirty if connection.remote.stream is not None]
        if not carried:
            return
        edge.clients.outputs.leave([connection for connection in dirty if connection.remote.stream is None])
        for connection in carried:
            self.tell(connection)

    def tell_last(self, user: User) -> None:
        """Send carried clients this turn's lines, with the cursors reached: the user goes on elsewhere."""
        for connection in [connection for connection in user.connections if connection.remote.stream is not None]:
            self.tell(connection)

    def tell(self, connection: Connection) -> None:
        """Send the waiting lines, and the number of the client's last settled line (P9)."""
        edge, stream, settled = self.edge, connection.remote.stream, connection.settled
        assert stream is not None
        data = connection.socket.take()
        if data or settled > connection.remote.settled_told:
            connection.remote.settled_told = settled
            cursors = edge.sessions.cursors.fresh(connection)
            connection.delivery.send_piece(OnTheWay(stream.next + 1, cursors))
            told = connection.remote.told
            if connection.user is not None:  # else the session has gone on elsewhere, and the client follows
                connection.remote.told = standing_of(connection, connection.user.session.account)
            news = connection.remote.told if connection.remote.told != told else None
            stream.send(_encode(at_level(Shown(data, cursors, settled, news), edge.network.level)))
        if connection.closed is not None and (not connection.queue.calls or connection.closed == MOVED):
            stream.close(connection.closed)
            edge.clients.gone(connection, connection.closed)
