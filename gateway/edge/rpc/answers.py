"""Answers questions of other nodes on behalf of people (rpc/asks.py)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from gateway.edge import slices
from gateway.edge.rpc.asks import Ask, CountAsk, Counts, Detail, DetailAsk, FindAsk, Found, ListAsk, ListReply, Reply
from gateway.edge.rpc.catalogue import Given, page
from gateway.edge.slices import RUN, Slices
from gateway.irc.addresses import is_within, read_network
from gateway.irc.elist import ListFilter
from gateway.irc.masks import compile_mask
from gateway.irc.modes import CHANNEL_MODES
from gateway.state.channel.channel import Channel
from gateway.state.channel.questions import ListRow
from gateway.state.people import Person
from ring.ids import GroupId
from ring.replication.application import Later

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort, NamesPort
    from gateway.edge.users.user import User

ROWS = 20_000
"""A node that is asked for all rows of LIST or WHO at once answers with at most this many."""

HERE = 2**62
"""The term in a row by a replica here: above all terms."""

SIGNS = dict(zip(CHANNEL_MODES.ranks, CHANNEL_MODES.signs, strict=True))


def answer(edge: EdgePort, body: Ask) -> Reply | Later:
    if isinstance(body, ListAsk):
        return slices.answer(edge, _list(edge, body))
    if isinstance(body, DetailAsk):
        return _detail(edge, body)
    if isinstance(body, CountAsk):
        return slices.answer(edge, count(edge))
    return slices.answer(edge, _find(edge, body))


def _list(edge: EdgePort, ask: ListAsk) -> Slices[ListReply]:
    wanted = ListFilter(ask.params, edge.settings.casemap)
    names, find = _part(edge, ask)

    def row(name: str) -> ListRow | None:
        row = find(name)
        if row is None or (row.hidden and name not in ask.channels and not ask.oper):
            return None
        topic_at = row.topic_at / 1000 if row.topic else None
        return row if wanted.matches(row.name, row.users, row.created / 1000, topic_at, edge.now) else None

    return ListReply(*(yield from page(names, ask.after, ask.limit or ROWS, row)))


def _part(edge: EdgePort, ask: ListAsk) -> tuple[NamesPort, Callable[[str], ListRow | None]]:
    """Return the names of the wanted part of the list, and the function that makes the row of a name."""
    if ask.part == "index":
        return edge.index.names, edge.index.row
    if ask.part == "rooms":
        return Given(ask.channels), partial(_row_here, edge)
    return edge.catalogue.channels, partial(_row, edge)


def _row(edge: EdgePort, name: str) -> ListRow | None:
    """Return the row of a channel with members that this node masters."""
    served = edge.network.serves(GroupId("channel", name))
    channel = served[0] if served is not None else None
    return channel.row(served[1].number) if served and isinstance(channel, Channel) and channel.members else None


def _row_here(edge: EdgePort, name: str) -> ListRow | None:
    """Return the row of a channel by the replica here: newer than a row of the index."""
    state = edge.network.state(GroupId("channel", name))
    return state.row(HERE) if isinstance(state, Channel) and state.members else None


def _detail(edge: EdgePort, ask: DetailAsk) -> Detail | None:
    user = edge.users.get(ask.uid)
    if user is None:
        return None
    shown = []
    for group in user.seats.rooms:
        state = edge.network.state(group)
        member = state.members.get(user.uid) if isinstance(state, Channel) else None
        if member is None or not isinstance(state, Channel):
            continue
        secret = "s" in state.modes or "i" in user.person.modes
        if secret and group.name not in ask.channels and not ask.oper and ask.asker != user.uid:
            continue
        shown.append("".join(SIGNS[rank] for rank in member.prefixes) + state.name)
    private = ask.oper or ask.asker == user.uid
    return Detail(
        int(edge.now - user.spoke_at),
        tuple(shown),
        bool(user.connections) and all(connection.socket.secure for connection in user.connections),
        user.identity.oper is not None,
        user.connection.address if private and user.connection is not None else "",
        modes_of(user) if private else "",
        user.person,
    )


def modes_of(user: User) -> str:
    """Return the modes as in 221. r: logged in (Modern IRC Client Protocol, "Registered User Mode")."""
    own = ("w" if user.identity.wallops else "") + ("r" if user.person.account is not None else "")
    own += "s" if user.identity.snomask else ""
    return "+" + "".join(sorted({*user.person.modes, *own}))


def count(edge: EdgePort) -> Slices[Counts]:
    """Count the people and channels of this node."""
    users, invisible, opers, unknown = 0, 0, 0, 0
    for number, user in enumerate(list(edge.users.values()), 1):
        if not user.quitting:
            users += 1
            invisible += "i" in user.person.modes
            opers += user.identity.oper is not None
        if number % RUN == 0:
            yield
    for number, connection in enumerate(list(edge.clients.connections.values()), 1):
        unknown += connection.user is None and connection.remote.forwarder is None
        if number % RUN == 0:
            yield
    channels = yield from edge.census.channels()
    return Counts(users, invisible, opers, unknown, channels, edge.census.most)


def filter_of(edge: EdgePort, mask: str, *, oper: bool = False) -> Callable[[Person], bool]:
    """Return the filter of a WHO: whether one of the person's fields fits the mask, or the host lies in the network.
    oper: the asker may find people by their addresses, too."""
    casemap, server = edge.settings.casemap, edge.settings.network.server_name
    pattern, network = compile_mask(mask or "*", casemap.name), read_network(mask)

    def fits(person: Person) -> bool:
        fields: tuple[str, ...] = (person.nick, person.user, person.host, person.real, server, person.account or "")
        if oper:
            fields = (*fields, person.address, person.cloak)
        within = network is not None and is_within(person.origin if oper else person.host, network)
        return within or any(pattern.fullmatch(casemap(field)) for field in fields)

    return fits


def _find(edge: EdgePort, ask: FindAsk) -> Slices[Found]:
    casemap, fits = edge.settings.casemap, filter_of(edge, ask.mask, oper=ask.oper)
    nick, channels = casemap(ask.mask), frozenset(ask.channels)

    def row(uid: str) -> Person | None:
        user = edge.users.get(uid)
        if user is None or user.quitting or (ask.opers_only and user.identity.oper is None):
            return None
        person = user.person
        hides = "i" in person.modes and not ask.oper and casemap(person.nick) != nick
        if hides and not any(group.name in channels for group in user.seats.rooms):
            return None
        return person if fits(person) else None

    return Found(*(yield from page(edge.catalogue.people, ask.after, ask.limit or ROWS, row)))
