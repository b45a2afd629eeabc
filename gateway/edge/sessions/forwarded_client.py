"""The client's node of a forwarded connection: forwards a client's lines to the client's session on another node.

The client's node reads the client's lines and slows the client down. When the session's node dies, the client's node
takes the session up. The client's node knows which lines the client was sent, and goes on from there (P38).
"""

from __future__ import annotations

from math import inf
from typing import Final

import msgspec

from gateway.edge.accounts.login import watch
from gateway.edge.client import capabilities
from gateway.edge.client.call import Call
from gateway.edge.client.connection import Connection
from gateway.edge.cursors.delivery import OnTheWay, arrive, learn
from gateway.edge.ports import EdgePort
from gateway.edge.sessions.attach import attach, go_on
from gateway.edge.sessions.remote import Forwarder, Hello, Shown, Standing
from gateway.edge.sessions.unsettled import UnsettledLines
from gateway.edge.users.user import User
from gateway.state.idempotency import Speaker
from gateway.state.session.messages import Stored
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
    draft = connection.draft
    said = (draft.away, connection.draft.keys, dict(draft.metadata))
    return Standing(connection.caps, draft.cap_version, connection.login, session, *said)


def give(standing: Standing, edge: EdgePort, connection: Connection) -> None:
    """Give the connection the same standing on this node."""
    connection.draft.negotiate(standing.cap_version, registers_later=False)
    connection.draft.leave(standing.away)
    connection.draft.describe(standing.metadata)
    connection.draft.follow(*standing.keys)
    connection.negotiate(standing.caps, capabilities.variant(standing.caps))
    if connection.login != standing.login:
        connection.proof.take(standing.login)
        watch(edge, connection)


_encode = msgspec.msgpack.Encoder(order="deterministic").encode
_read_shown = msgspec.msgpack.Decoder(Shown).decode


