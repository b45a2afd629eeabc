"""Hands a user's facts from one node of the session to the next, so that clients do not notice the change of node."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from gateway.edge.users import monitor
from gateway.state.session.messages import Kept
from ring.ids import GroupId

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort
    from gateway.edge.users.user import User


CLASSES: Final = 3
"""The feature level of classes of operators."""

MINUTE_S: Final = 60
"""Seconds to which the time of the user's last words is rounded down, so that the group is not told every second."""


def kept(user: User) -> Kept:
    invites = {group.name: channel for group, channel in user.seats.invites.items()}
    spoke = int(user.spoke_at // MINUTE_S) * MINUTE_S if user.spoke_at > user.person.signon / 1000 else 0
    identity = user.identity
    capabilities = tuple(sorted(identity.capabilities)) if identity.oper is not None else Kept().capabilities
    return Kept(identity.oper, identity.wallops, monitor.told(user), invites, spoke, capabilities, identity.snomask)


def give(edge: EdgePort, user: User, has: Kept) -> None:
    """Give the facts kept in the session to a user who has come from another node."""
    capabilities = _capabilities(edge, has)
    user.identity.allow(has.oper, wallops=has.wallops, capabilities=capabilities, snomask=has.snomask)
    if user.identity.snomask:
        edge.oversight.listen(user)
    for name, channel in has.invites.items():
        user.seats.invite(GroupId("channel", name), channel)
    user.spoke_at = max(user.spoke_at, has.spoke)
    monitor.carry(edge, user, has.monitored)


def _capabilities(edge: EdgePort, has: Kept) -> Collection[str]:
    """Return the capabilities of the operator. Below level 3 the session's record has none, so that the class of this
    node's configuration counts, if the operator stands there."""
    settings = edge.settings
    here = next((one for one in settings.operators if one.name == has.oper), None)
    return has.capabilities if here is None or edge.network.level >= CLASSES else settings.capabilities_of(here)
