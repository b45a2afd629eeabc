"""JOIN and PART."""

from __future__ import annotations

from itertools import zip_longest

from gateway.commands.table import clean, command, words
from gateway.edge.call import Call
from gateway.groups.channel_messages import Join, Part
from gateway.groups.people import Refusal
from gateway.irc import numerics as n
from gateway.irc.format import truncate_text
from gateway.irc.names import is_channel, is_valid_channel
from ring.ids import GroupId

MAX_CHANNELS = 50
"""At most this many channels of one line are looked at."""


@command("JOIN", 1)
def join(call: Call) -> None:
    if call.params[0] == "0":
        for group in list(call.user.rooms):
            _part(call, group, None)
        return
    keys = call.params[1].split(",") if len(call.params) > 1 else []
    for name, key in zip_longest(words(call.params[0])[:MAX_CHANNELS], keys[:MAX_CHANNELS]):
        if name is not None:
            _join(call, name, key or None)


def _join(call: Call, name: str, key: str | None) -> None:
    edge, user = call.edge, call.user
    limits = edge.settings.limits
    if not is_valid_channel(name, limits.channel_len):
        numeric = n.ERR_BADCHANMASK if is_channel(name) else n.ERR_NOSUCHCHANNEL
        call.reply(numeric, clean(name)[:64], n.TEXT[numeric])
        return
    group = edge.channel(name)
    if group in user.rooms or group in user.joining:
        return
    if len(user.rooms) + len(user.joining) >= limits.chan_limit and user.oper is None:
        call.reply(n.ERR_TOOMANYCHANNELS, name, n.TEXT[n.ERR_TOOMANYCHANNELS])
        return
    user.joining[group] = None

    def done(outcome: object) -> None:
        user.joining.pop(group, None)
        call.report(outcome)

    command = Join(user.person, key and clean(key), call.connection.secure, user.oper is not None, name)
    call.submit(group, command, done)


@command("PART", 1)
def part(call: Call) -> None:
    limit = call.edge.settings.limits.kick_len
    reason = truncate_text(clean(call.params[1]), limit) if len(call.params) > 1 else None
    for name in words(call.params[0])[:MAX_CHANNELS]:
        group = call.edge.channel(name)
        if not is_valid_channel(name, call.edge.settings.limits.channel_len):
            call.reply(n.ERR_NOSUCHCHANNEL, clean(name)[:64], n.TEXT[n.ERR_NOSUCHCHANNEL])
        elif group in call.user.rooms or group in call.user.joining:
            _part(call, group, reason)
        else:
            _ask_first(call, group, name)


def _part(call: Call, group: GroupId, reason: str | None) -> None:
    call.submit(group, Part(call.user.uid, reason))


def _ask_first(call: Call, group: GroupId, name: str) -> None:
    """Not a member: the master tells whether there is such a channel, and keeps its name's case."""

    def done(outcome: object) -> None:
        if isinstance(outcome, Refusal):
            call.reply(outcome.numeric, name, outcome.params[-1])
        else:
            call.report(outcome)

    call.submit(group, Part(call.user.uid), done)
