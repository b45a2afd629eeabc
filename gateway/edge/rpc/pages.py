"""Makes this node's pages of long lists for operators' programs: channels, accounts, people, actions and more.

A list of 100,000 names is not sorted at once: the node looks through the names in slices, one slice a tick, and makes
only the rows of the wanted page. So nobody's talk waits for a list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import nsmallest
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from gateway.edge.rpc.operator_asks import (
    AccountRow,
    ActionRow,
    ChannelRow,
    ClientRow,
    Page,
    PageAsk,
    RoleRow,
    Row,
    SessionRow,
    VhostRow,
)
from gateway.edge.users import hosts
from gateway.state.account.account import Account
from gateway.state.channel.channel import Channel
from gateway.state.channel.views import settings
from ring.ids import GroupId
from ring.replication.application import Later
from ring.replication.state_machine import State

if TYPE_CHECKING:
    from gateway.edge.client.connection import Connection
    from gateway.edge.ports import EdgePort
    from gateway.edge.users.user import User

SLICE = 5_000
"""Names looked at in a turn: two or three milliseconds' work."""

PART = 250
"""Names looked at in one step of a turn."""

PAUSE_S = 0.001
"""Pause between slices: the next slice comes with the next tick."""

MOST = 200
"""A page has at most so many rows."""


class Listing(NamedTuple):
    """items: candidates of the list, in any order. key: gives an item's place in the list, "" if the item cannot be in
    the list. is_listed: tells whether a key is in the list now. row: gives the row of a key; None if the row is
    gone."""

    items: Iterator[Any]
    key: Callable[[Any], str]
    is_listed: Callable[[str], bool]
    row: Callable[[str], Row | None]


def page(edge: EdgePort, ask: PageAsk) -> Page | Later:
    """Make the page for another node, or for a program on this node."""
    lister = LISTERS.get(ask.what)
    if lister is None:
        return Page((), "")
    if ask.of:
        row = lister(edge).row(ask.of)
        return Page((row,) if row is not None else (), "")
    return Reading(edge, lister(edge), ask.after, max(1, min(ask.limit, MOST))).begin()


