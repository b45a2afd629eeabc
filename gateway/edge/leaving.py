"""A user leaves the network: what it said before is settled first, then its channels and its nick let it go (P28)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.edge.connection import Connection
from gateway.edge.monitoring import unwatch
from gateway.groups.channel_messages import Quit
from gateway.groups.nick_messages import Release
from ring.ids import GroupId

if TYPE_CHECKING:
    from gateway.edge.edge import Edge
    from gateway.edge.user import User


QUITS = ("Quit: ", "Client quit")
"""What the reasons of those who go by their own will begin with."""


def leave(edge: Edge, connection: Connection, reason: str) -> None:
    """The connection is closed, or about to be. The user stays while it has others."""
    user = connection.user
    if connection.tunnel is not None:
        connection.tunnel.close()
    if user is None:
        return
    if connection in user.connections:  # else its client went before, and is only heard out
        edge.sessions.places.left(user, connection)
        user.detach(connection)
    if not user.connections:
        edge.sessions.once_begun(user, lambda: _left_alone(edge, user, reason))


def _left_alone(edge: Edge, user: User, reason: str) -> None:
    if not user.connections and not edge.sessions.stays(user, quits=reason.startswith(QUITS)):
        depart(edge, user, reason)


def depart(edge: Edge, user: User, reason: str, because: GroupId | None = None) -> None:
    """The user goes. because: the group whose event made it go."""
    if user.quitting:
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
    edge.letters.when_sent(user, lambda: edge.engine.settle(list(user.unsettled), lambda: _quit(edge, user, reason)))


def _quit(edge: Edge, user: User, reason: str) -> None:
    edge.talks.leave(user)
    groups = list(user.rooms)
    for group in groups:
        edge.engine.submit(group, Quit(user.uid, reason))
    edge.engine.settle(groups, lambda: _release(edge, user))


def _release(edge: Edge, user: User) -> None:
    """Only now may another take the nick: nobody sees two of it in a channel."""
    edge.engine.submit(user.home, Release(user.uid), lambda _: _forget(edge, user))


def _forget(edge: Edge, user: User) -> None:
    for room in list(user.heard.values()):
        room.discard(user.uid)
    edge.forget(user)
