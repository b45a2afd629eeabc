"""Remembers how far each device has come on the client's node, and asks other nodes for this knowledge (P38).

The client's node tells the session's node over a stream which lines have come to the client. While the path between the
two nodes is broken, or the stream is just ending, the session's node knows less than the client's node. A device coming
back at this moment would be played lines twice. So the session's group remembers the recent nodes of each device, and
the session's node asks these nodes before playing anything to the device.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gateway.edge.cursors.delivery import Inquiry, bound, learn
from gateway.edge.ports import EdgePort
from gateway.edge.rpc.asks import Delivered, DeliveredAsk
from gateway.edge.session_ports import ArrivalsPort
from gateway.edge.sessions.remote import Forwarder
from gateway.state.session.session import DEVICES, NODES
from ring.ids import Incarnation
from ring.wire.history import Cursor

if TYPE_CHECKING:
    from gateway.edge.client.connection import Connection
    from gateway.edge.users.user import User

KEEP_S: Final = 120.0
"""Seconds for which a node remembers the cursors of a device after the device is gone: far longer than the session's
group takes to learn the cursors."""

KEPT: Final = 10_000
"""A node remembers at most so many devices after their clients are gone; the device gone first is forgotten first."""

Key = tuple[str, str]
"""A folded account, and the name of a device of the account."""


class Past(NamedTuple):
    """cursors: by folded channel, how far a device came here. until: when the node forgets the device."""

    cursors: dict[str, Cursor]
    until: float


class Arrivals(ArrivalsPort):
    """Keeps, on the client's node, the cursors of devices here; on the session's node, the recent nodes of devices."""

    def __init__(self, edge: EdgePort) -> None:
        self.edge = edge
        self._forwarders: dict[Key, dict[Forwarder, None]] = {}
        self._past: dict[Key, Past] = {}
        self._nodes: dict[str, dict[str, dict[str, int]]] = {}  # account -> device -> ring key -> incarnation
        self._former: dict[str, Incarnation] = {}  # account -> the former node of the account's session
        self._news: dict[str, dict[str, dict[str, int]]] = {}  # the part of _nodes not yet told to the session's group

    # On the client's node -------------------------------------------------------------------------------------------

    def opened(self, forwarder: Forwarder) -> None:
        self._forwarders.setdefault((forwarder.account, forwarder.device), {})[forwarder] = None

    def ended(self, forwarder: Forwarder) -> None:
        key = (forwarder.account, forwarder.device)
        here = self._forwarders.get(key, {})
        here.pop(forwarder, None)
        if not here:
            self._forwarders.pop(key, None)
        self.remember(*key, forwarder.delivered)

    def remember(self, account: str, device: str, cursors: Mapping[str, Cursor]) -> None:
        """Remember how far the device has come here: the client or the session has left this node."""
        if not account or not cursors:
            return
        past = self._past.pop((account, device), None)
        found = past.cursors if past is not None else {}
        learn(found, cursors)
        self._past[account, device] = Past(found, self.edge.now + KEEP_S)
        bound(self._past, KEPT)

    def delivered(self, account: str, device: str) -> dict[str, Cursor]:
        """Return the device's cursors, by folded channel, counting lines received by way of this node."""
        found: dict[str, Cursor] = {}
        past = self._past.get((account, device))
        learn(found, past.cursors if past is not None else {})
        learn(found, self.edge.sessions.cursors.delivered(account, device))
        for forwarder in self._forwarders.get((account, device), {}):
            learn(found, forwarder.delivered_now())
        return found

    def answer(self, ask: DeliveredAsk) -> Delivered:
        return Delivered(self.delivered(ask.account, ask.device), self._nodes.get(ask.account, {}).get(ask.device, {}))

    def tick(self, now: float) -> None:
        while self._past:
            key, past = next(iter(self._past.items()))
            if now < past.until:
                return
            del self._past[key]

    # On the session's node ------------------------------------------------------------------------------------------

    def inquire(self, user: User, connection: Connection) -> None:
        """Ask a joining device's former nodes how far the device has come there."""
        account = user.session.account
        if not account or self.edge.network.level < DeliveredAsk.SINCE:
            return
        known = self._known(user, connection.device)
        self.note(user)
        former = self._former.get(account)
        inquiry = NodesAsked(self.edge, connection, user)
        inquiry.ask_at(known)
        inquiry.ask_at({former.key: former.number} if former is not None else {})
        if inquiry.open:
            connection.delivery.inquiry = inquiry

    def note(self, user: User) -> None:
        """Note that each device of the user is on the node of its client."""
        network, account = self.edge.network, user.session.account
        if not account or network.level < DeliveredAsk.SINCE:
            return
        for connection in user.connections:
            here = connection.remote.stream.peer if connection.remote.stream is not None else network.me
            if self._known(user, connection.device).get(here.key) != here.number:
                for table in (self._nodes, self._news):
                    self._add(table.setdefault(account, {}), connection.device, here)

    @staticmethod
    def _add(devices: dict[str, dict[str, int]], device: str, node: Incarnation) -> None:
        nodes = devices.pop(device, {})
        nodes.pop(node.key, None)
        devices[device] = nodes | {node.key: node.number}
        bound(devices[device], NODES)
        bound(devices, 2 * DEVICES)

    def _known(self, user: User, device: str) -> dict[str, int]:
        """Return the recent nodes of the device, as far as known: ring key -> incarnation."""
        stored = self.edge.sessions.cursors.device(user, device)
        found = {key: number for key, (_, number) in stored.nodes.items()} if stored is not None else {}
        return found | self._nodes.get(user.session.account, {}).get(device, {})

    def moved_from(self, account: str, node: Incarnation) -> None:
        """Note the former node of the account's session: the session's group may lack the last cursors of that node."""
        self._former[account] = node

    def news(self, account: str) -> dict[str, dict[str, int]]:
        """Return the new nodes of devices since the last call: device -> ring key -> incarnation."""
        return self._news.pop(account, {})

    def forget(self, account: str) -> None:
        """Forget the account: the session is on another node."""
        for table in (self._nodes, self._news, self._former):
            table.pop(account, None)