class Reading:
    """Makes one page: looks through the names in slices."""

    def __init__(self, edge: EdgePort, listing: Listing, after: str, limit: int) -> None:
        self._edge = edge
        self._listing = listing
        self._after = after
        self._limit = limit
        self._found: list[str] = []  # the smallest keys so far, and an extra key beyond the page
        self._later = Later()

    def begin(self) -> Page | Later:
        return self._page() if self._look() else self._wait()

    def _look(self) -> bool:
        """Look through a slice. Returns whether the slice was the last."""
        for _ in range(SLICE // PART):
            part = list(islice(self._listing.items, PART))
            self._take(part)
            if len(part) < PART:
                return True
        return False

    def _take(self, part: list[Any]) -> None:
        """Take the smallest keys. Most keys are too late in the order, and are passed over by the key alone."""
        after, key, is_listed = self._after, self._listing.key, self._listing.is_listed
        full = len(self._found) > self._limit
        last = self._found[-1] if full else ""
        names = [name for item in part if (name := key(item)) > after and not (full and name > last)]
        self._found = nsmallest(self._limit + 1, chain(self._found, filter(is_listed, names)))

    def _page(self) -> Page:
        keys = self._found[: self._limit]
        rows = [row for key in keys if (row := self._listing.row(key)) is not None]
        return Page(tuple(rows), keys[-1] if len(self._found) > self._limit else "")

    def _wait(self) -> Later:
        self._edge.later(PAUSE_S, self._go_on)
        return self._later

    def _go_on(self) -> None:
        """Look through the next slice. A bug here ends this answer alone, as with an answer given at once."""
        try:
            if self._look():
                self._later.answer(self._page())
            else:
                self._wait()
        except Exception as problem:
            self._edge.network.note_bug("asked", problem)
            self._later.answer(None)


# The lists ------------------------------------------------------------------------------------------------------------


def _mastered(
    edge: EdgePort, kind: str, is_listed: Callable[[State], bool], row: Callable[[str], Row | None]
) -> Listing:
    """List the groups of a kind mastered by this node now."""

    def key(group: GroupId) -> str:
        return group.name if group.kind == kind else ""

    def is_there(name: str) -> bool:
        served = edge.network.serves(GroupId(kind, name))
        return served is not None and is_listed(served[0])

    return Listing(iter(edge.network.groups()), key, is_there, row)


def _channels(edge: EdgePort) -> Listing:
    def is_listed(state: State) -> bool:
        return bool(cast(Channel, state).members)

    def row(key: str) -> ChannelRow | None:
        served = edge.network.serves(GroupId("channel", key))
        if served is None or not is_listed(served[0]):
            return None
        channel, term = cast(Channel, served[0]), served[1]
        modes, _ = settings(channel, show_key=False)
        topic = (channel.topic, hosts.source(edge, channel.topic_by), channel.topic_at)
        return ChannelRow(key, channel.name, len(channel.members), modes, *topic, channel.created, term.number)

    return _mastered(edge, "channel", is_listed, row)


def _accounts(edge: EdgePort) -> Listing:
    def is_listed(state: State) -> bool:
        life = cast(Account, state).life
        return life is not None and not life.alias

    def row(key: str) -> AccountRow | None:
        served = edge.network.serves(GroupId("account", key))
        life = cast(Account, served[0]).life if served is not None else None
        if life is None or life.alias:
            return None
        facts = (life.name, life.created, life.seen, tuple(life.nicks), len(life.certificates))
        suspended = life.suspension is not None and life.suspension.holds(edge.network.now_ms)
        return AccountRow(key, *facts, life.settings.always_on, suspended)

    return _mastered(edge, "account", is_listed, row)


def _vhosts(edge: EdgePort) -> Listing:
    def row(key: str) -> VhostRow | None:
        served = edge.network.serves(GroupId("account", key))
        life = cast(Account, served[0]).life if served is not None else None
        if life is None or not life.vhost.wanted:
            return None
        return VhostRow(key, life.name, life.vhost.wanted, life.vhost.active, life.vhost.at)

    def is_listed(state: State) -> bool:
        life = cast(Account, state).life
        return life is not None and bool(life.vhost.wanted)

    return _mastered(edge, "account", is_listed, row)


def _sessions(edge: EdgePort) -> Listing:
    def row(key: str) -> SessionRow | None:
        user = edge.users.get(key)
        return session_row(edge, user) if user is not None and not user.quitting else None

    return Listing(iter(list(edge.users)), str, edge.users.__contains__, row)


def session_row(edge: EdgePort, user: User) -> SessionRow:
    person, clients = user.person, tuple(_client(edge, one) for one in user.connections)
    facts = (person.nick, person.user, person.host, person.account, person.away)
    return SessionRow(
        user.uid, *facts, user.identity.oper, user.session.lasts, person.signon, len(user.seats.rooms), clients
    )


def _client(edge: EdgePort, connection: Connection) -> ClientRow:
    node = connection.remote.speaker.node if connection.remote.speaker is not None else edge.network.me
    return ClientRow(
        connection.number,
        node.key,
        connection.address,
        connection.socket.secure,
        connection.login.device if connection.login is not None else "",
        int(connection.socket.opened),
        max(0, int(edge.now - connection.socket.last_heard)),
    )


def _actions(edge: EdgePort) -> Listing:
    rows: dict[str, ActionRow] = {row.key: row for row in edge.actions.rows}
    return Listing(iter(rows), str, rows.__contains__, rows.get)


def _roles(edge: EdgePort) -> Listing:
    """Give the row of a single channel: nobody asks for the roles of a node in all channels."""

    def row(key: str) -> RoleRow | None:
        found = edge.network.role(GroupId("channel", key))
        return RoleRow(key, *found) if found is not None else None

    return Listing(iter(()), str, bool, row)


def _webhooks(edge: EdgePort) -> Listing:
    rows = edge.outside.webhooks()
    return Listing(iter(rows), str, rows.__contains__, rows.get)


LISTERS: dict[str, Callable[[EdgePort], Listing]] = {
    "accounts": _accounts,
    "channels": _channels,
    "sessions": _sessions,
    "actions": _actions,
    "roles": _roles,
    "webhooks": _webhooks,
    "vhosts": _vhosts,
}
