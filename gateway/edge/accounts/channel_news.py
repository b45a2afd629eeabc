"""Tell a person at the login which channels the account has lost meanwhile: expired, void after a partition, purged."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from gateway.edge.accounts.proof import Login
from gateway.edge.procedures import Ask, Procedure, Sleep
from gateway.state.account.messages import Login as AskLogin
from gateway.state.account.messages import LoginView, RemoveChannel
from gateway.state.channel.questions import ChannelView, Look
from gateway.state.channel.views import REGISTRATION
from ring.ids import GroupId

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort

SINCE: Final = 3
"""The feature level of the look at an account's channels."""

LISTED_S: Final = 5.0
"""A login waits so long before the look at the account's channels: a registration may be under way."""

MOST_TOLD: Final = 10


def look_at_channels(edge: EdgePort, login: Login, tell: Callable[[str], bool]) -> Procedure[None]:
    """Ask each channel that the account lists whether the account still has the channel. If not, remove the channel
    from the list, and tell the person: the registration may have expired or become void while the person was away.
    tell(text): tells the person; False if the person has gone, and the next login is to tell.
    """
    yield Sleep(LISTED_S)
    view: LoginView | None = yield Ask(edge.account(login.name), AskLogin())
    if view is None or view.life != login.life or edge.network.level < SINCE:
        return
    for number, name in enumerate(view.channels):
        found: ChannelView | None = yield Ask(GroupId("channel", name), Look("", REGISTRATION))
        if found is None or found.doubtful:
            continue
        known = found.registration
        if known is not None and login.life in (known.founder.life, known.successor.life):
            continue
        whose = f"{known.founder.name} has registered it" if known is not None else "nobody has registered it now"
        if number < MOST_TOLD and not tell(f"{found.name} is not a channel of your account any more: {whose}."):
            return
        edge.network.submit(edge.account(login.name), RemoveChannel(login.life, name))
