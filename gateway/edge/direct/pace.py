"""Limits how many different people a user may write to, or invite, in a minute: the throttle on changing targets.

Senders of unsolicited messages write to everybody they find. A conversation goes on however many lines it has, since
only people to whom the user has not written within the last minute count. Each node counts for its own users, and an
attached connection counts for its session's user. A user who comes from another node begins anew.
Source: charybdis, "target change" (439).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.edge.direct.privacy import RESTAMP_S
from gateway.irc import numerics as n

if TYPE_CHECKING:
    from gateway.edge.client.call import Call
    from gateway.edge.ports import EdgePort
    from gateway.edge.users.user import User
    from ring.ids import GroupId


def may_write(edge: EdgePort, user: User, home: GroupId) -> bool:
    """Tell whether the user may write to the holder of the nick, and count the holder if so. home: the nick's group."""
    flood = edge.settings.flood
    most = flood.targets_per_minute
    if not most:
        return True
    now, privacy = edge.network.now, user.privacy
    if now - privacy.targets.get(home.name, 0.0) < RESTAMP_S or _is_exempt(user, flood.targets_exempt):
        return True
    return privacy.may_write(home.name, most, now)


def _is_exempt(user: User, exempt: str) -> bool:
    if exempt == "accounts" and user.person.account is not None:
        return True
    return exempt != "nobody" and user.identity.oper is not None


def refuse_target(call: Call, target: str) -> None:
    """Say that the caller writes to too many people."""
    most = call.edge.settings.flood.targets_per_minute
    text = f"{n.TEXT[n.ERR_TARGETTOOFAST]}: at most {most} different people in a minute"
    call.reply(n.ERR_TARGETTOOFAST, target, text)
