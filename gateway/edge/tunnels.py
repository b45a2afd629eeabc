"""Connections of a session whose clients sit on other nodes: lines in, lines out, over a stream between the two nodes.

The client's node reads its lines and slows it down; the session's node does all the rest. When the session's node dies,
the client's takes the session up and goes on where its client was, for it knows what it has been sent (P38).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from gateway.edge import caps
from gateway.edge.attaching import attach, go_on
from gateway.edge.call import Call
from gateway.edge.connection import Connection
from gateway.edge.login import Login, watch
from gateway.edge.places import learn
from gateway.edge.user import User
from gateway.irc.message import Message
from ring.groups.streams import Stream
from ring.ids import UNREADABLE, Incarnation
from ring.wire import Place

if TYPE_CHECKING:
    from gateway.edge.edge import Edge

TRIES = 5
AGAIN_S = 0.5
"""A session that is on its way from one node to another is looked for so often."""


class Standing(msgspec.Struct, frozen=True, array_like=True):
    """What a client may become by what it says: told to whichever node does not read it.

    session: the folded account whose session it is in; "" for none, and then it has none to come back to.
    """

    caps: frozenset[str]
    cap_version: int
    login: Login | None
    session: str

    @classmethod
    def of(cls, connection: Connection, session: str) -> Standing:
        return cls(connection.caps, connection.cap_version, connection.login, session)

    def give(self, edge: Edge, connection: Connection) -> None:
        connection.caps, connection.cap_version = self.caps, self.cap_version
        connection.variant = caps.variant(self.caps)
        if connection.login != self.login:
            connection.login = self.login
            watch(edge, connection)


class Hello(msgspec.Struct, frozen=True, array_like=True):
    """What the session's node has to know of the client. silent: it has been shown the session already."""

    address: str
    secure: bool
    certificate: str | None
    standing: Standing
    nick: str
    silent: bool
    places: dict[str, Place]


class Shown(msgspec.Struct, frozen=True, array_like=True):
    """Bytes for the client, and how far it is in its channels once it has them (folded name -> place).

    standing: None where it is as before.
    """

    data: bytes
    places: dict[str, Place]
    standing: Standing | None = None


_encode = msgspec.msgpack.Encoder(order="deterministic").encode
_read_hello = msgspec.msgpack.Decoder(Hello).decode
_read_shown = msgspec.msgpack.Decoder(Shown).decode


class Tunnel:
    """On the client's node: the way to its session."""

    def __init__(self, edge: Edge, connection: Connection, call: Call | None) -> None:
        self.edge = edge
        self.connection = connection
        self.call = call  # held until the client has a session
        login = connection.login
        self.account = edge.settings.casemap(login.name) if login is not None else ""
        self.places: dict[str, Place] = {}  # how far the client is in its channels once it has all that it was sent
        self.came: dict[str, Place] = {}  # and by what has come to its machine
        self._parts = 0  # of the stream, that have
        self._on_the_way: deque[tuple[int, int, dict[str, Place]]] = deque()  # bytes, parts and places yet to come
        self.stream: Stream | None = None
        self.shown = False  # the client has been shown the session
        self.tries = 0

    def open(self, host: Incarnation) -> None:
        connection = self.connection
        hello = Hello(
            connection.address,
            connection.secure,
            connection.certificate,
            Standing.of(connection, self.account),
            connection.nick or "*",
            self.shown,
            self.places,
        )
        self.stream = self.edge.engine.streams.open(host, _encode(hello))
        self.stream.received, self.stream.ended, self.stream.uses = self._received, self._ended, self._brought
        self._on_the_way = deque((upto, 0, places) for upto, _, places in self._on_the_way)
        self._parts = 0

    def send(self, line: bytes) -> None:
        """A line of the client."""
        if self.stream is not None:
            self.stream.send(line)

    def tick(self) -> None:
        """The session's node learns what has come to the client since it was told last."""
        if self.stream is not None:
            self.stream.tell_uses()

    def close(self, reason: str, *, lost: bool) -> None:
        """The client has gone. Its session's node may be dead, and then nobody else knows what it has been sent."""
        self._release()
        self._brought()
        if self.account:
            places = self.came if lost else self.places
            self.edge.sessions.places.reached(self.account, self.connection.device, places)
        if self.stream is not None:
            self.stream.close(reason)

    def _received(self, part: bytes) -> None:
        try:
            shown = _read_shown(part)
        except UNREADABLE:
            return
        self._arrived()
        if shown.standing is not None:
            shown.standing.give(self.edge, self.connection)
            self.account = shown.standing.session
        self.connection.send(shown.data)
        learn(self.places, shown.places)
        assert self.stream is not None
        self._on_the_way.append((self.connection.sent(), self.stream.expected, shown.places))

    def _brought(self) -> int:
        """How many parts of the stream have come to the client's machine."""
        waiting, receipts = self._on_the_way, self.connection.receipts
        upto = receipts.arrived() if receipts is not None and waiting else None
        while waiting and (upto is None or waiting[0][0] <= upto):
            _, self._parts, places = waiting.popleft()
            learn(self.came, places)
        return self._parts

    def _arrived(self) -> None:
        self.shown, self.tries = True, 0
        self.connection.busy = False
        self._release()
        self.edge.resume(self.connection)

    def _release(self) -> None:
        if self.call is not None:
            call, self.call = self.call, None
            call.release()

    def _ended(self, reason: str) -> None:
        self.stream = None
        if self.connection.closed is not None:
            return
        if reason in ("lost", "moved", "unknown"):
            self.connection.busy = True  # what it says waits
            self.find()
        else:
            self.edge.hang_up(self.connection, reason)

    def find(self) -> None:
        """The session has left the node where it was."""
        if self.connection.closed is not None:
            return
        if self.account:
            self.edge.sessions.find(self.account, self._found)
        else:
            self.edge.cut(self.connection, "The node that you were on is gone: connect again")

    def _found(self, session: User | Incarnation | None) -> None:
        connection, edge = self.connection, self.edge
        if connection.closed is not None:
            return
        if isinstance(session, User):
            connection.tunnel = None
            connection.busy = False
            if self.shown:
                go_on(edge, connection, session, self.places)
            elif self.call is not None:
                attach(self.call, session)
            self._release()
            edge.resume(connection)
        elif isinstance(session, Incarnation) and self.tries < TRIES:
            self.tries += 1
            self.open(session)
        elif self.tries < TRIES:
            self.tries += 1
            edge.later(AGAIN_S, self.find)
        else:
            self._release()
            edge.cut(connection, "Your session cannot be reached: connect again")