class NodesAsked(Inquiry):
    """Asks other nodes how far a client's device has come there. Playback to the client waits for the answers.

    A live node answers, through a witness if need be, or is given up after settle_max_s. The knowledge of a dead node
    may be lost: then the device is played a few lines a second time.
    """

    def __init__(self, edge: EdgePort, connection: Connection, user: User) -> None:
        super().__init__()
        self.edge = edge
        self.connection = connection
        self.ask = DeliveredAsk(user.session.account, connection.device)
        self.until = edge.now + edge.network.settings.settle_max_s
        self.asked: set[Incarnation] = {edge.network.me}
        self.open: dict[Incarnation, None] = {}  # nodes without an answer so far

    def ask_at(self, nodes: Mapping[str, int]) -> None:
        """Ask each live node once. nodes: ring key -> incarnation."""
        found = [Incarnation(key, number) for key, number in nodes.items()]
        new = [node for node in found if node not in self.asked and self.edge.network.is_current(node)]
        self.asked.update(new)
        self.open.update(dict.fromkeys(new))
        for node in new:
            self._ask(node)

    def _ask(self, node: Incarnation) -> None:
        self.edge.network.ask_node(node.key, self.ask, lambda reply: self._answered(node, reply))

    def _answered(self, node: Incarnation, reply: Any) -> None:
        edge, connection = self.edge, self.connection
        if isinstance(reply, Delivered):
            edge.sessions.cursors.sent(connection, reply.cursors)
            self.ask_at(reply.nodes)
        elif edge.now < self.until and edge.network.is_current(node):
            edge.later(AGAIN_S, lambda: self._ask(node))
            return
        del self.open[node]
        if not self.open and connection.delivery.inquiry is self:
            connection.delivery.inquiry = None
            for go_on in self.waiting:
                go_on()


AGAIN_S: Final = 0.25


def once_known(connection: Connection, go_on: Callable[[], None]) -> None:
    """Run go_on once the former nodes of the connection's device have answered."""
    if connection.delivery.inquiry is None:
        go_on()
    else:
        connection.delivery.inquiry.waiting.append(go_on)
