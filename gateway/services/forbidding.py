"""ChanServ's commands for operators of the network: PURGE and FORBID. Each act is kept in the audit (P53)."""

from __future__ import annotations

from typing import Any, Final

from gateway.irc.message import clean
from gateway.services.chanserv import CHANSERV, answered, on_channel
from gateway.services.table import Request
from gateway.state.channel.emptying_messages import Forbid, Purge
from gateway.state.channel.registration_messages import Done
from ring.ids import GroupId

NOT_OPERATOR: Final = "That is for operators of the network who may forbid channels."


def _reason(request: Request) -> str:
    edge = request.call.edge
    return edge.text(" ".join(request.words[1:]), edge.settings.limits.kick_len)


def _act(request: Request, channel: GroupId, command: Purge | Forbid, text: str) -> None:
    """Submit the command of an operator; keep a done act in the audit."""
    name = "purge" if isinstance(command, Purge) else "unforbid" if command.over else "forbid"

    def done(outcome: Any) -> None:
        if isinstance(outcome, Done):
            request.call.audit(name, outcome.name, command.reason)
        answered(request, lambda done: text.format(name=done.name, count=done.count))(outcome)

    request.call.submit(channel, command, done)


@on_channel(
    "PURGE <channel> [reason]",
    "for operators: end the registration of a channel, and put everybody out",
    "The channel may be made and registered again at once. FORBID keeps people away.",
    words=(1, 100),
)
def purge(request: Request, channel: GroupId) -> None:
    if not request.call.user.identity.may("forbid"):
        request.say(NOT_OPERATOR)
        return
    source, reason = CHANSERV.source(request.call.edge.settings), _reason(request)
    _act(request, channel, Purge(source, reason, request.call.account), "{name} is purged; people put out: {count}")


@on_channel(
    "FORBID <channel> <reason|off>",
    "for operators: purge a channel, and let nobody enter or register the channel from now on",
    "off: people may enter and register the channel again. INFO shows who has forbidden a channel, and why.",
    words=(2, 100),
)
def forbid(request: Request, channel: GroupId) -> None:
    identity = request.call.user.identity
    if not identity.may("forbid"):
        request.say(NOT_OPERATOR)
        return
    source, over = CHANSERV.source(request.call.edge.settings), clean(" ".join(request.words[1:])).lower() == "off"
    command = Forbid(source, "" if over else _reason(request), identity.oper or "", request.call.account, over)
    text = "{name} may be entered again." if over else "{name} is forbidden; people put out: {count}"
    _act(request, channel, command, text)
