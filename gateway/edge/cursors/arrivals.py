"""What has come to each device on its client's node, and how the session's node asks for this knowledge (P38).

The session's node learns what came to a carried client from the client's node, over their stream. While the path
between the two is broken, or the stream is just ending, the session's node knows less than the client's node. A device
that comes back at this moment would be played lines twice. So the session's group remembers on which nodes a device
was lately, and the session's node asks these nodes before it plays anything to the device.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gateway.edge.cursors.delivery import Inquiry, bound, learn
from gateway.edge.ports import ArrivalsPort, EdgePort
from gateway.edge.rpc.asks import Came, CameAsk
from gateway.edge.sessions.remote import Forwarder
from gateway.state.session.session import DEVICES, NODES
from ring.ids import Incarnation
from ring.wire.history import Cursor

if TYPE_CHECKING:
    from gateway.edge.client.connection import Connection
    from gateway.edge.users.user import User

KEEP_S: Final = 120.0
"""A node remembers for so long what has come to a device that is gone: far longer than the session's group takes to
learn of it."""

KEPT: Final = 10_000
"""A node remembers at most so many devices that are gone; the one that went first is forgotten first."""

Key = tuple[str, str]
"""A folded account, and the name of one of its devices."""


class Past(NamedTuple):
    """places: by folded channel, how far a device came here. until: when that is forgotten."""

    places: dict[str, Cursor]
    until: float


class Arrivals(ArrivalsPort):
    """On the client's node: what has come to devices here. On the session's node: where devices were."""

    def __init__(self, edge: EdgePort) -> None:
        self.edge = edge
        self._tunnels: dict[Key, dict[Forwarder, None]] = {}
        self._past: dict[Key, Past] = {}
        self._nodes: dict[str, dict[str, dict[str, int]]] = {}  # account -> device -> ring key -> incarnation
        self._former: dict[str, Incarnation] = {}  # account -> the node that its session was on before
        self._news: dict[str, dict[str, dict[str, int]]] = {}  # of those, what the session's group is not told yet

    # On the client's node -------------------------------------------------------------------------------------------

    def opened(self, tunnel: Forwarder) -> None:
        self._tunnels.setdefault((tunnel.account, tunnel.device), {})[tunnel] = None

    def ended(self, tunnel: Forwarder) -> None:
        key = (tunnel.account, tunnel.device)
        here = self._tunnels.get(key, {})
        here.pop(tunnel, None)
        if not here:
            self._tunnels.pop(key, None)
        self.remember(*key, tunnel.came)

    def remember(self, account: str, device: str, places: Mapping[str, Cursor]) -> None:
        """So far the device has come here, and its client is gone, or its session."""
        if not account or not places:
            return
        past = self._past.pop((account, device), None)
        found = past.places if past is not None else {}
        learn(found, places)
        self._past[account, device] = Past(found, self.edge.now + KEEP_S)
        bound(self._past, KEPT)

    def came(self, account: str, device: str) -> dict[str, Cursor]:
        """By folded channel, how far the device is by what has come to its machine on this node."""
        found: dict[str, Cursor] = {}
        past = self._past.get((account, device))
        learn(found, past.places if past is not None else {})
        learn(found, self.edge.sessions.cursors.came(account, device))
        for tunnel in self._tunnels.get((account, device), {}):
            learn(found, tunnel.came_now())
        return found

    def answer(self, ask: CameAsk) -> Came:
        return Came(self.came(ask.account, ask.device), self._nodes.get(ask.account, {}).get(ask.device, {}))

    def tick(self, now: float) -> None:
        while self._past:
            key, past = next(iter(self._past.items()))
            if now < past.until:
                return
            del self._past[key]

    # On the session's node ------------------------------------------------------------------------------------------

    def inquire(self, user: User, connection: Connection) -> None:
        """A client comes to the user's session: ask the device's former nodes what has come to the device there."""
        engine, account, device = self.edge.engine, user.session, connection.device
        if not account or engine.level < CameAsk.SINCE:
            return
        known = self._known(user, device)
        here = connection.remote.stream.peer if connection.remote.stream is not None else engine.me
        if known.get(here.key) != here.number:
            for table in (self._nodes, self._news):
                self._add(table.setdefault(account, {}), device, here)
        former = self._former.get(account)
        inquiry = NodesAsked(self.edge, connection, user)
        inquiry.ask_at(known)
        inquiry.ask_at({former.key: former.number} if former is not None else {})
        if inquiry.open:
            connection.delivery.inquiry = inquiry

    @staticmethod
    def _add(devices: dict[str, dict[str, int]], device: str, node: Incarnation) -> None:
        nodes = devices.pop(device, {})
        nodes.pop(node.key, None)
        devices[device] = nodes | {node.key: node.number}
        bound(devices[device], NODES)
        bound(devices, 2 * DEVICES)

    def _known(self, user: User, device: str) -> dict[str, int]:
        """Ring key -> incarnation of each node where the device was lately, as the session's group knows or is told."""
        stored = self.edge.sessions.cursors.device(user, device)
        found = {key: number for key, (_, number) in stored.nodes.items()} if stored is not None else {}
        return found | self._nodes.get(user.session, {}).get(device, {})

    def came_from(self, account: str, node: Incarnation) -> None:
        """The account's session was on that node until now. What the node knew last, its group may not know yet."""
        self._former[account] = node

    def news(self, account: str) -> dict[str, dict[str, int]]:
        """Device -> ring key -> incarnation, of where devices have been since this was last asked for."""
        return self._news.pop(account, {})

    def forget(self, account: str) -> None:
        """The session is elsewhere."""
        for table in (self._nodes, self._news, self._former):
            table.pop(account, None)


