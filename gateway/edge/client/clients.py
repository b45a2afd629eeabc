"""The connections of a node: bytes in, lines carried out in turn, lines out, and the end of a connection."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gateway.edge import slices
from gateway.edge.client import capabilities, flood, order
from gateway.edge.client.admission import REFUSED, limits_of
from gateway.edge.client.attention import Attention
from gateway.edge.client.call import Call
from gateway.edge.client.connection import Connection
from gateway.edge.client.draining import say_where_to_go
from gateway.edge.client.lines import Line
from gateway.edge.client.outputs import Outputs
from gateway.edge.client.texts import Texts
from gateway.edge.client.turns import Turns
from gateway.edge.ports import ClientsPort, EdgePort
from gateway.edge.settings import EdgeSettings
from gateway.edge.slices import PART, Slices
from gateway.edge.users import departure
from gateway.edge.users.user import User
from gateway.irc import numerics as n
from gateway.irc.message import Message, clean, is_utf8_line, parse
from gateway.irc.splitter import Item
from ring.links.admission import Admission, Ticket

FAREWELL_S = 1.0
"""Longest wait of a leaving node until the machines of the clients have taken all output."""

MANY = 8
"""Fewer lines are joined sooner than found among the joined lines of other connections."""

NO_MESSAGE = Message(None, None, "", [])

NOT_UTF8 = "Message rejected: your IRC software must use UTF-8 on this network"


class Clients(ClientsPort):
    """dispatch: carries out a command. relieved: connections without waiting lines any more, so the shell reads the
    sockets on. The shell empties `relieved` at each flush, and takes the output."""

    attention: Attention

    def __init__(self, edge: EdgePort, dispatch: Callable[[Call], None]) -> None:
        self.edge = edge
        self.dispatch = dispatch
        self.connections = {}
        self.outputs: Outputs[Connection] = Outputs()
        self.turns = Turns()
        self._texts = Texts(edge.settings, edge.record.name)
        self.attention = Attention(edge, self)
        self.relieved: list[Connection] = []
        self.admission = Admission(limits_of(edge.settings))
        self._last: list[Connection] = []  # connections that were closed because this node is leaving
        self._wait_until = 0.0  # until then, these may take the last output
        self._acting: Connection | None = None  # whose line is being carried out

    @property
    def texts(self) -> Texts:
        if self._texts.settings is not self.edge.settings:
            self._texts = Texts(self.edge.settings, self.edge.record.name)
        return self._texts

    # Lines of clients -------------------------------------------------------------------------------------------------

    def connect(
        self,
        number: int,
        address: str,
        *,
        secure: bool,
        now: float,
        certificate: str | None = None,
        ticket: Ticket | None = None,
    ) -> Connection:
        """Add a connection. certificate: fingerprint of the client's certificate (SHA-256, hexadecimal). ticket: from
        the shell's port, which has asked `admission` already; without a ticket, `admission` is asked here."""
        settings = self.edge.settings
        connection = Connection(number, address, self.outputs, secure=secure, now=now, certificate=certificate)
        flood.fill(connection, settings, now)
        self.connections[number] = connection
        self.attention.add(connection)
        verdict = ticket if ticket is not None else self.admission.admit(address, now)
        if isinstance(verdict, Ticket):
            connection.socket.ticket = verdict
            self.edge.bans.meet(connection)
        else:
            self.edge.oversight.tell("f", f"Refused: {address} ({REFUSED[verdict]})")
            self.cut(connection, REFUSED[verdict])
        return connection

    def feed(self, connection: Connection, data: bytes) -> None:
        """Take at most flood.READ_BYTES of a client. Lines wait while the client floods, or a NICK is under way."""
        queue, socket, settings = connection.queue, connection.socket, self.edge.settings
        now, pending = self.edge.network.now, queue.pending
        waited = len(pending)
        socket.last_heard, socket.pinged_at = now, 0.0
        lines, traffic = socket.splitter.feed(data), self.edge.traffic
        traffic.bytes_received += len(data)
        traffic.lines_received += len(lines)
        turns = self.turns if connection.user is None and flood.is_stranger(connection) else None
        for line in lines:
            if connection.closed is not None:
                return
            waits = pending or queue.busy or queue.gate
            if not waits and turns is not None and not turns.take():
                turns.waiting[connection] = None
                waits = True
            if waits or not flood.may_pass(connection, line, settings, now):
                pending.append(line)
                self.attention.restless[connection] = None
            else:
                self.handle(connection, line)
        if len(pending) > waited and flood.is_too_much(connection, self.edge.settings):
            self.edge.traffic.cuts["flood"] += 1
            self.edge.oversight.tell("f", f"Excess flood: {_who(connection)}")
            self.cut(connection, "Excess Flood")

    def take_outputs(self) -> list[tuple[Connection, bytes]]:
        """Return the connections with news since the last call, each with the bytes for the socket; count the bytes.

        A closed connection is among these, perhaps without bytes. One call for all: a message to a hundred people is a
        hundred writes. Members of a busy channel have the same lines: these are joined once. Connections with patient
        lines alone stay dirty: while `outputs.patient`, this is to be called again after PATIENCE_S (outputs.py).
        """
        found, lines, size = [], 0, 0
        alike: dict[tuple[bytes, ...], bytes] = {}
        outputs = self.outputs
        patient = outputs.patient
        if patient and self.edge.network.now >= outputs.patient_until:
            outputs.hurry()
        for connection in outputs.take():
            out = connection.socket.ready
            count = len(out)
            if patient and connection in patient:
                if patient[connection] == count and connection.closed is None:
                    outputs.dirty[connection] = None
                    continue
                del patient[connection]
            if count == 1:
                data = out[0]
            elif count < MANY:
                data = b"".join(out)
            elif (known := alike.get(same := tuple(out))) is not None:
                data = known
            else:
                data = alike[same] = b"".join(out)
            out.clear()
            lines += count
            size += len(data)
            found.append((connection, data))
        traffic = self.edge.traffic
        traffic.lines_sent += lines
        traffic.bytes_sent += size
        return found

    def read(self, connection: Connection, line: bytes) -> None:
        """Take a whole line of a client of another node. The client's node slows the client down."""
        connection.socket.last_heard, connection.socket.pinged_at = self.edge.now, 0.0
        connection.queue.pending.append(line)
        self.resume(connection)

    def carry(self, connection: Connection) -> None:
        """Add the connection of a client of another node, as the session is here."""
        flood.fill(connection, self.edge.settings, self.edge.now)
        self.connections[connection.number] = connection
        self.attention.add(connection)
        self.attention.restless[connection] = None

    def _may_pass(self, connection: Connection, line: Item) -> bool:
        return flood.may_pass(connection, line, self.edge.settings, self.edge.now)

    def resume(self, connection: Connection, most: int = sys.maxsize) -> None:
        """Carry out at most `most` waiting lines, as flood control lets. Once no line waits, the shell reads on."""
        pending = connection.queue.pending
        if not pending or connection.queue.resuming:
            return
        connection.queue.resuming = True
        while pending and most > 0 and connection.is_free and self._may_pass(connection, pending[0]):
            most -= 1
            # The socket is not read meanwhile: a line counts as heard when the line is carried out.
            connection.socket.last_heard, connection.socket.pinged_at = self.edge.now, 0.0
            self.handle(connection, pending.pop(0))
        connection.queue.resuming = False
        if pending:
            self.attention.restless[connection] = None
        else:
            self.relieved.append(connection)

    def carry_on(self) -> None:
        """Carry out waiting lines, as many as the turn takes. To be called before each flush while `turns.waiting`."""
        turns = self.turns
        while (connection := turns.next()) is not None:
            before = len(connection.queue.pending)
            self.resume(connection, 1)
            if 0 < len(connection.queue.pending) < before:
                turns.waiting[connection] = None  # behind the others
            elif connection.queue.ending is not None:
                self.leave_if_done(connection)

    def handle(self, connection: Connection, line: Item) -> None:
        if not isinstance(line, bytes):
            self._refuse_line(connection, n.ERR_INPUTTOOLONG, n.TEXT[n.ERR_INPUTTOOLONG])
            return
        connection.queue.line += 1
        if connection.remote.forwarder is not None:
            connection.remote.forwarder.send(line)
            return
        if not line.isascii() and self.edge.settings.network.utf8_only and not is_utf8_line(line):
            self._refuse_bytes(connection, line)
            return
        if self._relays(connection, line):
            return
        message = parse(line)
        if message is None:
            if b"\0" in line:
                self._refuse_line(connection, n.ERR_UNKNOWNCOMMAND, "*", "A line must not contain NUL")
            return
        call = Call(self.edge, connection, message)
        call.begin()
        self.act_for(connection, self.dispatch, call)
        call.release()

    def act_for(self, connection: Connection, act: Callable[[Any], None], value: Any) -> None:
        """Carry out an act which a client's line has asked for. A mistake of the program in the act ends this client
        alone, so nobody can end one node after the other with a line. Any other mistake ends the process."""
        before, self._acting = self._acting, connection
        try:
            act(value)
        except Exception as problem:
            self._blame(connection, problem)
        finally:
            self._acting = before

    def _relays(self, connection: Connection, line: bytes) -> bool:
        """Carry out the line from bytes to bytes, if that is possible."""
        edge = self.edge
        try:
            is_stopped = edge.bans.watches and edge.bans.stops(connection, line)
            return is_stopped or edge.talk.relay(connection, line) or edge.direct.relay(connection, line)
        except Exception as problem:
            self._blame(connection, problem)
            return True

    def _blame(self, connection: Connection, problem: Exception) -> None:
        self.edge.network.note_bug("client", problem, client=connection.number)
        self.edge.traffic.cuts["bug"] += 1
        self.cut(connection, "The server made a mistake with your command; the operator finds the mistake in the log")

    def mine(self, done: Callable[[Any], None]) -> Callable[[Any], None]:
        """Tie a continuation to the client whose line is being carried out, if any."""
        connection = self._acting
        if connection is None:
            return done
        return lambda value: self.act_for(connection, done, value)

    def _refuse_line(self, connection: Connection, numeric: str, *params: str) -> None:
        """Refuse a line which is no command. The refusal stands in the order of answers, too."""
        call = Call(self.edge, connection, NO_MESSAGE)
        call.begin()
        call.reply(numeric, *params)
        call.release()

    def _refuse_bytes(self, connection: Connection, line: bytes) -> None:
        """Refuse a line that is not UTF-8. Source: IRCv3 utf8-only."""
        message = parse(line) or NO_MESSAGE
        message = replace(message, command=clean(message.command)[:64] or "*")
        call = Call(self.edge, connection, message)
        call.begin()
        call.fail("INVALID_UTF8", NOT_UTF8)
        call.release()

    def configure(self, before: EdgeSettings, now: EdgeSettings) -> None:
        """Apply new settings, and tell clients of new and removed capabilities."""
        new, gone = capabilities.news(capabilities.offered(before), capabilities.offered(now))
        self.admission.limits = limits_of(now)
        slices.do(self.edge, self._tell_all(now.network.server_name, new, gone))

    def _tell_all(self, server: str, new: list[str], gone: list[str]) -> Slices[None]:
        """Look at all clients again, and tell the clients of new and removed capabilities."""
        for number, connection in enumerate(list(self.connections.values()), 1):
            if number % PART == 0:
                yield
            if connection.number not in self.connections:
                continue
            self.attention.again(connection)
            if connection.remote.forwarder is None:  # else the session's node tells the client
                self._tell(connection, server, new, gone)

    def _tell(self, connection: Connection, server: str, new: list[str], gone: list[str]) -> None:
        connection.caps -= frozenset(gone)
        for sub, names in (("NEW", new), ("DEL", gone)):
            if names and "cap-notify" in connection.caps:
                nick = connection.user.person.nick if connection.user is not None else "*"
                for line in capabilities.lines(server, nick, sub, names, connection.draft.cap_version):
                    connection.send(line.render(0))

    # The end of a connection ------------------------------------------------------------------------------------------

    def cut(self, connection: Connection, reason: str) -> None:
        """Close a connection and say why."""
        if connection.closed is not None:
            return
        connection.turn_back()
        order.flush(connection)
        connection.send(Line(None, "ERROR", (f"Closing Link: {connection.socket.host} ({reason})",)).render(0))
        connection.closed = reason
        self.outputs.dirty[connection] = None
        departure.leave(self.edge, connection, reason)
        connection.queue.pending.clear()
        if connection.socket.unread:
            self.gone(connection, reason)

    def gone(self, connection: Connection, reason: str) -> None:
        """Forget the connection, as the socket is closed."""
        if self.connections.pop(connection.number, None) is None:
            return
        self.attention.remove(connection)
        if connection.socket.ticket is not None:
            connection.socket.ticket.release()
            self.edge.bans.gone(connection)
        if connection.closed is None:
            connection.closed = reason
            departure.leave(self.edge, connection, reason)
            connection.queue.pending.clear()
        connection.delivery.end()
        if connection.remote.stream is not None:
            connection.remote.stream.close(reason)

    def ended(self, connection: Connection, reason: str) -> None:
        """Note that the client sends no more lines. The client leaves once all lines are carried out and answered."""
        if connection.closed is None and connection.queue.ending is None:
            connection.queue.ending = reason
            self.attention.restless[connection] = None
        self.leave_if_done(connection)

    def lost(self, connection: Connection, reason: str) -> None:
        """Note that the socket is closed. Waiting lines of the client are carried out all the same."""
        connection.socket.unread = True
        self.ended(connection, reason)
        if connection.closed is not None:
            self.gone(connection, reason)

    def leave_if_done(self, connection: Connection) -> None:
        """Let a client leave that sends no more lines, once all its lines are carried out and answered."""
        if connection.queue.ending is None or connection.closed is not None or connection.socket.left:
            return
        if connection.queue.pending or not connection.is_free:
            return
        forwarder, nobody = connection.remote.forwarder, connection.socket.unread and connection.user is None
        if (connection.queue.calls and not nobody) or (forwarder is not None and forwarder.unsettled.lines):
            return
        if connection.socket.unread:
            self.cut(connection, connection.queue.ending)
        else:
            departure.bow_out(self.edge, connection, connection.queue.ending)

    def hang_up(self, connection: Connection, reason: str) -> None:
        """Close a connection whose client has been told why."""
        connection.closed = reason
        connection.queue.pending.clear()
        self.outputs.dirty[connection] = None

    def close_all(self, reason: str) -> None:
        self.edge.sessions.leaving = True
        self._wait_until = self.edge.now + FAREWELL_S
        self._last = list(self.connections.values())
        for connection in self._last:
            if connection.remote.stream is not None:
                self.edge.forwarding.move(connection, reason)
            elif connection.closed is None:
                say_where_to_go(self.edge, connection)
                self.cut(connection, reason)

    @property
    def idle(self) -> bool:
        """Whether nobody is here, and no work which former users left behind is under way."""
        waits = self.edge.now < self._wait_until
        owed = any(connection.queue.calls or (waits and connection.delivery.farewell) for connection in self._last)
        here = any(self._has_to_go(user) for user in self.edge.users.values())
        return not (here or self.edge.sessions.cursors.telling or self.edge.forwarding.lingering or owed)

    def _has_to_go(self, user: User) -> bool:
        """Whether the node waits for the user to leave. A session without clients leaves only if another node stays."""
        rests = bool(user.session.account) and not user.connections and not user.quitting
        return not rests or bool(self.edge.network.staying())


def _who(connection: Connection) -> str:
    """Return who a client is, for operators."""
    source = connection.user.person.source if connection.user is not None else "a client that is not registered"
    return f"{source} ({connection.address})"
