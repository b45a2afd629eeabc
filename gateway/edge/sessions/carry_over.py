"""Hands a user's facts from one node of the session to the next, so that clients do not notice the change of node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.edge.users import monitor
from gateway.state.session.messages import Kept
from ring.ids import GroupId

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort
    from gateway.edge.users.user import User


MINUTE_S: Final = 60
"""Seconds to which the time of the user's last words is rounded down, so that the group is not told every second."""


def kept(user: User) -> Kept:
    invites = {group.name: channel for group, channel in user.seats.invites.items()}
    spoke = int(user.spoke_at // MINUTE_S) * MINUTE_S if user.spoke_at > user.person.signon / 1000 else 0
    return Kept(user.identity.oper, user.identity.wallops, monitor.told(user), invites, spoke)


def give(edge: EdgePort, user: User, has: Kept) -> None:
    """Give the facts kept in the session to a user who has come from another node."""
    user.identity.allow(has.oper, wallops=has.wallops)
    for name, channel in has.invites.items():
        user.seats.invite(GroupId("channel", name), channel)
    user.spoke_at = max(user.spoke_at, has.spoke)
    monitor.carry(edge, user, has.monitored)
