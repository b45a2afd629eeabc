"""The edge of a node: the connections and users of clients, composed of parts that know each other by ports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

from gateway.accounts.credentials import Credentials
from gateway.accounts.scram import Proves, is_proof
from gateway.edge.application import EdgeApplication
from gateway.edge.client.asides import Asides
from gateway.edge.client.call import Call
from gateway.edge.client.clients import Clients
from gateway.edge.client.connection import Connection
from gateway.edge.client.talk import ChannelTalk
from gateway.edge.direct.conversations import Conversations
from gateway.edge.direct.messages import DirectMessages
from gateway.edge.direct.remote_messages import OPENING
from gateway.edge.ports import EdgePort
from gateway.edge.rpc.actions import Actions
from gateway.edge.rpc.asked import answer
from gateway.edge.rpc.census import Census
from gateway.edge.rpc.operator_asks import WebhookRow
from gateway.edge.sessions.forwarding import Forwarding
from gateway.edge.sessions.sessions import Sessions
from gateway.edge.settings import EdgeSettings, Rehashed
from gateway.edge.timers import Timers
from gateway.edge.traffic import Traffic
from gateway.edge.users import departure, monitor, nick_ownership
from gateway.edge.users.known_people import People
from gateway.edge.users.nick_owners import NickOwners
from gateway.edge.users.reclaim import Reclaiming
from gateway.edge.users.user import User
from gateway.edge.views import kinds, seats
from gateway.edge.views.nick import show_clashes
from gateway.edge.views.view import View
from gateway.irc.format import truncate_text
from gateway.irc.message import clean, storable
from gateway.irc.names import is_nick
from ring.duplex import Stream
from ring.durations import REST_S
from ring.ids import GroupId, Incarnation
from ring.links.admission import Ticket
from ring.network import Network
from ring.replication.application import EventId
from ring.roster import NodeRecord

RECONCILE_S = 30.0
STORABLE_LEVEL = 1
"""From this feature level on, texts of people keep their bytes that are not UTF-8."""


class Edge(EdgePort):
    """Sans-I/O. The shell feeds bytes and time, takes the output, and provides the callables of the outside."""

    network: Network
    clients: Clients
    sessions: Sessions
    conversations: Conversations
    direct: DirectMessages
    talk: ChannelTalk
    forwarding: Forwarding
    reclaim: Reclaiming
    monitored_nicks: monitor.MonitoredNicks
    asides: Asides
    census: Census

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
        self.clients = Clients(self, dispatch)
        self.census = Census(self)
        self.sessions = Sessions(self)
        self.conversations = Conversations(self)
        self.direct = DirectMessages(self)
        self.talk = ChannelTalk(self)
        self.forwarding = Forwarding(self)
        self.reclaim = Reclaiming(self)
        self.monitored_nicks = monitor.MonitoredNicks(self)
        self.asides = Asides(self)
        self.application = EdgeApplication(self, self.asides, self._views())
        self._reconcile_at = 0.0
        self._reconciled = -1  # `Network.changes` before the people were compared last
        # Slow, so carried out outside the event loop. done(None): no result can be had now.
        self.check_password: Callable[[str, str, Callable[[bool | None], None]], None] = lambda _h, _p, done: done(None)
        self.fits: Callable[[Credentials, str, Callable[[bool | None], None]], None] = lambda _c, _p, done: done(None)
        self.fits_first = lambda credentials, password, done: self.fits(credentials, password, done)  # before strangers
        self.make_credentials: Callable[[str, Callable[[Credentials | None], None]], None] = lambda _p, done: done(None)
        self.webhooks: Callable[[], dict[str, WebhookRow]] = dict  # webhooks delivered by this node, by id
        self.random_bytes: Callable[[int], bytes] = lambda count: self.network.rng.randbytes(count)
        self.proves: Proves = is_proof  # of SCRAM
        self.keyed: Callable[[bytes], bytes] = self._keyed  # 8 bytes that only the network's nodes can make of the data
        self.rehash: Callable[[], Rehashed] = Rehashed
        self.die: Callable[[], None] = lambda: None
        self.look: Callable[[int, int], bytes] = lambda _incarnation, _after: b""  # gateway.look

    def _views(self) -> dict[str, View]:
        """Return the views by kind of group; nobody is shown news of other kinds."""
        return {
            "channel": kinds.ChannelView(self),
            "nick": kinds.NickView(self),
            "conversation": kinds.ConversationView(self, self.conversations),
            "session": kinds.SessionView(self, self.sessions, self.conversations),
            "network": kinds.NetworkView(self),
        }

    # Names ----------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        return self.network.now

    def channel(self, name: str) -> GroupId:
        return GroupId("channel", self.settings.casemap(name))

    def nick(self, name: str) -> GroupId:
        return GroupId("nick", self.settings.casemap(name))

    def find_nick(self, text: str) -> GroupId | None:
        """Return the group of a typed nick, in any case of letters; None if nobody may have such a nick."""
        group = self.nick(text)
        return group if is_nick(group.name, self.settings.limits.nick_len) else None

    def account(self, name: str) -> GroupId:
        return GroupId("account", self.settings.casemap(name))

    def text(self, text: str, limit: int) -> str:
        """Return a person's text as links and disks carry the text, at most `limit` bytes. Bytes other than UTF-8 are
        kept; while the network acts below STORABLE_LEVEL, such bytes are replaced."""
        return truncate_text(storable(text) if self.network.level >= STORABLE_LEVEL else clean(text), limit)

    def _keyed(self, data: bytes) -> bytes:
        return blake2b(data, digest_size=8, key=self.settings.secret[: blake2b.MAX_KEY_SIZE]).digest()

    def later(self, seconds: float, job: Callable[[], None]) -> None:
        self.timers.later(seconds, job)

    def next_serial(self) -> int:
        return self.timers.next_serial()

    def next_batch(self) -> str:
        return f"{self.next_serial():x}"

    def lives(self, node: Incarnation) -> bool:
        return node == self.network.me or self.network.is_current(node)

    # Users ----------------------------------------------------------------------------------------------------------

    def enter(self, user: User) -> None:
        """Add a user who is here from now on."""
        self.users[user.uid] = user
        self.nick_owners.add(user)
        self.people.add(user.person)
        show_clashes(self, EventId("", int(self.now * 1000)))
        self.reclaim.claimed(user.uid, user.person.nick)

    def forget(self, user: User) -> None:
        self.nick_owners.remove(user)
        if self.users.get(user.uid) is user:  # and not another object, which has taken the session up since
            del self.users[user.uid]
            self.people.remove(user.uid)

    def kill(self, user: User, reason: str, because: GroupId) -> None:
        """Carry out an operator's KILL, acknowledged once the channels know (P33)."""
        connections = list(user.connections)
        departure.depart(self, user, reason, because)
        for connection in connections:
            self.clients.cut(connection, reason)

    def depart(self, user: User, reason: str) -> None:
        """Let a user without connections leave the network."""
        departure.depart(self, user, reason)

    # For the shell --------------------------------------------------------------------------------------------------

    def configure(self, settings: EdgeSettings) -> None:
        """Apply a configuration which was read again, and tell clients of new and removed capabilities."""
        before, self.settings = self.settings, settings
        self.clients.configure(before, settings)

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
        return self.clients.connect(number, address, secure=secure, now=now, certificate=certificate, ticket=ticket)

    def feed(self, connection: Connection, data: bytes) -> None:
        self.clients.feed(connection, data)

    def take_outputs(self) -> list[tuple[Connection, bytes]]:
        return self.clients.take_outputs()

    def carry_on(self) -> None:
        self.clients.carry_on()

    def ended(self, connection: Connection, reason: str) -> None:
        self.clients.ended(connection, reason)

    def lost(self, connection: Connection, reason: str) -> None:
        self.clients.lost(connection, reason)

    def gone(self, connection: Connection, reason: str) -> None:
        self.clients.gone(connection, reason)

    def cut(self, connection: Connection, reason: str) -> None:
        self.clients.cut(connection, reason)

    def close_all(self, reason: str) -> None:
        self.clients.close_all(reason)

    @property
    def idle(self) -> bool:
        return self.clients.idle

    def _reconcile(self) -> None:
        """Compare the people here with the groups, unless nothing has happened since the last time."""
        changes = self.network.changes
        if self._reconciled == changes:
            return
        seats.reconcile(self)
        nick_ownership.check_all(self)
        self.conversations.reconcile()
        self._reconciled = changes  # what this pass has submitted is a change, too

    @property
    def is_busy(self) -> bool:
        """Tell whether something is under way that the next tick goes on with. If not, a tick in REST_S will do."""
        clients = self.clients
        waits = clients.attention.restless or clients.turns.waiting or self.direct.remote.is_busy
        return bool(waits or self.timers.next_at <= self.now + REST_S)

    def tick(self, now: float) -> None:
        self.sessions.tick(now)
        self.reclaim.tick(now)
        self.timers.tick(now)
        self.clients.attention.tick(now)
        self.direct.remote.tick(now)
        if now >= self._reconcile_at:
            self._reconcile_at = now + RECONCILE_S
            self._reconcile()
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
