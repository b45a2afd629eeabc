"""ChanServ's commands about a whole channel: CLEAR and RECOVER. Both need the flag R of the caller's access.

The master judges each command as a whole (P10), so nobody slips in between the look and the act.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from gateway.irc.message import clean
from gateway.services.answering import login_of
from gateway.services.chanserv import CHANSERV, answered, is_oper, on_channel
from gateway.services.moderating import invite_person
from gateway.services.table import Request
from gateway.state.channel.emptying_messages import Clear, Recover
from gateway.state.channel.registration_messages import Done
from ring.ids import GroupId

WHAT: Final[dict[str, tuple[Literal["users", "bans", "ops"], str]]] = {
    "USERS": ("users", "People put out: {}"),
    "BANS": ("bans", "Bans taken away: {}"),
    "OPS": ("ops", "Operators who lost the rank: {}"),
}
"""Word of the person -> word of the command, and the answer."""


@on_channel(
    "CLEAR <channel> <USERS|BANS|OPS>",
    "put all people without access out, take all bans away, or take the rank of operators without access",
    "Your access needs the flag R.",
    words=(2, 2),
    login=True,
)
def clear(request: Request, channel: GroupId) -> None:
    word, login, me = clean(request.words[1]).upper(), login_of(request), request.call.user.uid
    if word not in WHAT:
        request.say(f"Syntax: {CHANSERV.commands['CLEAR'].syntax}")
        return
    what, text = WHAT[word]
    source, reason = CHANSERV.source(request.call.edge.settings), f"({login.name}) The channel is cleared"
    command = Clear(login.life, what, source, me, reason, is_oper(request))
    request.call.submit(channel, command, answered(request, lambda done: text.format(done.count)))


@on_channel(
    "RECOVER <channel>",
    "become operator of your channel, if the channel has no operator",
    "Your access needs the flag R. The modes i, k and l and the bans that match you are taken away. If you are "
    "outside, you are invited.",
    words=(1, 1),
    login=True,
)
def recover(request: Request, channel: GroupId) -> None:
    me, life = request.call.user.person, login_of(request).life

    def recovered(outcome: Any) -> None:
        answered(request, lambda done: f"{done.name} is recovered.")(outcome)
        if isinstance(outcome, Done) and not outcome.count:
            invite_person(request, channel, me)

    command = Recover(life, CHANSERV.source(request.call.edge.settings), me, is_oper(request))
    request.call.submit(channel, command, recovered)
