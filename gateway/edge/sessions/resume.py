"""A guest whose node has died is the same user again, if the guest shows the same TLS certificate (P29).

Somebody with an account has a session for that. A guest has none, so the certificate speaks for the guest: at the claim
of the old nick the guest takes the old user's id, and with the id the seats and ranks in channels. Others read nothing,
neither a QUIT nor a JOIN.

The facts of a user travel to all nodes. So they hold no fingerprint, but a digest of the fingerprint under the user's
own id. Only people with the certificate can tell the certificate's user, and nobody can compare two users.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from gateway.edge.rpc.asks import LettingGoAsk, Seats, SeatsAsk
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
"""The seats are asked for once more: a channel whose master has died, too, may have had no master the first time."""

MOVED: Final = "You are connected again, with the same certificate"


def mark(uid: str, connection: Connection) -> str:
    """What a guest's facts say of the guest's certificate; "" without one, and for somebody who is logged in."""
    if connection.login is not None or not connection.certificate:
        return ""
    return blake2b(connection.certificate.encode(), key=uid.encode(), digest_size=16).hexdigest()


def find(edge: EdgePort, connection: Connection, nick: str, then: Callable[[Person | None], None]) -> None:
    """then(the user that the guest was on a node that has died since; None: the guest is somebody new).

    Asks the nick's group, and the holder's node where nobody has found that node dead yet: at most settle_max_s.
    """
    engine, home, until = edge.engine, edge.nick(nick), edge.now + edge.engine.settings.settle_max_s
    if connection.login is not None or not connection.certificate or engine.level < SeatsAsk.SINCE:
        then(None)
        return

    def known(view: NickView | None) -> None:
        holder = view.holder if view is not None else None
        if holder is None or holder.account is not None or holder.certificate != mark(holder.uid, connection):
            then(None)
        else:
            look(holder)

    def look(holder: Person) -> None:
        if not edge.lives(holder.edge):
            then(holder)
        elif holder.edge == engine.me or edge.now >= until:
            then(None)
        else:  # a node that is about to be found dead does not answer
            ask = LettingGoAsk(holder.uid, home.name)
            engine.ask_node(holder.node, ask, lambda reply: look(holder) if reply is None else then(None))

    engine.ask(home, Who(), known)


def take_seats(edge: EdgePort, user: User) -> None:
    """The channels in which the user has a seat yet have the user here from now on."""
    _ask_for_seats(edge, user)
    edge.later(AGAIN_S, lambda: _ask_for_seats(edge, user))


def _ask_for_seats(edge: EdgePort, user: User) -> None:
    ask = SeatsAsk(user.uid)
    _sit(edge, user, answer(edge, ask))
    for key in edge.engine.peers.others():
        edge.engine.ask_node(key, ask, lambda reply: _sit(edge, user, reply))


def answer(edge: EdgePort, ask: SeatsAsk) -> Seats:
    """The channels known here in which the user has a seat."""
    channels: dict[GroupId, object] = {group: state for group, state, _ in edge.engine.mastered("channel")}
    channels |= {group: edge.engine.state(group) for group in edge.rooms}
    seated = (g.name for g, state in channels.items() if isinstance(state, Channel) and ask.uid in state.members)
    return Seats(tuple(seated))


def _sit(edge: EdgePort, user: User, seats: Seats | None) -> None:
    """A channel that has put the user out meanwhile takes no notice."""
    for name in seats.channels if seats is not None and not user.quitting else ():
        group = GroupId("channel", name)
        if group not in user.rooms and not user.joining[group]:
            user.unsettled[group] = None
            user.joining[group] += 1
            edge.engine.submit(group, Update(user.person), lambda _, group=group: _seated(user, group))


def _seated(user: User, group: GroupId) -> None:
    user.joining -= Counter([group])


def moved(edge: EdgePort, user: User) -> None:
    """The guest has come back on another node, which took this one for dead: here the user goes, and nobody notices."""
    connections = list(user.connections)
    edge.sessions.let_go(user)
    for connection in connections:
        user.connections.pop(connection, None)
        connection.user = None
        edge.clients.cut(connection, MOVED)
