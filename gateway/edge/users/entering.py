"""A user comes to this node. How a user leaves: departure.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.edge.views.nick import show_clashes
from ring.replication.application import EventId

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort
    from gateway.edge.users.user import User


def enter(edge: EdgePort, user: User) -> None:
    """Add a user who is here from now on."""
    edge.users[user.uid] = user
    edge.nick_owners.add(user)
    edge.people.add(user.person)
    edge.bans.enter(user)
    show_clashes(edge, EventId("", int(edge.now * 1000)))
    edge.reclaim.claimed(user.uid, user.person.nick)
