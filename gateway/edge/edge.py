"""The edge of a node: the connections and users of clients, composed of parts that know each other by ports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from gateway.edge.accounts.upkeep import Upkeep
from gateway.edge.application import EdgeApplication
from gateway.edge.bans.network_bans import NetworkBans
from gateway.edge.client.admission import Banned
from gateway.edge.client.asides import Asides
from gateway.edge.client.call import Call
from gateway.edge.client.clients import Clients
from gateway.edge.client.talk import ChannelTalk
from gateway.edge.direct.conversations import Conversations
from gateway.edge.direct.messages import DirectMessages
from gateway.edge.direct.remote_messages import OPENING
from gateway.edge.outside import Outside
from gateway.edge.oversight.oversight import Oversight
from gateway.edge.ports import EdgePort
from gateway.edge.reconciling import Reconciling
from gateway.edge.rpc.actions import Actions
from gateway.edge.rpc.asked import answer
from gateway.edge.rpc.catalogue import Catalogue
from gateway.edge.rpc.census import Census
from gateway.edge.rpc.index import ChannelIndex
from gateway.edge.sessions.forwarding import Forwarding
from gateway.edge.sessions.sessions import Sessions
from gateway.edge.settings import EdgeSettings
from gateway.edge.timers import Timers
from gateway.edge.traffic import Traffic
from gateway.edge.users import departure, monitor
from gateway.edge.users.hosts import Cloaking
from gateway.edge.users.known_people import People
from gateway.edge.users.nick_owners import NickOwners
from gateway.edge.users.reclaim import Reclaiming
from gateway.edge.users.user import User
from gateway.edge.views import kinds, seats
from gateway.edge.views.view import View
from ring.duplex import Stream
from ring.durations import REST_S
from ring.ids import Incarnation
from ring.links.admission import Refusal, Ticket
from ring.network import Network
from ring.roster import NodeRecord


class Edge(EdgePort):
    """Sans-I/O. The shell feeds bytes and takes the output by `clients`, lets time pass by `tick`, and provides the
    callables of `outside`."""

    network: Network
    bans: NetworkBans
    clients: Clients
    sessions: Sessions
    conversations: Conversations
    direct: DirectMessages
    talk: ChannelTalk
    forwarding: Forwarding
    reclaim: Reclaiming
    monitored_nicks: monitor.MonitoredNicks
    oversight: Oversight
    asides: Asides
    census: Census
    index: ChannelIndex

    def __init__(self, settings: EdgeSettings, record: NodeRecord, dispatch: Callable[[Call], None]) -> None:
        self.settings = settings
        self.record = record
        self.users = {}
        self.nick_owners = NickOwners()
        self.rooms = {}
        self.people = People(settings.casemap, self.lives)
        self.monitors = {}
        self.traffic = Traffic()
        self.actions = Actions()
        self.used = Counter()  # commands, for STATS m
        self.told = {}  # channels and conversations with news since the last flush
        self.timers = Timers(self)
        self.bans = NetworkBans(self)
        self.clients = Clients(self, dispatch)
        self.census = Census(self)
        self.catalogue = Catalogue(self)
        self.index = ChannelIndex(self)
        self.sessions = Sessions(self)
        self.conversations = Conversations(self)
        self.direct = DirectMessages(self)
        self.talk = ChannelTalk(self)
        self.forwarding = Forwarding(self)
        self.reclaim = Reclaiming(self)
        self.monitored_nicks = monitor.MonitoredNicks(self)
        self.oversight = Oversight(self)
        self.asides = Asides(self)
        self.application = EdgeApplication(self, self.asides, self._views())
        self.outside = Outside(self)
        self._reconciling = Reconciling(self)
        self._upkeep = Upkeep(self)
        self._cloaking = Cloaking(self)

    def _views(self) -> dict[str, View]:
        """Return the views by kind of group; nobody is shown news of other kinds."""
        return {
            "channel": kinds.ChannelView(self),
            "nick": kinds.NickView(self),
            "conversation": kinds.ConversationView(self, self.conversations),
            "session": kinds.SessionView(self, self.sessions, self.conversations),
            "network": kinds.NetworkView(self),
            "audit": kinds.AuditView(self.oversight),
            "bans": kinds.BansView(self),
        }

    # Time ----------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        return self.network.now

    def later(self, seconds: float, job: Callable[[], None]) -> None:
        self.timers.later(seconds, job)

    def next_serial(self) -> int:
        return self.timers.next_serial()

    def next_batch(self) -> str:
        return f"{self.next_serial():x}"

    def lives(self, node: Incarnation) -> bool:
        return node == self.network.me or self.network.is_current(node)

    # Users ----------------------------------------------------------------------------------------------------------

    def depart(self, user: User, reason: str) -> None:
        """Let a user without connections leave the network."""
        departure.depart(self, user, reason)

    # For the shell --------------------------------------------------------------------------------------------------

    def admit(self, address: str, now: float) -> Ticket | Refusal | Banned:
        """Judge a connection that a port has accepted, by the address. now: of a clock that never goes back."""
        refusal = self.bans.refuses(address) or self.bans.crowded(address)
        return Banned(refusal) if refusal else self.clients.admission.admit(address, now)

    def configure(self, settings: EdgeSettings) -> None:
        """Apply a configuration which was read again, and tell clients of new and removed capabilities."""
        before, self.settings = self.settings, settings
        self.clients.configure(before, settings)

    @property
    def is_busy(self) -> bool:
        """Tell whether something is under way that the next tick goes on with. If not, a tick in REST_S will do."""
        clients = self.clients
        waits = clients.attention.restless or clients.turns.waiting or self.direct.remote.is_busy
        waits = waits or clients.attention.is_due(self.now)
        return bool(waits or self.timers.next_at <= self.now + REST_S)

    def tick(self, now: float) -> None:
        self.sessions.tick(now)
        self.reclaim.tick(now)
        self.oversight.tick()
        self.timers.tick(now)
        self.clients.attention.tick(now)
        self.direct.remote.tick(now)
        self._reconciling.tick(now)
        self._upkeep.tick(now)
        self._cloaking.tick(now)
        self.bans.tick(now)
        self.index.tick(now)
        if self.census.tick(now):
            seats.show_returned(self)

    # Other nodes ----------------------------------------------------------------------------------------------------

    def accept(self, stream: Stream, first: bytes) -> None:
        """Take a new stream of another node. first: the part that says what the stream is for."""
        if first == OPENING:
            self.direct.remote.accept(stream)
        else:
            self.forwarding.accept(stream, first)

    def asked(self, node: Incarnation, body: Any) -> Any:
        return answer(self, body)
