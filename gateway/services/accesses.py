"""ChanServ's commands about accesses: FLAGS, and the shorthand of other networks."""

from __future__ import annotations

from typing import Final

from gateway.edge.accounts.proof import Login
from gateway.irc.message import clean
from gateway.services.answering import login_of
from gateway.services.chanserv import (
    CHANSERV,
    NOT_DONE,
    answered,
    find_account,
    is_oper,
    look,
    on_channel,
)
from gateway.services.table import Request
from gateway.state.channel.questions import ChannelView
from gateway.state.channel.registration import FLAGS, Registration
from gateway.state.channel.registration_messages import SetAccess
from ring.ids import GroupId

LEVELS: Final = {"SOP": "AOPRfhiorstv", "AOP": "AOhiortv", "HOP": "AHhirtv", "VOP": "AV"}
"""The flags of each shorthand: protected operators who may change accesses, operators, half-operators, voices."""

SHORT: Final = {"a": "SOP", "o": "AOP", "h": "HOP", "v": "VOP"}
"""Ranks of AMODE -> shorthand."""


def changed(flags: str, change: str) -> str | None:
    """Apply a change such as +Ov-i, or a shorthand such as AOP, to flags; None for a bad change."""
    if change.upper() in LEVELS:
        return LEVELS[change.upper()]
    if change[:1] not in ("+", "-"):
        return None
    found, adding = set(flags), True
    for letter in change:
        if letter in "+-":
            adding = letter == "+"
        elif letter == "*":
            found = set(FLAGS) if adding else set()
        elif letter not in FLAGS:
            return None
        else:
            found = found | {letter} if adding else found - {letter}
    return "".join(sorted(found))


def _write(request: Request, channel: GroupId, known: Registration, to: Login, flags: str) -> None:
    login = login_of(request)
    text = f"{to.name} has the flags {flags}." if flags else f"{to.name} has no access any more."
    most = request.call.edge.settings.accounts.channel_accesses_max
    command = SetAccess(login.life, login.name, to.life, to.name, flags, is_oper(request), most)
    request.call.submit(channel, command, answered(request, text))


def _list(request: Request, view: ChannelView, known: Registration, only: str = "") -> None:
    """List the accesses. only: the flags of the listed accesses, "" for all."""
    if "A" not in known.flags(login_of(request).life) and not is_oper(request):
        request.say(NOT_DONE["access"])
        return
    rows = sorted(known.present.values(), key=lambda one: one.name)
    request.say(f"{known.founder.name}: founder of {view.name}")
    request.say(*(f"{one.name}: {one.flags}, by {one.by}" for one in rows if only in ("", one.flags)))


@on_channel(
    "FLAGS <channel> [account] [changes]",
    "list the accesses to a channel, or show or change the access of an account",
    "Changes are flags (+Ov-i), all flags (+* and -*), or SOP, AOP, HOP, VOP.",
    "On entering: P protected, O operator, H half-operator, V voice.",
    "By ChanServ: o, h, v give and take the rank; t topic; i invite; r kick and ban; s settings; R recover and clear; "
    "f change accesses; A read the list.",
    words=(1, 3),
    login=True,
)
def flags(request: Request, channel: GroupId) -> None:
    words = request.words

    def found(view: ChannelView, known: Registration) -> None:
        if len(words) == 1:
            _list(request, view, known)
        else:
            find_account(request, words[1], lambda to: account(known, to))

    def account(known: Registration, to: Login) -> None:
        before, own = known.flags(to.life), to.life == login_of(request).life
        if len(words) == 2:
            may = own or "A" in known.flags(login_of(request).life) or is_oper(request)
            request.say(f"{to.name} has the flags {before or 'none'}." if may else NOT_DONE["access"])
            return
        after = changed(before, clean(words[2]))
        if after is None:
            request.say(NOT_DONE["flags"])
        else:
            _write(request, channel, known, to, after)

    look(request, channel, found)


def _shorthand(level: str, about: str) -> None:
    @on_channel(f"{level} <channel> <ADD|DEL|LIST> [account]", about, words=(2, 3), login=True)
    def change(request: Request, channel: GroupId) -> None:
        verb = clean(request.words[1]).upper()
        wanted = {"ADD": LEVELS[level], "DEL": ""}.get(verb)

        def found(view: ChannelView, known: Registration) -> None:
            if wanted is None:
                _list(request, view, known, LEVELS[level])
            else:
                find_account(request, request.words[2], lambda to: give(known, to))

        def give(known: Registration, to: Login) -> None:
            assert wanted is not None
            if not wanted and known.flags(to.life) != LEVELS[level]:
                request.say(f"{to.name} is not in the list.")
            else:
                _write(request, channel, known, to, wanted)

        if (wanted is None and verb != "LIST") or (wanted is not None) != (len(request.words) == 3):
            request.say(f"Syntax: {CHANSERV.commands[level].syntax}")
        else:
            look(request, channel, found)


_shorthand("SOP", "accounts that are protected operators and change accesses")
_shorthand("AOP", "accounts that are operators")
_shorthand("HOP", "accounts that are half-operators")
_shorthand("VOP", "accounts with voice")


@on_channel(
    "AMODE <channel> [<+|-><a|o|h|v> account]",
    "give an account a rank on entering, or take the access; without account: the list",
    words=(1, 3),
    login=True,
)
def amode(request: Request, channel: GroupId) -> None:
    words = request.words
    sign, letter = (clean(words[1])[:1], clean(words[1])[1:]) if len(words) > 1 else ("", "")

    def found(view: ChannelView, known: Registration) -> None:
        if len(words) == 1:
            _list(request, view, known)
        else:
            find_account(request, words[2], lambda to: give(known, to))

    def give(known: Registration, to: Login) -> None:
        _write(request, channel, known, to, LEVELS[SHORT[letter]] if sign == "+" else "")

    if len(words) == 2 or (len(words) == 3 and (sign not in ("+", "-") or letter not in SHORT)):
        request.say(f"Syntax: {CHANSERV.commands['AMODE'].syntax}")
    else:
        look(request, channel, found)
