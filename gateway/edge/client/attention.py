"""Which connections the node looks at in a tick: those with work under way, and those silent for long.

Theory of operation. A connection is restless while lines wait, commands have no answer, the client has said its last
line, or the connection's other node is owed a report. Each tick looks at the restless connections. Of all connections,
the agenda has the time of one look each: at the end of the time for the registration, and then at the end of the
silence that the settings allow. A line of the client moves no entry of the agenda: the look finds that the client was
heard meanwhile, and plans the next look. So a tick costs what is due, and idle clients cost a look in `ping_every_s`.

Invariants. `restless` names each connection with work under way. Each connection has a look planned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.edge.client import order
from gateway.edge.client.answer_port import AttentionPort
from gateway.edge.client.connection import Connection
from gateway.edge.client.lines import Line
from ring.agenda import Agenda

if TYPE_CHECKING:
    from gateway.edge.ports import ClientsPort, EdgePort
    from gateway.edge.traffic import Cut

PROVING_MAX_S = 300.0
"""Additional time for the registration while a password is being checked: throttles make clients wait up to a minute.
There is a limit, so a lost answer does not keep a connection open for ever."""

VERIFYING_S = 1.0
"""Time between looks at a client in this additional time: the check of the password may end at any moment."""


LOOKS = 200
"""At most so many silent connections are looked at in one tick."""


class Attention(AttentionPort):
    """restless: connections to look at in the next tick."""

    def __init__(self, edge: EdgePort, clients: ClientsPort) -> None:
        self._edge = edge
        self._clients = clients
        self.restless: dict[Connection, None] = {}
        self._silence: Agenda[Connection] = Agenda()

    def add(self, connection: Connection) -> None:
        """Begin to look after a new connection."""
        self._silence.plan(connection, self._edge.now)

    def remove(self, connection: Connection) -> None:
        """Look after the connection no more."""
        self.restless.pop(connection, None)
        self._silence.cancel(connection)

    def again(self, connection: Connection) -> None:
        """Plan the look anew: the settings have changed."""
        self._silence.plan(connection, self._edge.now)

    def is_due(self, now: float) -> bool:
        """Tell whether a tick has left looks for the next tick."""
        return self._silence.next_at <= now

    def tick(self, now: float) -> None:
        for connection in list(self.restless):
            if not self._goes_on(connection, now):
                self.restless.pop(connection, None)
        for connection in self._silence.due(now, most=LOOKS):
            at = self._judge_silence(connection, now)
            if connection.number in self._clients.connections:
                self._silence.plan(connection, at)

    def _goes_on(self, connection: Connection, now: float) -> bool:
        """Go on with the work of one connection. Returns whether there will be more to do."""
        edge, queue, remote = self._edge, connection.queue, connection.remote
        if remote.stream is not None:
            edge.forwarding.tell(connection)
        if connection.closed is not None:
            return remote.stream is not None and connection.number in self._clients.connections
        if queue.calls:
            order.hurry(connection, now - edge.network.settings.settle_max_s)
        if queue.pending:
            self._clients.turns.waiting[connection] = None
        if connection.queue.ending is not None:
            self._clients.leave_if_done(connection)
        if remote.forwarder is not None:
            remote.forwarder.tick()
        owes = remote.forwarder is not None and remote.forwarder.owes
        return bool(queue.calls or queue.pending or owes) or connection.queue.ending is not None

    def _judge_silence(self, connection: Connection, now: float) -> float:
        """Ask a silent client for a sign of life, or cut a client that takes too long. Returns the time of the next
        look."""
        settings = self._edge.settings
        if connection.closed is not None or connection.remote.forwarder is not None:
            return now + settings.clients.ping_every_s  # the session's node looks after the client
        why: str = ""
        cut: Cut | None = None
        if connection.user is None:
            end = connection.socket.opened + settings.clients.register_timeout_s
            if connection.proof.verifying and end < now <= end + PROVING_MAX_S:
                return now + VERIFYING_S
            why, cut = "Registration timed out", "registration_timeout"
        elif connection.socket.pinged_at:
            end = connection.socket.pinged_at + settings.clients.ping_timeout_s
            why, cut = f"Ping timeout: {round(now - connection.socket.last_heard)} seconds", "ping_timeout"
        else:
            end = connection.socket.last_heard + settings.clients.ping_every_s
        if now <= end:
            return end
        if cut is not None:
            self._edge.traffic.cuts[cut] += 1
            self._clients.cut(connection, why)
            return now + settings.clients.ping_every_s
        connection.socket.pinged_at = now
        connection.send(Line(None, "PING", (settings.network.server_name,)).render(0))
        return now + settings.clients.ping_timeout_s
