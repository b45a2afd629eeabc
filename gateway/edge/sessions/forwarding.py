"""Carries lines between a client and its session on another node, over a stream between the two nodes.

The client's node reads the client's lines and slows the client down; the session's node does all the rest. When the
session's node dies, the client's node takes the session up. The client's node knows which lines the client was sent,
and goes on from there (P38).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import inf
from typing import Final

import msgspec

from gateway.edge.accounts.login import watch
from gateway.edge.client import capabilities
from gateway.edge.client.call import Call
from gateway.edge.client.connection import Connection
from gateway.edge.cursors.delivery import OnTheWay, arrive, learn
from gateway.edge.cursors.playback import end_late_echoes
from gateway.edge.ports import EdgePort, ForwardingPort
from gateway.edge.sessions.attach import attach, go_on
from gateway.edge.sessions.remote import Forwarder, Hello, Shown, Standing
from gateway.edge.sessions.unsettled import UnsettledLines
from gateway.edge.users.departure import leave
from gateway.edge.users.user import User
from gateway.irc.message import Message
from gateway.state.idempotency import Speaker
from ring.duplex import Stream
from ring.features import at_level
from ring.ids import UNREADABLE, Incarnation
from ring.wire.history import Cursor

MOVED: Final = "moved"
"""The reason for ending a stream when the client's session goes on at another node."""

TRIES = 20
AGAIN_S = 0.5
"""Seconds between tries: a session on the way from one node to another is looked for `TRIES` times."""


def standing_of(connection: Connection, session: str) -> Standing:
    return Standing(connection.caps, connection.cap_version, connection.login, session)


def give(standing: Standing, edge: EdgePort, connection: Connection) -> None:
    """Give the connection the same standing on this node."""
    connection.caps, connection.cap_version = standing.caps, standing.cap_version
    connection.variant = capabilities.variant(standing.caps)
    if connection.login != standing.login:
        connection.login = standing.login
        watch(edge, connection)


_encode = msgspec.msgpack.Encoder(order="deterministic").encode
_read_hello = msgspec.msgpack.Decoder(Hello).decode
_read_shown = msgspec.msgpack.Decoder(Shown).decode


