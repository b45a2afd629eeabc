"""Makes a guest of a dead node the same user again, if the guest shows the same TLS certificate (P29).

A person with an account has a session for this. A guest has none, so the certificate speaks for the guest: at the claim
of the old nick the guest takes the old user's id, and with the id the seats and ranks in channels. Other people read
neither a QUIT nor a JOIN.

The profile of a user travels to all nodes. So the profile holds no fingerprint, but a digest of the fingerprint keyed
with the user's own id. Only people with the certificate can tell the certificate's user, and nobody can compare two
users.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from gateway.edge import slices
from gateway.edge.procedures import Ask, AskNode, Procedure
from gateway.edge.rpc.asks import LettingGoAsk, Seats, SeatsAsk
from gateway.edge.slices import RUN, Slices
from gateway.state.channel.channel import Channel
from gateway.state.channel.messages import Update
from gateway.state.nick.messages import NickView, Who
from gateway.state.people import Person
from ring.ids import GroupId

if TYPE_CHECKING:
    from gateway.edge.client.connection import Connection
    from gateway.edge.ports import EdgePort
    from gateway.edge.users.user import User

AGAIN_S: Final = 3.0
"""Seconds until the seats are asked for again: the channel of a dead master may have had no master at first."""

MOVED: Final = "You are connected again, with the same certificate"


def mark(uid: str, connection: Connection) -> str:
    """Return the digest of a guest's certificate; "" without a certificate, and for a person logged in."""
    if connection.login is not None or not connection.certificate:
        return ""
    return blake2b(connection.certificate.encode(), key=uid.encode(), digest_size=16).hexdigest()


def find(edge: EdgePort, connection: Connection, nick: str) -> Procedure[Person | None]:
    """Look for the former user of a guest, on a dead node. Returns the user, or None: the guest is somebody new.

    Asks the nick's group, and the holder's node where nobody has found the node dead yet: at most settle_max_s.
    """
    network, home, until = edge.network, edge.nick(nick), edge.now + edge.network.settings.settle_max_s
    if connection.login is not None or not connection.certificate or network.level < SeatsAsk.SINCE:
        return None
    view: NickView | None = yield Ask(home, Who())
    holder = view.holder if view is not None else None
    if holder is None or holder.account is not None or holder.certificate != mark(holder.uid, connection):
        return None
    while edge.lives(holder.edge):
        if holder.edge == network.me or edge.now >= until:
            return None
        if (yield AskNode(holder.node, LettingGoAsk(holder.uid, home.name))) is not None:
            return None  # a dead node not yet found dead does not answer
    return holder


def take_seats(edge: EdgePort, user: User) -> None:
    """Tell the channels in which the user still has a seat that the user is here from now on."""
    _ask_for_seats(edge, user)
    edge.later(AGAIN_S, lambda: _ask_for_seats(edge, user))


def _ask_for_seats(edge: EdgePort, user: User) -> None:
    ask = SeatsAsk(user.uid)
    slices.do(edge, _sit_here(edge, user, ask))
    for key in edge.network.others():
        edge.network.ask_node(key, ask, lambda reply: _sit(edge, user, reply))


def _sit_here(edge: EdgePort, user: User, ask: SeatsAsk) -> Slices[None]:
    _sit(edge, user, (yield from answer(edge, ask)))


def answer(edge: EdgePort, ask: SeatsAsk) -> Slices[Seats]:
    """Return the channels known here in which the user has a seat."""
    groups = [*dict.fromkeys([*edge.network.groups(), *edge.rooms])]
    seated: list[str] = []
    for at in range(0, len(groups), RUN):
        if at:
            yield
        states = ((group, edge.network.state(group)) for group in groups[at : at + RUN] if group.kind == "channel")
        seated += [group.name for group, state in states if isinstance(state, Channel) and ask.uid in state.members]
    return Seats(tuple(seated))


def _sit(edge: EdgePort, user: User, seats: Seats | None) -> None:
    """Tell the channels that the user is here. A channel that has put the user out meanwhile takes no notice."""
    for name in seats.channels if seats is not None and not user.quitting else ():
        group = GroupId("channel", name)
        if group not in user.seats.rooms and group not in user.seats.joining:
            user.unsettled[group] = None
            user.seats.begin_joining(group)
            edge.network.submit(group, Update(user.person), lambda _, group=group: user.seats.end_joining(group))


def moved(edge: EdgePort, user: User) -> None:
    """Let the user go without notice: the guest has come back on another node, where this node was taken for dead."""
    connections = list(user.connections)
    edge.sessions.let_go(user)
    for connection in connections:
        user.detach(connection)
        connection.user = None
        edge.clients.cut(connection, MOVED)
