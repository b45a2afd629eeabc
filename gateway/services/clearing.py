"""ChanServ's commands about a whole channel: CLEAR and RECOVER. Both need the flag R of the caller's access."""

from __future__ import annotations

from typing import Any, Final

from gateway.irc.message import clean
from gateway.services.answering import login_of
from gateway.services.chanserv import CHANSERV, NOT_DONE, is_oper, look, on_channel
from gateway.services.moderating import banned, done, invite_person, matching, set_modes
from gateway.services.table import Request
from gateway.state.channel.messages import Kick, ModeChange
from gateway.state.channel.questions import ChannelView
from gateway.state.channel.ranks import OPERATORS
from gateway.state.channel.registration import RECOVERERS, Registration
from gateway.state.channel.views import EVERYTHING
from gateway.state.people import Person
from ring.ids import GroupId

HAS_OPERATOR: Final = "An operator is in the channel: RECOVER is for a channel without operators."


def may_clear(request: Request, known: Registration) -> bool:
    """Whether the caller's access has the flag R; the person reads a refusal. The master judges each change again."""
    may = is_oper(request) or bool(set(RECOVERERS) & set(known.flags(login_of(request).life)))
    if not may:
        request.say(NOT_DONE["access"])
    return may


@on_channel(
    "CLEAR <channel> <USERS|BANS|OPS>",
    "put all people without access out, take all bans away, or take the rank of operators without access",
    "Your access needs the flag R.",
    words=(2, 2),
    login=True,
)
def clear(request: Request, channel: GroupId) -> None:
    what = clean(request.words[1]).upper()

    def found(view: ChannelView, known: Registration) -> None:
        if not may_clear(request, known):
            return
        if what == "USERS":
            strangers = [one.person for one in view.members if not known.flags(one.person.life)]
            _put_out(request, channel, [one for one in strangers if one.uid != request.call.user.uid])
        elif what == "BANS":
            bans = [ModeChange(False, "b", mask) for mask in banned(view)]
            set_modes(request, channel, bans, f"Bans taken away: {len(bans)}")
        else:
            members = [one for one in view.members if "o" in one.prefixes and "o" not in known.ranks(one.person.life)]
            ops = [ModeChange(False, "o", one.person.nick, one.person.uid) for one in members]
            set_modes(request, channel, ops, f"Operators who lost the rank: {len(ops)}")

    if what not in ("USERS", "BANS", "OPS"):
        request.say(f"Syntax: {CHANSERV.commands['CLEAR'].syntax}")
    else:
        look(request, channel, found, EVERYTHING)


def _put_out(request: Request, channel: GroupId, people: list[Person]) -> None:
    """Kick the people, and answer once the channel has answered every kick."""
    login, source = login_of(request), CHANSERV.source(request.call.edge.settings)
    outcomes: list[Any] = []

    def kicked(outcome: Any) -> None:
        outcomes.append(outcome)
        if len(outcomes) == len(people):
            failed = [one for one in outcomes if one is not None]
            request.say(f"People put out: {len(people) - len(failed)}")
            if failed:
                done(request, "")(failed[0])

    if not people:
        request.say("People put out: 0")
    for one in people:
        reason = f"({login.name}) The channel is cleared"
        command = Kick("", source, one.uid, one.nick, reason, is_oper(request), life=login.life)
        request.call.submit(channel, command, kicked)


@on_channel(
    "RECOVER <channel>",
    "become operator of your channel, if the channel has no operator",
    "Your access needs the flag R. The modes i, k and l and the bans that match you are taken away. If you are "
    "outside, you are invited.",
    words=(1, 1),
    login=True,
)
def recover(request: Request, channel: GroupId) -> None:
    me = request.call.user.person

    def found(view: ChannelView, known: Registration) -> None:
        if not may_clear(request, known):
            return
        if any(rank in OPERATORS for one in view.members for rank in one.prefixes):
            request.say(HAS_OPERATOR)
            return
        changes = [ModeChange(False, letter) for letter in "ikl" if letter in view.modes]
        changes += [ModeChange(False, "b", mask) for mask in matching(request, banned(view), me)]
        is_there = any(one.person.uid == me.uid for one in view.members)
        if is_there:
            changes.append(ModeChange(True, "o", me.nick, me.uid))
        set_modes(request, channel, changes, f"{view.name} is recovered.")
        if not is_there:
            invite_person(request, channel, me)

    look(request, channel, found, EVERYTHING)
