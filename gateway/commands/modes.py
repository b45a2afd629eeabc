"""MODE, of channels and of the caller."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from gateway.commands.channels import acting, channel_of, followed, refuse
from gateway.commands.table import command
from gateway.commands.user_modes import user_mode
from gateway.edge.client.call import TOO_OLD, Call
from gateway.edge.users import hosts
from gateway.irc import extbans
from gateway.irc import numerics as n
from gateway.irc.mode_params import CHANNELS, Bounds
from gateway.irc.modes import CHANNEL_MODES, modes_at, parse_changes
from gateway.irc.names import is_channel
from gateway.state.channel.channel import Channel
from gateway.state.channel.messages import ModeChange, ModesDone, SetModes
from gateway.state.channel.questions import ChannelView, Look
from gateway.state.channel.ranks import OPERATORS
from gateway.state.channel.views import REGISTRATION
from gateway.state.people import Refusal
from ring.ids import GroupId

LISTS = {
    "b": (n.RPL_BANLIST, n.RPL_ENDOFBANLIST),
    "e": (n.RPL_EXCEPTLIST, n.RPL_ENDOFEXCEPTLIST),
    "I": (n.RPL_INVEXLIST, n.RPL_ENDOFINVEXLIST),
}

_TIME = re.compile(r"[0-9]{1,6}|([0-9]{1,6}[mhdw])+")
_PART = re.compile(r"([0-9]+)([mhdw]?)")
_MINUTES: Final = {"m": 1, "h": 60, "d": 1440, "w": 10_080}
BAD_TIME: Final = "Write the time in minutes, or as 30m, 2h, 1h30m, 7d or 2w: at most 366 days"


@command("MODE", 1)
def mode(call: Call) -> None:
    if not is_channel(call.params[0]):
        user_mode(call)
        return
    name = call.params[0]
    group = channel_of(call, name)
    if group is None:
        return
    if len(call.params) == 1:
        call.after([group], lambda: _look(call, group, name, "modes"))
        return
    _change(call, group, name, call.params[1:])


@command("SAMODE", 2, capability="force")
def samode(call: Call) -> None:
    """Change modes of a channel, whatever rank the caller has there. The channel is shown the server as the source."""
    name = call.params[0]
    group = channel_of(call, name)
    if group is not None:
        _change(call, group, name, call.params[1:], forced=True)


def _change(call: Call, group: GroupId, name: str, params: Sequence[str], *, forced: bool = False) -> None:
    """Change modes of a channel, and show its lists. params: the mode string and its parameters. forced: by SAMODE."""
    level = call.edge.network.level
    settings = call.edge.settings
    flood = settings.flood
    bounds = Bounds(flood.mode_count_max, flood.mode_seconds_max, flood.mode_minutes_max)
    extended = level >= extbans.LEVEL
    parsed = parse_changes(params, settings.limits, modes_at(level), extended=extended, bounds=bounds)
    for problem in parsed.problems:
        if problem.numeric == n.ERR_UNKNOWNMODE:
            call.reply(problem.numeric, problem.letter, problem.text)
        else:
            call.reply(problem.numeric, name, problem.letter, problem.param or "*", problem.text)
    if parsed.changes:
        changes = tuple(_masked(call, group, _named(call, group, ModeChange(*change))) for change in parsed.changes)
        others = [change.param for change in changes if change.adding and change.letter in CHANNELS and change.param]
        _if_operator(call, others, lambda: _submit(call, group, name, changes, forced=forced))
    for query in parsed.queries:
        call.after([group], lambda letter=query.letter: _look(call, group, name, f"list:{letter}"))  # type: ignore[misc]


def _submit(call: Call, group: GroupId, name: str, changes: tuple[ModeChange, ...], *, forced: bool) -> None:
    user, text = call.user, " ".join(call.params[1:])
    if forced:
        uid, source, account = "", call.edge.settings.network.server_name, None
        call.audit("samode", name, text)
    else:
        uid, source, account = acting(call, group, "mode", text)
    is_oper = forced or user.identity.may("channels")
    command = SetModes(uid, source, changes, is_oper, call.idempotency_key(), account)
    call.submit(group, command, lambda outcome: _done(call, name, outcome))


def _if_operator(call: Call, others: list[str], then: Callable[[], None]) -> None:
    """Go on if the caller is operator of all other channels: nobody sends people to a channel of others (+f, +L)."""
    if not others or call.user.identity.may("channels"):
        then()
        return
    other, user = others[0], call.user

    def answered(view: ChannelView | None) -> None:
        ranks = view.members[0].prefixes if view is not None and view.members else ""
        if any(rank in OPERATORS for rank in ranks):
            _if_operator(call, others[1:], then)
        else:
            call.reply(n.ERR_CHANOPRIVSNEEDED, other, "You're not operator of the other channel")

    call.ask(call.edge.channel(other), Look(user.uid, REGISTRATION), answered)


@command("TBAN", 3)
def tban(call: Call) -> None:
    """Ban for a time: the ban is a mask `~t:minutes:mask`."""
    name, text, mask = call.params[:3]
    group = channel_of(call, name)
    if group is None:
        return
    if call.edge.network.level < extbans.LEVEL:
        call.notice(TOO_OLD)
        return
    minutes = read_minutes(text)
    if not 0 < minutes <= extbans.MOST_MINUTES:
        call.reply(n.ERR_INVALIDMODEPARAM, name, "b", text[:32] or "*", BAD_TIME)
        return
    _change(call, group, name, ("+b", f"~t:{minutes}:{mask}"))


def read_minutes(text: str) -> int:
    """Read a time such as 90, 90m, 1h30m or 2d, in minutes; 0 for a bad time. A number alone counts minutes."""
    if _TIME.fullmatch(text.lower()) is None:
        return 0
    return sum(int(number) * _MINUTES[unit or "m"] for number, unit in _PART.findall(text.lower()))


def _named(call: Call, group: GroupId, change: ModeChange) -> ModeChange:
    """Add the member's uid to the change of a rank, if this node knows the member (P10)."""
    state = call.edge.network.state(group)
    if change.letter not in CHANNEL_MODES.ranks or not isinstance(state, Channel) or change.param is None:
        return change
    casemap, people = call.edge.settings.casemap, call.edge.people
    folded = casemap(change.param)
    uid = next((u for u, m in state.members.items() if casemap(people.newest(m.person).nick) == folded), None)
    return msgspec.structs.replace(change, uid=uid)


