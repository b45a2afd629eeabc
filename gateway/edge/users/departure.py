"""Let a user leave the network: settle the user's earlier commands, leave the channels, then free the nick (P28)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.edge.client.connection import Connection
from gateway.edge.ports import EdgePort
from gateway.edge.procedures import Do, Procedure, Settle, Submit, run
from gateway.edge.users.monitor import unwatch
from gateway.state.channel.messages import Quit
from gateway.state.nick.messages import Release
from ring.ids import GroupId

if TYPE_CHECKING:
    from gateway.edge.users.user import User


QUITS = ("Quit: ", "Client quit")
"""Beginnings of the reasons of users who leave by their own will."""


def _nothing() -> None:
    """Do nothing: nobody waits."""


def bow_out(edge: EdgePort, connection: Connection, reason: str, done: Callable[[], None] = _nothing) -> None:
    """Let a client leave by the client's own will. The client reads ERROR, and is closed, once all changes by the QUIT
    are settled: the QUIT lines, the lines of MONITOR, the free nick (P33). Settling takes settle_max_s at most."""

    def left() -> None:
        edge.clients.cut(connection, reason)
        done()

    edge.later(edge.network.settings.settle_max_s, lambda: edge.clients.cut(connection, reason))
    leave(edge, connection, reason, left)


def leave(edge: EdgePort, connection: Connection, reason: str, done: Callable[[], None] = _nothing) -> None:
    """Detach a connection which is closed or about to close. The user stays while other connections are attached.

    done(): all changes are settled.
    """
    user = connection.user
    if connection.socket.left:
        done()
        return
    connection.socket.leave()
    if connection.remote.forwarder is not None:
        connection.remote.forwarder.close()
    if user is None:
        done()
        return
    if connection in user.connections:  # else the client left before, and only its last lines were awaited
        edge.sessions.cursors.left(user, connection)
        user.detach(connection)
    if user.connections:
        edge.sessions.mind_absence(user)
        done()
    else:
        edge.sessions.once_begun(user, lambda: _left_alone(edge, user, reason, done))


def _left_alone(edge: EdgePort, user: User, reason: str, done: Callable[[], None]) -> None:
    if user.connections or edge.sessions.stays(user, quits=reason.startswith(QUITS)):
        done()
    else:
        depart(edge, user, reason, done=done)


def kill(edge: EdgePort, user: User, reason: str, because: GroupId) -> None:
    """Carry out an operator's KILL, acknowledged once the channels know (P33)."""
    connections = list(user.connections)
    depart(edge, user, reason, because)
    for connection in connections:
        edge.clients.cut(connection, reason)


def depart(
    edge: EdgePort, user: User, reason: str, because: GroupId | None = None, done: Callable[[], None] = _nothing
) -> None:
    """Let the user leave the network. because: the group whose event removes the user. done(): everybody knows."""
    if user.quitting:
        done()
        return
    user.quitting = True
    edge.oversight.tell("c", f"Client exiting: {user.person.source} ({reason})")
    edge.sessions.ended(user)
    for connection in list(user.connections):
        user.detach(connection)
    for group in list(user.monitoring.nicks):
        unwatch(edge, user, group)
    if because is not None:
        # The event which removes the user is acknowledged only after the channels know (P33).
        for group in user.seats.channels:
            edge.network.submit(group, Quit(user.uid, reason), None, because)

    run(edge, _depart(edge, user, reason), lambda _: done())


def _depart(edge: EdgePort, user: User, reason: str) -> Procedure[None]:
    yield Do(lambda done: edge.direct.when_sent(user, lambda: done(None)))
    yield Settle(list(user.unsettled))
    edge.conversations.leave(user)
    groups = list(user.seats.channels)
    for group in groups:
        edge.network.submit(group, Quit(user.uid, reason))
    yield Settle(groups)
    # Only now may another user take the nick: else a channel would show two users with the nick.
    yield Submit(user.identity.home, Release(user.uid))
    for room in list(user.seats.all.values()):
        room.discard(user.uid)
    forget(edge, user)
    yield Settle([user.identity.home])


def forget(edge: EdgePort, user: User) -> None:
    """Remove a user who is here no longer."""
    edge.nick_owners.remove(user)
    if edge.users.get(user.uid) is user:  # and not another object, which has taken the session up since
        del edge.users[user.uid]
        edge.bans.forget(user.uid)
        edge.people.remove(user.uid)