class ForwardedClient(Forwarder):
    """On the client's node: forwards lines to the client's session."""

    def __init__(self, edge: EdgePort, connection: Connection, call: Call | None) -> None:
        self.edge = edge
        self.connection = connection
        self.call = call  # held until the client has a session
        login = connection.login
        self.account = edge.settings.casemap(login.name) if login is not None else ""
        self.cursors: dict[str, Cursor] = {}  # the client's cursors, once the client has all lines sent
        self.delivered: dict[str, Cursor] = {}  # the client's cursors by lines received so far
        self._parts = 0  # parts of the stream received by the client
        self._on_the_way: list[OnTheWay] = []
        self.stream: Stream | None = None
        self.shown = False  # the client has been shown the session
        self.tries = 0
        self.speaker = connection.remote.speaker = connection.remote.speaker or Speaker(
            edge.network.me, connection.number
        )
        self.unsettled = UnsettledLines(connection.queue.line)
        edge.sessions.arrivals.opened(self)

    def open(self, owner: Incarnation) -> None:
        connection = self.connection
        hello = Hello(
            connection.address,
            connection.socket.secure,
            connection.certificate,
            standing_of(connection, self.account),
            connection.draft.nick or "*",
            self.shown,
            self.cursors,
            self.speaker,
            self.unsettled.settled,
            self.is_gone,
        )
        self.stream = self.edge.network.open_stream(owner, _encode(at_level(hello, self.edge.network.level)))
        self.stream.received, self.stream.ended, self.stream.uses = self._received, self._ended, self._brought
        self._on_the_way = [one._replace(parts=0) for one in self._on_the_way]
        self._parts = 0
        for line in self.unsettled.lines:
            self.stream.send(line)

    @property
    def device(self) -> str:
        return self.connection.device

    @property
    def is_gone(self) -> bool:
        """Return whether the client is gone: the forwarder stays until the last lines of the client are settled."""
        return self.connection.closed is not None

    def send(self, line: bytes) -> None:
        """Forward a line of the client."""
        self.unsettled.add(line)
        if self.unsettled.is_full:
            self.connection.queue.pause()
        if self.stream is not None:
            self.stream.send(line)

    def tick(self) -> None:
        """Tell the session's node how much of the stream has come to the client since the last report."""
        if self.stream is not None:
            self.stream.tell_uses()

    def close(self) -> None:
        """Forward the remaining lines and end the forwarding: the client has gone."""
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
            self.connection.delivery.at_the_end(self._reached)

    def _reached(self) -> None:
        """Report the cursors to the session's group: the session's node may be dead, and nobody else knows."""
        self._brought()
        self.edge.sessions.arrivals.remember(self.account, self.connection.device, self.delivered)
        if self.account and self.delivered:
            self.edge.sessions.cursors.tell(self.account, {self.connection.device: self.delivered})

    def _end(self) -> None:
        """Close the stream once all lines of the gone client are settled. Until then the forwarder lingers."""
        if self.unsettled.lines:
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
        self.unsettled.settle(shown.settled)
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
        self.was_sent(shown.cursors)

    def was_sent(self, cursors: dict[str, Cursor]) -> None:
        """Note the cursors that the client reaches by all bytes sent so far."""
        learn(self.cursors, cursors)
        parts = self.stream.expected if self.stream is not None else 0
        self._on_the_way.append(OnTheWay(self.connection.sent(), cursors, parts))
        self.edge.clients.attention.restless[self.connection] = None

    @property
    def owes(self) -> bool:
        return bool(self._on_the_way)

    def delivered_now(self) -> dict[str, Cursor]:
        """Return the client's cursors, by folded channel, counting lines received by the client's machine."""
        self._brought()
        return self.delivered

    def _brought(self) -> int:
        """Return how many parts of the stream have come to the client's machine."""
        waiting, receipts = self._on_the_way, self.connection.delivery.receipts
        cursor_of = arrive(waiting, receipts.arrived() if receipts is not None and waiting else inf, self.delivered)
        if cursor_of is not None:
            self._parts = cursor_of.parts
        return self._parts

    def _arrived(self) -> None:
        self.shown, self.tries = True, 0
        if self.unsettled.is_full:
            self.connection.queue.pause()
        else:
            self.connection.queue.unpause()
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
            self.connection.queue.pause()
            self.edge.later(AGAIN_S if self.tries else 0.0, self.find)
        elif self.is_gone:
            self._give_up(reason)
        else:
            self._leave()
            self.edge.clients.hang_up(self.connection, reason)

    def find(self) -> None:
        """Find the session again: the session has left its node."""
        if self.is_gone and not self.unsettled.lines:
            return
        if not self.account:
            self._give_up("The node that you were on is gone: connect again")
        elif not self.edge.sessions.leaving or self.account in self.edge.sessions.users:
            self.edge.sessions.find(self.account, self._found)
        elif self.is_gone:
            self.edge.sessions.look(self.account, self._looked)
        else:
            self._give_up("Server is shutting down")

    def _looked(self, stored: Stored | None) -> None:
        """Forward the lines of a gone client to the node that has the session, or takes the session up: this node is
        leaving, and takes no session up (P9)."""
        person = stored.person if stored is not None else None
        if stored is not None and person is None:
            self._give_up("")  # the session has ended
        elif person is None or person.edge == self.edge.network.me or self.edge.sessions.is_over(person.edge):
            self._found(None)
        else:
            self._found(person.edge)

    def _give_up(self, reason: str) -> None:
        """Drop the remaining lines and cut the client: no session is left to hear the lines."""
        self.unsettled.lines.clear()
        self.connection.queue.drop_lines()
        self._release()
        self._end()
        self.edge.clients.cut(self.connection, reason)

    def _found(self, session: User | Incarnation | None) -> None:
        if self.is_gone and not self.unsettled.lines:
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
        connection.remote.forwarder = None
        connection.delivery.begin_anew()
        connection.queue.go_on_from(self.unsettled.settled)
        connection.queue.unpause()
        if self.is_gone:
            connection.user = user
            for line in self.unsettled.lines:
                edge.clients.handle(connection, line)
            connection.user = None
            self._give_up("")  # no line is left
            return
        connection.queue.return_lines(self.unsettled.lines)
        if self.shown:
            go_on(edge, connection, user, self.cursors)
        elif self.call is not None:
            attach(self.call, user)
        self._release()
        edge.clients.resume(connection)