class NodesAsked(Inquiry):
    """What one client's device has been sent elsewhere is asked for. What is to be played to the client waits.

    A node that is alive answers, through a witness if need be, or is given up after settle_max_s. A node that died has
    taken with it what nobody else knows: then the device is played a little of what it has once more.
    """

    def __init__(self, edge: EdgePort, connection: Connection, user: User) -> None:
        super().__init__()
        self.edge = edge
        self.connection = connection
        self.ask = CameAsk(user.session, connection.device)
        self.until = edge.now + edge.engine.settings.settle_max_s
        self.asked: set[Incarnation] = {edge.engine.me}
        self.open: dict[Incarnation, None] = {}  # those that have not answered

    def ask_at(self, nodes: Mapping[str, int]) -> None:
        """nodes: ring key -> incarnation. Those that are alive are asked, each once."""
        found = [Incarnation(key, number) for key, number in nodes.items()]
        new = [node for node in found if node not in self.asked and self.edge.engine.peers.is_current(node)]
        self.asked.update(new)
        self.open.update(dict.fromkeys(new))
        for node in new:
            self._ask(node)

    def _ask(self, node: Incarnation) -> None:
        self.edge.engine.ask_node(node.key, self.ask, lambda reply: self._answered(node, reply))

    def _answered(self, node: Incarnation, reply: Any) -> None:
        edge, connection = self.edge, self.connection
        if isinstance(reply, Came):
            edge.sessions.cursors.sent(connection, reply.places)
            self.ask_at(reply.nodes)
        elif edge.now < self.until and edge.engine.peers.is_current(node):
            edge.later(AGAIN_S, lambda: self._ask(node))
            return
        del self.open[node]
        if not self.open and connection.delivery.inquiry is self:
            connection.delivery.inquiry = None
            for go_on in self.waiting:
                go_on()


AGAIN_S: Final = 0.25


def once_known(connection: Connection, go_on: Callable[[], None]) -> None:
    """Go on once it is known how far the connection's device has come."""
    if connection.delivery.inquiry is None:
        go_on()
    else:
        connection.delivery.inquiry.waiting.append(go_on)
