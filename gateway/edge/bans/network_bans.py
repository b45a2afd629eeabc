"""Follows the network's list of bans, and carries out the bans on the clients and people of this node (P55).

Theory of operation. Every node follows the group of the list, and keeps an index of the entries. A node that starts
asks the living nodes for the list before the node's listeners open; entries that only absent nodes hold arrive later,
and are carried out when they arrive. `refuses` is asked when a connection is accepted, `of_connection` once a client
has said name and password. A new entry ends people who are online and fall under the entry: on every node the node's
own clients, and people of always-on sessions. A shun ends nobody: lines of a muted person are dropped.

A node that loses sight of the group keeps the index as it is, and follows the group again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from gateway.edge import slices
from gateway.edge.ban_ports import BansPort
from gateway.edge.bans.index import BanIndex, Facts
from gateway.edge.bans.line_watch import LineWatch
from gateway.edge.bans.masks import written
from gateway.edge.bans.network_counts import NetworkCounts
from gateway.edge.bans.words import banned, told
from gateway.edge.client.lines import Line
from gateway.edge.ports import EdgePort
from gateway.edge.slices import PART, Slices
from gateway.edge.users import departure, hosts
from gateway.irc import numerics as n
from gateway.irc.addresses import read_network
from gateway.state.bans.bans import Bans
from gateway.state.bans.messages import Entry, Follow, Put
from ring.ids import GroupId

if TYPE_CHECKING:
    from gateway.edge.client.connection import Connection
    from gateway.edge.users.user import User

BANS: Final = GroupId("bans", "*")

LEVEL: Final = 3
"""From this feature level on, the network has a list of bans."""

LOOK_S: Final = 2.0
"""Time between two looks whether this node follows the list."""

SWEEP_S: Final = 600.0
"""Time between two sweeps of expired entries from the index."""


class NetworkBans(BansPort):
    def __init__(self, edge: EdgePort) -> None:
        self._edge = edge
        self._index = BanIndex(edge.settings.casemap)
        self._lines = LineWatch(edge, self._punish)
        self._counts = NetworkCounts(edge)
        self._newcomers: list[str] = []  # uids to judge at the next tick
        self._asked = False
        self._look_at = 0.0
        self._sweep_at = 0.0
        self.watches = False
        self.is_ready = False

    # Following ------------------------------------------------------------------------------------------------------

    @property
    def state(self) -> Bans | None:
        found = self._edge.network.state(BANS)
        return found if isinstance(found, Bans) else None

    @property
    def follows(self) -> bool:
        """Tell whether this node follows the list, or the network is too old to have a list."""
        if self._edge.network.level < LEVEL:
            return True
        state = self.state
        return state is not None and self._edge.network.me in state.subscribers

    def follow(self) -> None:
        """Subscribe to the list, unless this node follows the list. Called when the node begins, and now and then."""
        self.is_ready = self.is_ready or self.follows
        if not self.follows and not self._asked:
            self._asked = True
            self._edge.network.submit(BANS, Follow(*self._edge.network.me), self._answered)

    def _answered(self, outcome: Any) -> None:
        self._asked = False
        self.is_ready = self.is_ready or self.follows

    def tick(self, now: float) -> None:
        self._counts.tick(now)
        if self._newcomers:
            self._judge_newcomers()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_S
        self.follow()
        if now >= self._sweep_at:
            self._sweep_at = now + SWEEP_S
            at = self._edge.network.now_ms
            self._index.drop_expired(at)
            self._lines.muted = {uid: shun for uid, shun in self._lines.muted.items() if shun.is_active(at)}
            self._lines.filters.change((), at)
            self._watch()

    # Checks ---------------------------------------------------------------------------------------------------------

    def refuses(self, address: str) -> str:
        """Return why a connection from the address is refused at once; "" if the connection is not refused."""
        entry = self._index.of_address(address, self._edge.network.now_ms)
        return told(entry) if entry is not None else ""

    def meet(self, connection: Connection) -> None:
        """Refuse a new connection by the address. The list may have changed since the shell's port has asked `refuses`,
        and a recording has no questions of the port."""
        why = self.refuses(connection.address) or self._counts.refuses(connection.address)
        if why:
            self._edge.clients.cut(connection, why)
        else:
            self._counts.came(connection.number, connection.address)

    def crowded(self, address: str) -> str:
        """Return why a connection is refused, as the range of the address has too many; "" if not refused."""
        return self._counts.refuses(address)

    def gone(self, connection: Connection) -> None:
        """Count a connection no more."""
        self._counts.gone(connection.number)

    def of_connection(self, connection: Connection) -> Entry | None:
        """Return the ban that a connection falls under, before the connection has a user."""
        if not len(self._index):
            return None
        draft = connection.draft
        facts = self._of_stranger(connection, draft.username or "", draft.real)
        return self._index.find(facts, self._edge.network.now_ms)

    def _of_stranger(self, connection: Connection, user: str, real: str) -> Facts:
        edge, login, address = self._edge, connection.login, connection.address
        account = edge.settings.casemap(login.name) if login is not None else ""
        known = (edge.outside.cloaked(address),) if hosts.is_on(edge) else ()
        return Facts(user, address, known, account, real)

    def enter(self, user: User) -> None:
        """Mute a user who has come, or whose profile has changed, if there is a shun; and judge the user at the next
        tick: the session of a banned account may come from a dead node."""
        if not len(self._index):
            return
        self._newcomers.append(user.uid)
        shun = self._index.shun(self._facts(user), self._edge.network.now_ms)
        if shun is not None:
            self._lines.muted[user.uid] = shun
        elif user.uid in self._lines.muted:
            del self._lines.muted[user.uid]
        self._watch()

    def _judge_newcomers(self) -> None:
        uids, self._newcomers = self._newcomers, []
        for uid in uids:
            user = self._edge.users.get(uid)
            if user is not None and not user.quitting:
                self._judge(user, self._index)

    @property
    def defcon(self) -> int:
        return self._lines.level

    def stops(self, connection: Connection, line: bytes) -> bool:
        return self._lines.stops(connection, line)

    def of_names(self, connection: Connection) -> Entry | None:
        """Return the filter that refuses the nick or the real name of a client that registers."""
        filters, draft, at = self._lines.filters, connection.draft, self._edge.network.now_ms
        for part, text in (("n", draft.nick or ""), ("r", draft.real)) if len(filters) else ():
            entry = filters.find(part, text, at)
            if entry is not None:
                self._lines.tell(connection.source, "registration", entry)
                if entry.action == "ban":
                    self._ban(connection.address, entry)
                if entry.action != "report":
                    return entry
        return None

    def _punish(self, user: User, entry: Entry) -> None:
        """Carry out a filter's action on a user: end the user, and ban the user's address for a time."""
        if entry.action == "ban":
            self._ban(user.person.origin, entry)
        self._end(user, entry)

    def _ban(self, address: str, entry: Entry) -> None:
        network, at = read_network(address), self._edge.network.now_ms
        if network is not None:
            until = at + entry.action_s * 1000 if entry.action_s else 0
            ban = Entry("kline", f"*@{written(network)}", at, "spamfilter", until, entry.reason)
            self._edge.network.submit(BANS, Put(ban, self._edge.settings.bans.entries_max))

    def forget(self, uid: str) -> None:
        """Forget a user who has left."""
        if self._lines.muted.pop(uid, None) is not None:
            self._watch()

    def _watch(self) -> None:
        self.watches = self._lines.is_needed

    # News -----------------------------------------------------------------------------------------------------------

    def changed(self, entries: Iterable[Entry]) -> None:
        """Take over new or changed entries of the list, and carry these out on the people who are here."""
        at, entries = self._edge.network.now_ms, list(entries)
        self._change_watch(entries, at)
        news = [entry for entry in entries if self._index.put(entry)]
        hits = [entry for entry in news if entry.is_active(at)]
        if any(entry.kind == "shun" for entry in news):
            self._judge_shuns()
        if hits:
            slices.do(self._edge, self._carry_out(BanIndex(self._edge.settings.casemap, hits)))

    def _change_watch(self, entries: list[Entry], at: int) -> None:
        """Take over changed filters, and the level of DEFCON."""
        if filters := [entry for entry in entries if entry.kind == "filter"]:
            self._lines.filters.change(filters, at)
        for entry in entries:
            if entry.kind == "defcon":
                self._lines.defcon = entry if entry.is_active(at) and entry.action.isdigit() else None
        self._watch()

    def _judge_shuns(self) -> None:
        at = self._edge.network.now_ms
        self._lines.muted.clear()
        for user in self._edge.users.values():
            entry = self._index.shun(self._facts(user), at)
            if entry is not None:
                self._lines.muted[user.uid] = entry
        self._watch()

    def _carry_out(self, index: BanIndex) -> Slices[None]:
        """End the connections and people here that fall under the entries of an index."""
        edge = self._edge
        for number, user in enumerate(list(edge.users.values()), 1):
            if not user.quitting:
                self._judge(user, index)
            if number % PART == 0:
                yield
        for number, connection in enumerate(list(edge.clients.connections.values()), 1):
            if connection.user is None and connection.closed is None:
                self._judge_stranger(connection, index)
            if number % PART == 0:
                yield

    def _facts(self, user: User, connection: Connection | None = None) -> Facts:
        """Return the facts of a person; with a connection, by the address of this connection alone."""
        person = user.person
        account = self._edge.settings.casemap(person.account) if person.account else ""
        if connection is not None:
            return Facts(person.user, connection.address, (), account, person.real)
        first = user.connection
        address = first.address if first is not None else person.origin
        return Facts(
            person.user, address, (person.host, person.cloak, person.vhost, person.origin), account, person.real
        )

    def _judge(self, user: User, index: BanIndex) -> None:
        at = self._edge.network.now_ms
        entry = index.find(self._facts(user), at)
        if entry is not None:
            self._end(user, entry)
            return
        for connection in user.connections[1:]:
            entry = index.find(self._facts(user, connection), at)
            if entry is not None:
                self._cut(connection, entry)

    def _judge_stranger(self, connection: Connection, index: BanIndex) -> None:
        """Judge a connection without a user: before the registration, or of a client whose session is elsewhere."""
        draft = connection.draft
        user, real = (draft.username or "", draft.real) if connection.remote.forwarder is None else ("", "")
        entry = index.find(self._of_stranger(connection, user, real), self._edge.network.now_ms)
        if entry is not None:
            self._cut(connection, entry)

    def _end(self, user: User, entry: Entry) -> None:
        """End a user with all connections. The entry is acknowledged once the channels know (P33)."""
        connections, reason = list(user.connections), told(entry)
        self._edge.network.note("ban_carried_out", kind=entry.kind, mask=entry.mask, uid=user.uid)
        self._edge.oversight.tell("b", f"{user.person.source} fell under {entry.kind} {entry.mask}")
        for connection in connections:
            self._tell(connection, user.person.nick, entry)
        departure.depart(self._edge, user, reason, BANS)
        for connection in connections:
            self._edge.clients.cut(connection, reason)

    def _cut(self, connection: Connection, entry: Entry) -> None:
        """End a connection; the user stays with other connections."""
        nick = connection.user.person.nick if connection.user is not None else connection.draft.nick or "*"
        self._edge.network.note("ban_carried_out", kind=entry.kind, mask=entry.mask, client=connection.number)
        self._tell(connection, nick, entry)
        self._edge.clients.cut(connection, told(entry))

    def _tell(self, connection: Connection, nick: str, entry: Entry) -> None:
        server = self._edge.settings.network.server_name
        connection.turn_back()
        connection.send(Line(server, n.ERR_YOUREBANNEDCREEP, (nick, banned(entry))).render(0))
