"""Withdraws a user who gives way to another user of the account.

Both sides of a partition may have begun a session of the account, each with a user of its own. When the sides meet, one
of the two goes on (P26), with the clients of both. The other user leaves the channels and frees the nick: otherwise the
user would stand there though nobody is behind the user (P30).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.edge.procedures import Ask, Procedure, Settle, Submit, run
from gateway.state.channel.messages import Quit
from gateway.state.nick.messages import Release
from gateway.state.session.messages import Look, Stored
from ring.ids import GroupId

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort
    from gateway.edge.users.user import User

REASON = "Goes on with the account's session"


def withdraw(edge: EdgePort, user: User) -> None:
    """Withdraw a user whom this node is about to let go, if another user is the account's session."""
    run(edge, _withdraw(edge, user, edge.sessions.group(user.session.account), list(user.seats.channels)))


def _withdraw(edge: EdgePort, user: User, session: GroupId, channels: list[GroupId]) -> Procedure[None]:
    stored = yield Ask(session, Look())
    if not isinstance(stored, Stored) or stored.person is None or stored.person.uid == user.uid:
        return
    for group in channels:
        edge.network.submit(group, Quit(user.uid, REASON))
    yield Settle(channels)
    yield Submit(user.identity.home, Release(user.uid))