class ForwardedClient(Forwarder):
    """On the client's node: forwards lines to the client's session."""

    def __init__(self, edge: EdgePort, connection: Connection, call: Call | None) -> None:
        self.edge = edge
        self.connection = connection
        self.call = call  # held until the client has a session
        login = connection.login
        self.account = edge.settings.casemap(login.name) if login is not None else ""
        self.places: dict[str, Cursor] = {}  # the client's cursors, once the client has all lines sent
        self.came: dict[str, Cursor] = {}  # the client's cursors by lines received so far
        self._parts = 0  # parts of the stream received by the client
        self._on_the_way: deque[OnTheWay] = deque()
        self.stream: Stream | None = None
        self.shown = False  # the client has been shown the session
        self.tries = 0
        self.speaker = connection.remote.speaker = connection.remote.speaker or Speaker(
            edge.engine.me, connection.number
        )
        self.outbox = UnsettledLines(connection.queue.line)
        edge.sessions.arrivals.opened(self)

    def open(self, owner: Incarnation) -> None:
        connection = self.connection
        hello = Hello(
            connection.address,
            connection.secure,
            connection.certificate,
            standing_of(connection, self.account),
            connection.draft.nick or "*",
            self.shown,
            self.places,
            self.speaker,
            self.outbox.settled,
            self.is_gone,
        )
        self.stream = self.edge.engine.duplex.open(owner, _encode(at_level(hello, self.edge.engine.level)))
        self.stream.received, self.stream.ended, self.stream.uses = self._received, self._ended, self._brought
        self._on_the_way = deque(one._replace(parts=0) for one in self._on_the_way)
        self._parts = 0
        for line in self.outbox.lines:
            self.stream.send(line)

    @property
    def device(self) -> str:
        return self.connection.device

    @property
    def is_gone(self) -> bool:
        """Return whether the client is gone: the tunnel stays until the last lines of the client are settled."""
        return self.connection.closed is not None

    def send(self, line: bytes) -> None:
        """Forward a line of the client."""
        self.outbox.add(line)
        if self.outbox.is_full:
            self.connection.queue.busy = True
        if self.stream is not None:
            self.stream.send(line)

    def tick(self) -> None:
        """Tell the session's node how much of the stream has come to the client since the last report."""
        if self.stream is not None:
            self.stream.tell_uses()

    def close(self) -> None:
        """Forward the remaining lines and end the tunnel: the client has gone."""
        self._release()
        self._leave()
        if self.shown and self.connection.queue.busy:  # lines said while the session was on the way
            for line in self.connection.queue.pending:
                if isinstance(line, bytes):
                    self.send(line)
        self._end()

    def _leave(self) -> None:
        self._reached()
        self.edge.sessions.arrivals.ended(self)
        if self._on_the_way:
            self.connection.delivery.farewell = self._reached

    def _reached(self) -> None:
        """Report the cursors to the session's group: the session's node may be dead, and nobody else knows."""
        self._brought()
        self.edge.sessions.arrivals.remember(self.account, self.connection.device, self.came)
        if self.account and self.came:
            self.edge.sessions.cursors.tell(self.account, {self.connection.device: self.came})

    def _end(self) -> None:
        """Close the stream once all lines of the gone client are settled. Until then the tunnel lingers."""
        if self.outbox.lines:
            self.edge.forwarding.lingering[self] = None
            return
        self.edge.forwarding.lingering.pop(self, None)
        if self.stream is not None:
            self.stream.close(self.connection.closed or "")

    def _received(self, part: bytes) -> None:
        try:
            shown = _read_shown(part)
        except UNREADABLE:
            return
        self.outbox.settle(shown.settled)
        if self.is_gone:
            self._end()
            return
        self._arrived()
        if shown.standing is not None:
            self.edge.sessions.arrivals.ended(self)
            give(shown.standing, self.edge, self.connection)
            self.account = shown.standing.session
            self.edge.sessions.arrivals.opened(self)
        if shown.data:
            self.connection.send(shown.data)
        self.was_sent(shown.places)

    def was_sent(self, places: dict[str, Cursor]) -> None:
        """Note the cursors that the client reaches by all bytes sent so far."""
        learn(self.places, places)
        parts = self.stream.expected if self.stream is not None else 0
        self._on_the_way.append(OnTheWay(self.connection.sent(), places, parts))

    def came_now(self) -> dict[str, Cursor]:
        """Return the client's cursors, by folded channel, counting lines received by the client's machine."""
        self._brought()
        return self.came

    def _brought(self) -> int:
        """Return how many parts of the stream have come to the client's machine."""
        waiting, receipts = self._on_the_way, self.connection.delivery.receipts
        come = arrive(waiting, receipts.arrived() if receipts is not None and waiting else inf, self.came)
        if come is not None:
            self._parts = come.parts
        return self._parts

    def _arrived(self) -> None:
        self.shown, self.tries = True, 0
        self.connection.queue.busy = self.outbox.is_full
        self._release()
        self.edge.clients.resume(self.connection)

    def _release(self) -> None:
        if self.call is not None:
            call, self.call = self.call, None
            call.release()

    def _ended(self, reason: str) -> None:
        self.stream = None
        if reason == "lost" and not self.is_gone:
            self._reached()
        if reason in ("lost", MOVED, "unknown"):
            self.connection.queue.busy = True  # the client's lines wait
            self.edge.later(AGAIN_S if self.tries else 0.0, self.find)
        elif self.is_gone:
            self._give_up(reason)
        else:
            self._leave()
            self.edge.clients.hang_up(self.connection, reason)

    def find(self) -> None:
        """Find the session again: the session has left its node."""
        if self.is_gone and not self.outbox.lines:
            return
        if not self.account:
            self._give_up("The node that you were on is gone: connect again")
        elif self.edge.sessions.leaving:
            self._give_up("Server is shutting down")
        else:
            self.edge.sessions.find(self.account, self._found)

    def _give_up(self, reason: str) -> None:
        """Drop the remaining lines and cut the client: no session is left to hear the lines."""
        self.outbox.lines.clear()
        self.connection.queue.pending.clear()
        self._release()
        self._end()
        self.edge.clients.cut(self.connection, reason)

    def _found(self, session: User | Incarnation | None) -> None:
        if self.is_gone and not self.outbox.lines:
            return
        if isinstance(session, User):
            self._arrive(session)
        elif isinstance(session, Incarnation) and self.tries < TRIES:
            self.tries += 1
            self.open(session)
        elif self.tries < TRIES:
            self.tries += 1
            self.edge.later(AGAIN_S, self.find)
        else:
            self._give_up("Your session cannot be reached: connect again")

    def _arrive(self, user: User) -> None:
        """Attach the client to the session, now on the client's own node. Unsettled lines are said here first (P9)."""
        connection, edge = self.connection, self.edge
        self._brought()
        edge.sessions.arrivals.ended(self)
        connection.remote.tunnel, connection.queue.busy, connection.queue.line = None, False, self.outbox.settled
        if self.is_gone:
            connection.user = user
            for line in self.outbox.lines:
                edge.clients.handle(connection, line)
            connection.user = None
            self._give_up("")  # no line is left
            return
        connection.queue.pending[:0] = self.outbox.lines
        if self.shown:
            go_on(edge, connection, user, self.places)
        elif self.call is not None:
            attach(self.call, user)
        self._release()
        edge.clients.resume(connection)


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

    def follow(self, connection: Connection, places: dict[str, Cursor]) -> None:
        """Follow the connection's session to another node, once the client's lines are answered here. So nobody reads
        the client's later lines, said on the new node, before the earlier lines (P9)."""
        if connection.remote.stream is not None:
            self.edge.clients.hang_up(connection, MOVED)
        elif self.edge.sessions.leaving:
            self.edge.clients.cut(connection, "Server is shutting down")
        else:
            tunnel = connection.remote.tunnel = ForwardedClient(self.edge, connection, None)
            tunnel.shown = connection.queue.busy = True
            tunnel.was_sent(places)
            self._once_answered(connection, tunnel.find)

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
            self.edge.later(self.edge.engine.settings.settle_max_s, go)

    def begin(self, call: Call, owner: Incarnation) -> None:
        """Forward the caller to the caller's session on another node."""
        call.hold()
        tunnel = call.connection.remote.tunnel = ForwardedClient(self.edge, call.connection, call)
        tunnel.open(owner)

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
            edge.clients.dirty,
            secure=hello.secure,
            now=edge.now,
            certificate=hello.certificate,
        )
        connection.remote.stream, connection.draft.nick, connection.remote.told = stream, hello.nick, hello.standing
        connection.remote.speaker, connection.queue.line = hello.speaker, hello.settled
        give(hello.standing, edge, connection)
        edge.clients.carry(connection)
        stream.received = lambda line: edge.clients.read(connection, line)
        stream.ended = lambda reason: self._ended(connection, reason)
        if hello.gone:
            connection.user = user  # the user has one client less
        elif hello.silent:
            go_on(edge, connection, user, hello.places)
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
        carried = [connection for connection in edge.clients.dirty if connection.remote.stream is not None]
        if not carried:
            return
        edge.clients.dirty[:] = [connection for connection in edge.clients.dirty if connection.remote.stream is None]
        for connection in dict.fromkeys(carried):
            self.tell(connection)

    def tell_last(self, user: User) -> None:
        """Send carried clients this turn's lines, with the cursors reached: the user goes on elsewhere."""
        for connection in [connection for connection in user.connections if connection.remote.stream is not None]:
            self.tell(connection)

    def tell(self, connection: Connection) -> None:
        """Send the waiting lines, and the number of the client's last settled line (P9)."""
        edge, stream, settled = self.edge, connection.remote.stream, connection.settled
        assert stream is not None
        data = b"".join(connection.ready)
        connection.ready.clear()
        if data or settled > connection.remote.settled_told:
            connection.remote.settled_told = settled
            places = edge.sessions.cursors.fresh(connection)
            connection.delivery.on_the_way.append(OnTheWay(stream.next + 1, places))
            told = connection.remote.told
            if connection.user is not None:  # else the session has gone on elsewhere, and the client follows
                connection.remote.told = standing_of(connection, connection.user.session.account)
            news = connection.remote.told if connection.remote.told != told else None
            stream.send(_encode(at_level(Shown(data, places, settled, news), edge.engine.level)))
        if connection.closed is not None and (not connection.queue.calls or connection.closed == MOVED):
            stream.close(connection.closed)
            edge.clients.gone(connection, connection.closed)