def _masked(call: Call, group: GroupId, change: ModeChange) -> ModeChange:
    """Write the mask as people read masks: an operator knows addresses, and the others read cloaks. A mask that was set
    before the cloaks is removed by the cloak, under which people read the mask."""
    edge, param = call.edge, change.param
    if change.letter not in CHANNEL_MODES.lists or param is None or not hosts.is_on(edge):
        return change
    state = edge.network.state(group)
    entries = state.lists[change.letter].entries if isinstance(state, Channel) else {}
    if change.adding or param in entries:
        is_oper = call.user.identity.may("see")
        return msgspec.structs.replace(change, param=hosts.hidden(edge, param)) if change.adding and is_oper else change
    stored = next((mask for mask, (by, _) in entries.items() if hosts.mask(edge, mask, by) == param), None)
    if stored is None and call.user.identity.may("see") and hosts.hidden(edge, param) in entries:
        return msgspec.structs.replace(change, param=hosts.hidden(edge, param))
    return msgspec.structs.replace(change, stored=stored)


def _done(call: Call, name: str, outcome: object) -> None:
    if isinstance(outcome, ModesDone):
        for refusal in outcome.refusals:
            refuse(call, name, refusal)
    elif isinstance(outcome, Refusal):
        refuse(call, name, outcome)
    else:
        call.report(outcome)


def _look(call: Call, group: GroupId, name: str, what: str) -> None:
    user = call.user
    look = Look(user.uid, what, user.identity.may("see"))
    channel = followed(call, group)
    if channel is not None:
        _show(call, name, what, channel.answer(look, 0))
    else:
        call.ask(group, look, lambda view: _show(call, name, what, view))


def _show(call: Call, name: str, what: str, view: ChannelView | None) -> None:
    if view is None:
        call.reply(n.ERR_NOSUCHCHANNEL, name, n.TEXT[n.ERR_NOSUCHCHANNEL])
    elif what == "modes":
        call.reply(n.RPL_CHANNELMODEIS, view.name, "+" + view.modes, *view.params)
        call.reply(n.RPL_CREATIONTIME, view.name, str(view.created // 1000))
    else:
        (row, end), edge = LISTS[what[-1]], call.edge
        for mask, by, at in view.entries:
            if not call.user.identity.may("see"):
                mask, by = hosts.mask(edge, mask, by), hosts.source(edge, by)
            call.reply(row, view.name, mask, by, str(at // 1000))
        call.reply(end, view.name, n.TEXT[end])
