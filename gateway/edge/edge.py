"""The edge of a node: its clients' connections and users, and what the group engine tells the edge."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from heapq import heappop, heappush
from typing import Any

import msgspec

from gateway.accounts.credentials import Credentials
from gateway.accounts.scram import Proves, is_proof
from gateway.edge.accounts import nick_protection
from gateway.edge.accounts.login import expel_all
from gateway.edge.client import capabilities, flood, order
from gateway.edge.client.admission import REFUSED, limits_of
from gateway.edge.client.asides import Asides
from gateway.edge.client.call import Call, Token
from gateway.edge.client.connection import Connection
from gateway.edge.client.draining import say_where_to_go
from gateway.edge.client.lines import Line
from gateway.edge.client.slots import Slot
from gateway.edge.client.turns import Turns
from gateway.edge.cursors import read_markers
from gateway.edge.cursors.hold_back import withhold
from gateway.edge.direct.conversations import Conversations
from gateway.edge.direct.messages import DirectMessages
from gateway.edge.ports import EdgePort
from gateway.edge.rpc import asks, operator_answers
from gateway.edge.rpc.actions import Actions
from gateway.edge.rpc.answers import answer, count
from gateway.edge.rpc.operator_asks import OperatorAsk, WebhookRow
from gateway.edge.sessions import detach, resume
from gateway.edge.sessions.forwarding import Forwarding
from gateway.edge.sessions.sessions import Sessions
from gateway.edge.settings import EdgeSettings, Rehashed
from gateway.edge.traffic import Traffic
from gateway.edge.users import claim, departure, monitor, nick_ownership
from gateway.edge.users.known_people import People
from gateway.edge.users.nick_owners import NickOwners
from gateway.edge.users.reclaim import Reclaiming
from gateway.edge.users.user import Room, User
from gateway.edge.views import channel, nick
from gateway.irc import numerics as n
from gateway.irc.format import truncate_text
from gateway.irc.message import Message, clean, parse, storable
from gateway.irc.names import is_nick
from gateway.irc.splitter import Item
from gateway.state.network.messages import Announced
from gateway.state.nick.messages import Released
from gateway.state.people import Author
from gateway.state.session.messages import Conversing, DetachedSet, Marked, Merged
from ring.engine import Engine
from ring.ids import GroupId, Incarnation
from ring.links.admission import Admission, Ticket
from ring.replication.application import FAILED, EventId, Halted, Unsupported
from ring.replication.state_machine import State
from ring.roster import NodeRecord

RECONCILE_S = 30.0
STORABLE_LEVEL = 1
"""From this feature level on, texts of people keep their bytes that are not UTF-8."""

COUNT_S = 10.0

PROVING_MAX_S = 300.0
"""How much longer a connection may take to register while a password of its client is being checked: throttles make
clients wait up to a minute. No answer that is lost on its way keeps a connection open for ever."""

FAREWELL_S = 1.0
"""So long a node that leaves waits until the machines of its clients have taken all."""

HEARD = ("channel", "conversation")
"""Kinds of groups in which people hear each other."""


EVERYBODY = "$$*"
"""Whom a notice to the whole network names. Source: RFC 2812, 3.3.1, target masks; servers prefix them with "$"."""

NO_MESSAGE = Message(None, None, "", [])


class Edge(EdgePort):
    """Sans-I/O. The shell feeds bytes and time, reads `dirty`, and provides the callables at the end of __init__."""

    engine: Engine
    sessions: Sessions
    conversations: Conversations
    direct: DirectMessages
    forwarding: Forwarding
    reclaim: Reclaiming
    monitored_nicks: monitor.MonitoredNicks
    asides: Asides

    def __init__(self, settings: EdgeSettings, record: NodeRecord, dispatch: Callable[[Call], None]) -> None:
        self.settings = settings
        self.record = record
        self.dispatch = dispatch
        self.connections: dict[int, Connection] = {}
        self.users: dict[str, User] = {}
        self.nick_owners = NickOwners()
        self.rooms: dict[GroupId, Room] = {}
        self.people = People(settings.casemap, self.lives)
        self.sessions = Sessions(self)
        self.conversations = Conversations(self)
        self.reclaim = Reclaiming(self)
        self.direct = DirectMessages(self)
        self.forwarding = Forwarding(self)
        self.asides = Asides(self)
        self.monitored_nicks = monitor.MonitoredNicks(self)
        self.monitors: dict[GroupId, dict[str, User]] = {}
        self.counts: dict[str, asks.Counts] = {}  # of every node, a few seconds old, for the welcome
        self.used: Counter[str] = Counter()  # commands, for STATS m
        self.actions = Actions()
        self.traffic = Traffic()
        self.dirty: list[Connection] = []
        self.turns = Turns()
        self.relieved: list[Connection] = []  # those of which no line waits any more: their sockets are read on
        self.told: dict[GroupId, None] = {}  # of the groups that are heard, those that had news since the last flush
        self.most = 0  # users of the network at once, as far as its living nodes have seen
        self._last: list[Connection] = []  # those that were closed because this node is leaving
        self._wait_until = 0.0  # and how long they may take to take what they were sent
        self.admission = Admission(limits_of(settings))
        self._serial = 0
        self._jobs: list[tuple[float, int, Callable[[], None]]] = []
        self._reconcile_at = 0.0
        self._count_at = 0.0
        self._acting: Connection | None = None  # whose line is being carried out
        # Slow, and so off the loop: done(None) where that cannot be found out now.
        self.check_password: Callable[[str, str, Callable[[bool | None], None]], None] = lambda _h, _p, done: done(None)
        self.fits: Callable[[Credentials, str, Callable[[bool | None], None]], None] = lambda _c, _p, done: done(None)
        self.fits_first = lambda credentials, password, done: self.fits(credentials, password, done)  # before strangers
        self.make_credentials: Callable[[str, Callable[[Credentials | None], None]], None] = lambda _p, done: done(None)
        self.webhooks: Callable[[], dict[str, WebhookRow]] = dict  # that this node delivers, by id
        self.random_bytes: Callable[[int], bytes] = lambda count: self.engine.rng.randbytes(count)
        self.proves: Proves = is_proof  # of SCRAM
        self.keyed: Callable[[bytes], bytes] = self._keyed  # 8 bytes that only the network's nodes can make of the data
        self.rehash: Callable[[], Rehashed] = Rehashed
        self.die: Callable[[], None] = lambda: None
        self.look: Callable[[int, int], bytes] = lambda _incarnation, _after: b""  # gateway.look

    # Names ----------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        return self.engine.now

    def channel(self, name: str) -> GroupId:
        return GroupId("channel", self.settings.casemap(name))

    def nick(self, name: str) -> GroupId:
        return GroupId("nick", self.settings.casemap(name))

    def find_nick(self, text: str) -> GroupId | None:
        """The group of the nick that somebody has typed, in whatever case; None if nobody may go by such a nick."""
        group = self.nick(text)
        return group if is_nick(group.name, self.settings.limits.nick_len) else None

    def account(self, name: str) -> GroupId:
        return GroupId("account", self.settings.casemap(name))

    def text(self, text: str, limit: int) -> str:
        """What a person has written as links and disks carry it, at most `limit` bytes. Bytes that are not UTF-8 are
        kept, and replaced while the network acts at a feature level below that."""
        return truncate_text(storable(text) if self.engine.level >= STORABLE_LEVEL else clean(text), limit)

    def _keyed(self, data: bytes) -> bytes:
        return blake2b(data, digest_size=8, key=self.settings.secret[: blake2b.MAX_KEY_SIZE]).digest()

    def later(self, seconds: float, job: Callable[[], None]) -> None:
        """Do the job in a while, by the next tick after it; with no time to wait, now."""
        if seconds > 0:
            do = self.mine(lambda _: job())
            heappush(self._jobs, (self.now + seconds, self.next_serial(), lambda: do(None)))
        else:
            job()

    def next_serial(self) -> int:
        self._serial += 1
        return self._serial

    def next_batch(self) -> str:
        return f"{self.next_serial():x}"

    def enter(self, user: User) -> None:
        """It is here from now on."""
        self.users[user.uid] = user
        self.nick_owners.add(user)
        self.people.add(user.person)
        nick.show_clashes(self, EventId("", int(self.now * 1000)))
        self.reclaim.claimed(user.uid, user.person.nick)

    def forget(self, user: User) -> None:
        self.nick_owners.remove(user)
        if self.users.get(user.uid) is user:  # and not who has taken its session up since
            del self.users[user.uid]
            self.people.remove(user.uid)

    def lives(self, node: Incarnation) -> bool:
        return node == self.engine.me or self.engine.peers.is_current(node)

    def configure(self, settings: EdgeSettings) -> None:
        """The configuration was read again. Clients are told what is offered now, and what no more."""
        new, gone = capabilities.news(capabilities.offered(self.settings), capabilities.offered(settings))
        self.settings = settings
        self.admission.limits = limits_of(settings)
        for connection in self.connections.values():
            if connection.tunnel is not None:
                continue  # it is told by its session's node
            connection.caps -= frozenset(gone)
            for sub, names in (("NEW", new), ("DEL", gone)):
                if names and "cap-notify" in connection.caps:
                    nick = connection.user.person.nick if connection.user is not None else "*"
                    for line in capabilities.lines(settings.server_name, nick, sub, names, connection.cap_version):
                        connection.send(line.render(0))

    # Connections ----------------------------------------------------------------------------------------------------

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
        """certificate: fingerprint of the client's (SHA-256, hexadecimal). ticket: of the shell's port, which has asked
        `admission` already; without one it is asked here."""
        settings = self.settings
        connection = Connection(number, address, self.dirty, secure=secure, now=now, certificate=certificate)
        flood.fill(connection, settings, now)
        self.connections[number] = connection
        verdict = ticket if ticket is not None else self.admission.admit(address, now)
        if isinstance(verdict, Ticket):
            connection.ticket = verdict
        else:
            self.cut(connection, REFUSED[verdict])
        return connection

    def feed(self, connection: Connection, data: bytes) -> None:
        """Bytes of a client, at most flood.READ_BYTES. Lines wait while the client floods, or its nick is under way."""
        waited, settings, now = len(connection.pending), self.settings, self.engine.now
        connection.last_heard, connection.pinged_at = now, 0.0
        lines, traffic = connection.splitter.feed(data), self.traffic
        traffic.bytes_received += len(data)
        traffic.lines_received += len(lines)
        turns = self.turns if flood.is_stranger(connection) else None
        for line in lines:
            if connection.closed is not None:
                return
            waits = connection.pending or connection.busy or connection.gate
            if not waits and turns is not None and not turns.take():
                turns.waiting[connection] = None
                waits = True
            if waits or not flood.may_pass(connection, line, settings, now):
                connection.pending.append(line)
            else:
                self.handle(connection, line)
        if len(connection.pending) > waited and flood.is_too_much(connection, self.settings):
            self.traffic.cuts["flood"] += 1
            self.cut(connection, "Excess Flood")

    def take_output(self, connection: Connection) -> bytes:
        """What the socket of the connection is to be given now."""
        out, traffic = connection.ready, self.traffic
        data = out[0] if len(out) == 1 else b"".join(out)
        traffic.lines_sent += len(out)
        traffic.bytes_sent += len(data)
        out.clear()
        return data

    def read(self, connection: Connection, line: bytes) -> None:
        """A whole line of a client of another node, which slows it down."""
        connection.last_heard, connection.pinged_at = self.now, 0.0
        connection.pending.append(line)
        self.resume(connection)

    def carry(self, connection: Connection) -> None:
        """A client of another node whose session is here."""
        flood.fill(connection, self.settings, self.now)
        self.connections[connection.number] = connection

    def _may_pass(self, connection: Connection, line: Item) -> bool:
        return flood.may_pass(connection, line, self.settings, self.now)

    def resume(self, connection: Connection, most: int = sys.maxsize) -> None:
        """Carry out at most `most` waiting lines, as flood control lets. Once no line waits, the shell reads on."""
        pending = connection.pending
        if not pending or connection.resuming:
            return
        connection.resuming = True
        while pending and most > 0 and connection.is_free and self._may_pass(connection, pending[0]):
            most -= 1
            # The client is not read meanwhile: its line counts as heard when its turn comes.
            connection.last_heard, connection.pinged_at = self.now, 0.0
            self.handle(connection, pending.pop(0))
        connection.resuming = False
        if not pending:
            self.relieved.append(connection)

    def carry_on(self) -> None:
        """Before a flush while `turns.waiting`: lines that wait are carried out, as many as the turn takes."""
        turns = self.turns
        while (connection := turns.next()) is not None:
            before = len(connection.pending)
            self.resume(connection, 1)
            if 0 < len(connection.pending) < before:
                turns.waiting[connection] = None  # behind the others
            elif connection.ending is not None:
                self._leave_if_done(connection)

    def handle(self, connection: Connection, line: Item) -> None:
        if not isinstance(line, bytes):
            self._refuse_line(connection, n.ERR_INPUTTOOLONG, n.TEXT[n.ERR_INPUTTOOLONG])
            return
        connection.line += 1
        if connection.tunnel is not None:
            connection.tunnel.send(line)
            return
        message = parse(line)
        if message is None:
            if b"\0" in line:
                self._refuse_line(connection, n.ERR_UNKNOWNCOMMAND, "*", "A line must not contain NUL")
            return
        call = Call(self, connection, message)
        call.begin()
        self.act_for(connection, self.dispatch, call)
        call.release()

    def act_for(self, connection: Connection, act: Callable[[Any], None], value: Any) -> None:
        """Carry out something that a client's line has asked for. A mistake of the program in the act ends that client
        alone, so nobody can end nodes one after the other with a line; all else that fails ends the process."""
        before, self._acting = self._acting, connection
        try:
            act(value)
        except Exception as problem:
            self.engine.note_bug("client", problem, client=connection.number)
            self.traffic.cuts["bug"] += 1
            self.cut(connection, "The server made a mistake with your command; its operator finds it in the log")
        finally:
            self._acting = before

    def mine(self, done: Callable[[Any], None]) -> Callable[[Any], None]:
        """Ties a continuation to the client whose line is being carried out, if there is one."""
        connection = self._acting
        if connection is None:
            return done
        return lambda value: self.act_for(connection, done, value)

    def _refuse_line(self, connection: Connection, numeric: str, *params: str) -> None:
        """What is no command is answered in its turn, too."""
        call = Call(self, connection, NO_MESSAGE)
        call.begin()
        call.reply(numeric, *params)
        call.release()

    def kill(self, user: User, reason: str, because: GroupId) -> None:
        """An operator's KILL: acknowledged once the channels know (P33)."""
        connections = list(user.connections)
        departure.depart(self, user, reason, because)
        for connection in connections:
            self.cut(connection, reason)

    def cut(self, connection: Connection, reason: str) -> None:
        """Close a connection and say why."""
        if connection.closed is not None:
            return
        connection.out = connection.ready
        order.flush(connection)
        connection.send(Line(None, "ERROR", (f"Closing Link: {connection.host} ({reason})",)).render(0))
        connection.closed = reason
        if connection not in self.dirty:
            self.dirty.append(connection)
        departure.leave(self, connection, reason)
        connection.pending.clear()
        if connection.unread:
            self.gone(connection, reason)

    def gone(self, connection: Connection, reason: str) -> None:
        """The socket is closed."""
        if self.connections.pop(connection.number, None) is None:
            return
        if connection.ticket is not None:
            connection.ticket.release()
        if connection.closed is None:
            connection.closed = reason
            departure.leave(self, connection, reason)
            connection.pending.clear()
        if connection.farewell is not None:
            connection.farewell()
            connection.farewell = None
        if connection.stream is not None:
            connection.stream.close(reason)

    def ended(self, connection: Connection, reason: str) -> None:
        """The client has said its last line. It leaves once all of its lines are carried out and answered."""
        if connection.closed is None and connection.ending is None:
            connection.ending = reason
        self._leave_if_done(connection)

    def lost(self, connection: Connection, reason: str) -> None:
        """The socket is closed. Lines of the client that still wait are carried out all the same."""
        connection.unread = True
        self.ended(connection, reason)
        if connection.closed is not None:
            self.gone(connection, reason)

    def _leave_if_done(self, connection: Connection) -> None:
        if connection.ending is None or connection.closed is not None or connection.left:
            return
        if connection.pending or not connection.is_free:
            return
        tunnel, nobody = connection.tunnel, connection.unread and connection.user is None
        if (connection.calls and not nobody) or (tunnel is not None and tunnel.outbox.lines):
            return
        if connection.unread:
            self.cut(connection, connection.ending)
        else:
            departure.bow_out(self, connection, connection.ending)

    def hang_up(self, connection: Connection, reason: str) -> None:
        """Close a connection whose client has been told why."""
        connection.closed = reason
        connection.pending.clear()
        if connection not in self.dirty:
            self.dirty.append(connection)

    def depart(self, user: User, reason: str) -> None:
        """A user without connections leaves the network."""
        departure.depart(self, user, reason)

    def close_all(self, reason: str) -> None:
        self.sessions.leaving = True
        self._wait_until = self.now + FAREWELL_S
        self._last = list(self.connections.values())
        for connection in self._last:
            if connection.stream is not None:
                self.forwarding.move(connection, reason)
            elif connection.closed is None:
                say_where_to_go(self, connection)
                self.cut(connection, reason)

    @property
    def idle(self) -> bool:
        """Whether nobody is here and nothing that they left behind is under way."""
        waits = self.now < self._wait_until
        owed = any(connection.calls or (waits and connection.farewell) for connection in self._last)
        here = any(self._has_to_go(user) for user in self.users.values())
        return not (here or self.sessions.cursors.telling or self.forwarding.lingering or owed)

    def _has_to_go(self, user: User) -> bool:
        """A session without clients is taken up elsewhere, if there is anybody who could."""
        rests = bool(user.session) and not user.connections and not user.quitting
        return not rests or bool(self.engine.peers.staying())

    # Timers ---------------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        settings = self.settings
        self.sessions.tick(now)
        self.reclaim.tick(now)
        while self._jobs and self._jobs[0][0] <= now:
            heappop(self._jobs)[2]()
        for connection in list(self.connections.values()):
            if connection.stream is not None:
                self.forwarding.tell(connection)
            if connection.closed is not None:
                continue
            if connection.calls:
                order.hurry(connection, now - self.engine.settings.settle_max_s)
            if connection.pending:
                self.turns.waiting[connection] = None
            if connection.ending is not None:
                self._leave_if_done(connection)
            if connection.tunnel is not None:  # its session's node looks after it
                connection.tunnel.tick()
                continue
            if connection.user is None:
                limit_s = settings.register_timeout_s + (PROVING_MAX_S if connection.proving else 0.0)
                if now - connection.opened > limit_s:
                    self.traffic.cuts["registration_timeout"] += 1
                    self.cut(connection, "Registration timed out")
            elif connection.pinged_at:
                if now - connection.pinged_at > settings.ping_timeout_s:
                    self.traffic.cuts["ping_timeout"] += 1
                    self.cut(connection, f"Ping timeout: {round(now - connection.last_heard)} seconds")
            elif now - connection.last_heard > settings.ping_every_s:
                connection.pinged_at = now
                connection.send(Line(None, "PING", (settings.server_name,)).render(0))
        if now >= self._reconcile_at:
            self._reconcile_at = now + RECONCILE_S
            channel.reconcile(self)
            nick_ownership.check_all(self)
            self.conversations.reconcile()
        if now >= self._count_at:
            self._count_at = now + COUNT_S
            self._count()
            channel.show_returned(self)

    def _count(self) -> None:
        live = dict.fromkeys(record.key for record in self.engine.live())
        self.counts = {key: counts for key, counts in self.counts.items() if key in live}
        mine = self.counts[self.record.key] = count(self)
        self.most = max(self.most, mine.users)
        round_ = {self.record.key: mine}
        for key in live:
            if key != self.record.key:
                self.engine.ask_node(key, asks.CountAsk(), self._counted(key, len(live), round_))

    def counted(self, counts: Iterable[asks.Counts]) -> None:
        """The counts of all nodes at about one moment: how many people there were at most is known by all nodes."""
        found = list(counts)
        self.most = max(self.most, sum(one.users for one in found), *(one.most for one in found))

    def _counted(self, key: str, nodes: int, round_: dict[str, asks.Counts]) -> Callable[[Any], None]:
        def arrived(reply: Any) -> None:
            if isinstance(reply, asks.Counts):
                self.counts[key] = round_[key] = reply
                if len(round_) == nodes:
                    self.counted(round_.values())

        return arrived

    # Host: what the engine tells (ring.replication.application) -------------------------------------------------------

    def applied(self, group: GroupId, state: State, event: Any, stamp: EventId, token: object) -> None:
        if self.asides.groups:
            self.asides.release(group, token.call.connection if isinstance(token, Token) else None)
        call: Call | None = None
        if isinstance(token, Token):  # lines about the client's own command stand in the command's turn
            call, place = token.call, token.place or token
            before = call.enter(place)
        if group.kind in HEARD:
            self.told[group] = None
            if call is not None:
                self.traffic.shown[group.kind].append(call.since)
        if group.kind == "channel":
            channel.applied(self, group, state, event, stamp, call)
        elif group.kind == "nick":
            nick.applied(self, group, event, stamp, call)
            if isinstance(event, Released) and event.evicted:
                nick_ownership.check(self, group)
        elif group.kind == "conversation":
            self.conversations.applied(group, state, event, stamp, call)
        elif group.kind == "session":
            self.sessions.check(group.name)
            self._told_of_session(group.name, event, call)
        elif isinstance(event, Announced):
            self._announce(event)
        if call is not None:
            call.leave(before)
            if place.items and not isinstance(place.items[-1], Slot):  # and waits
                self.asides.add(group, call)

    def _told_of_session(self, account: str, event: Any, call: Call | None) -> None:
        user = self.sessions.users.get(account)
        if isinstance(event, Conversing):
            self.conversations.opened(account, event)
        elif isinstance(event, Marked) and user is not None:
            read_markers.applied(self, user, event, call)
        elif isinstance(event, DetachedSet | Merged) and user is not None:
            detach.check(self, user)

    def _announce(self, event: Announced) -> None:
        if event.audience == "all":
            everybody = Line(event.source, "NOTICE", (EVERYBODY, event.text), at=self.engine.now_ms)
            for user in self.users.values():
                user.send(everybody)
            return
        line = Line(Author(event.source, event.account), "WALLOPS", (event.text,))
        for user in self.users.values():
            if user.wallops:
                user.send(line)

    def interrupted(self, group: GroupId, *, parted: bool) -> None:
        if group.kind in HEARD:
            withhold(self, group, parted=parted)

    def replaced(
        self, group: GroupId, old: State | None, state: State, missed: Sequence[tuple[Any, EventId]], lost: int
    ) -> None:
        if self.asides.groups and old is not state:  # else whoever waits has just come, and nothing has happened since
            self.asides.release(group, None)
        if group.kind in HEARD:
            self.told[group] = None
        if group.kind == "channel":
            channel.replaced(self, group, old, state, missed, lost)
        elif group.kind == "nick":
            for event, stamp in missed:
                nick.applied(self, group, event, stamp, None)
            nick_ownership.check(self, group)
        elif group.kind == "conversation":
            self.conversations.replaced(group, state, missed, lost)
        elif group.kind == "session":
            self.sessions.check(group.name)
            user = self.sessions.users.get(group.name)
            if user is not None and not user.quitting:
                self.conversations.enter(user)
                detach.check(self, user)
        else:
            for event, _ in missed:
                if isinstance(event, Announced):
                    self._announce(event)

    def dropped(self, group: GroupId) -> None:
        if group.kind == "channel":
            channel.dropped(self, group)
        elif group.kind == "conversation":
            self.conversations.dropped(group)
        elif group.kind == "session":
            self.sessions.check(group.name)
        elif group.kind == "nick":
            nick_ownership.check(self, group)

    def answered(self, group: GroupId, token: object, outcome: Any, stamp: EventId | None) -> None:
        failure: Unsupported | Halted | None = None
        if isinstance(outcome, Unsupported | Halted):
            failure, outcome = outcome, FAILED
        if isinstance(token, Token):
            call = token.call
            call.stamp, call.failure = stamp, failure
            if group.kind not in HEARD and outcome is not FAILED:
                self.traffic.committed(group.kind, self.engine.now - call.since)
            token(outcome)
        elif callable(token):
            token(outcome)

    def flush(self) -> None:
        self.turns.begin()
        if self.dirty:
            self.forwarding.flush()
            self.sessions.cursors.written(self.dirty, self.told)
        self.told.clear()

    def viewed(self, group: GroupId, view: Any) -> None:
        monitor.viewed(self, group, view)

    def asked(self, node: Incarnation, body: Any) -> Any:
        if isinstance(body, asks.ExpelAsk):
            return asks.Expelled(expel_all(self, body.life))
        if isinstance(body, asks.LettingGoAsk):
            return claim.answer(self, body)
        if isinstance(body, asks.SeatsAsk):
            return resume.answer(self, body)
        if isinstance(body, asks.CameAsk):
            return self.sessions.arrivals.answer(body)
        if isinstance(body, asks.OwnedAsk):
            nick_protection.warn(self, body.uid)
            return None
        if isinstance(body, asks.ReclaimedAsk):
            self.reclaim.hear(body)
            return None
        if isinstance(body, OperatorAsk):
            return operator_answers.answer(self, body)
        if isinstance(body, asks.LookAsk):
            return asks.Looked(self.look(body.incarnation, body.after))
        return answer(self, body)

    def read_ask(self, raw: msgspec.Raw) -> Any:
        return asks.read_ask(raw)

    def read_reply(self, raw: msgspec.Raw) -> Any:
        return asks.read_reply(raw)
