"""A user leaves the network: what it said before is settled first, then its channels and its nick let it go (P28)."""

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
"""What the reasons of those who go by their own will begin with."""


def _nothing() -> None:
    """Nobody waits."""


def bow_out(edge: EdgePort, connection: Connection, reason: str, done: Callable[[], None] = _nothing) -> None:
    """The client goes by its own will. The client reads ERROR, and is closed, once all changes by the QUIT are
    settled: the QUIT lines, the lines of MONITOR, the free nick (P33). Settling takes settle_max_s at most."""

    def left() -> None:
        edge.clients.cut(connection, reason)
        done()

    edge.later(edge.engine.settings.settle_max_s, lambda: edge.clients.cut(connection, reason))
    leave(edge, connection, reason, left)


def leave(edge: EdgePort, connection: Connection, reason: str, done: Callable[[], None] = _nothing) -> None:
    """The connection is closed, or about to be. The user stays while it has others. done(): that is settled."""
    user = connection.user
    if connection.left:
        done()
        return
    connection.left = True
    if connection.remote.tunnel is not None:
        connection.remote.tunnel.close()
    if user is None:
        done()
        return
    if connection in user.connections:  # else its client went before, and is only heard out
        edge.sessions.cursors.left(user, connection)
        user.detach(connection)
    if user.connections:
        done()
    else:
        edge.sessions.once_begun(user, lambda: _left_alone(edge, user, reason, done))


def _left_alone(edge: EdgePort, user: User, reason: str, done: Callable[[], None]) -> None:
    if user.connections or edge.sessions.stays(user, quits=reason.startswith(QUITS)):
        done()
    else:
        depart(edge, user, reason, done=done)


def depart(
    edge: EdgePort, user: User, reason: str, because: GroupId | None = None, done: Callable[[], None] = _nothing
) -> None:
    """The user goes. because: the group whose event made it go. done(): everybody knows."""
    if user.quitting:
        done()
        return
    user.quitting = True
    edge.sessions.ended(user)
    for connection in list(user.connections):
        user.detach(connection)
    for group in list(user.monitored):
        unwatch(edge, user, group)
    if because is not None:
        # The event that made it leave is acknowledged only after the channels know (P33).
        for group in user.rooms:
            edge.engine.submit(group, Quit(user.uid, reason), None, because)

    run(edge, _depart(edge, user, reason), lambda _: done())


def _depart(edge: EdgePort, user: User, reason: str) -> Procedure[None]:
    yield Do(lambda done: edge.direct.when_sent(user, lambda: done(None)))
    yield Settle(list(user.unsettled))
    edge.conversations.leave(user)
    groups = list(user.rooms)
    for group in groups:
        edge.engine.submit(group, Quit(user.uid, reason))
    yield Settle(groups)
    # Only now may another take the nick: nobody sees two of it in a channel.
    yield Submit(user.home, Release(user.uid))
    for room in list(user.heard.values()):
        room.discard(user.uid)
    edge.forget(user)
    yield Settle([user.home])