class Tunnels:
    """Both ends."""

    def __init__(self, edge: Edge) -> None:
        self.edge = edge
        self._last = 0

    def follow(self, connection: Connection, places: Mapping[str, Place]) -> None:
        """The connection's session has gone to another node."""
        if connection.stream is not None:
            self.edge.hang_up(connection, "moved")
        elif self.edge.sessions.leaving:
            self.edge.cut(connection, "Server is shutting down")
        else:
            tunnel = connection.tunnel = Tunnel(self.edge, connection, None)
            tunnel.shown = connection.busy = True
            tunnel.places.update(places)
            tunnel.came.update(places)
            tunnel.find()

    def begin(self, call: Call, host: Incarnation) -> None:
        """The caller's session is on that node."""
        call.hold()
        tunnel = call.connection.tunnel = Tunnel(self.edge, call.connection, call)
        tunnel.open(host)

    # On the session's node ------------------------------------------------------------------------------------------

    def accept(self, stream: Stream, first: bytes) -> None:
        """A client on another node comes to a session here."""
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
        """early: what the client has said meanwhile."""
        edge = self.edge
        if stream.ended_at:
            return
        if not isinstance(user, User) or user.quitting:
            stream.close("moved")
            return
        self._last -= 1  # below zero: no socket of this node's
        connection = Connection(
            self._last, hello.address, edge.dirty, secure=hello.secure, now=edge.now, certificate=hello.certificate
        )
        connection.stream, connection.nick, connection.told = stream, hello.nick, hello.standing
        hello.standing.give(edge, connection)
        edge.carry(connection)
        stream.received = lambda line: edge.feed(connection, line)
        stream.ended = lambda reason: edge.gone(connection, reason if reason != "lost" else "Connection closed")
        if hello.silent:
            go_on(edge, connection, user, hello.places)
        else:
            call = Call(edge, connection, Message(None, None, "ATTACH", []))
            connection.calls[call] = None
            call.hold()
            attach(call, user)
            call.release()
        for line in early:
            edge.feed(connection, line)

    def flush(self) -> None:
        """What the turn has for clients on other nodes."""
        edge = self.edge
        carried = [connection for connection in edge.dirty if connection.stream is not None]
        if not carried:
            return
        edge.dirty[:] = [connection for connection in edge.dirty if connection.stream is None]
        for connection in dict.fromkeys(carried):
            stream = connection.stream
            assert stream is not None
            data = b"".join(connection.out)
            connection.out.clear()
            if data:
                places = edge.sessions.places.fresh(connection)
                connection.on_the_way.append((stream.next + 1, places))
                session = connection.user.session if connection.user is not None else ""
                told, connection.told = connection.told, Standing.of(connection, session)
                news = connection.told if connection.told != told else None
                stream.send(_encode(Shown(data, places, news)))
            if connection.closed is not None:
                stream.close(connection.closed)
                edge.gone(connection, connection.closed)
