"""SILENCE and ACCEPT: whom the caller hears in private.

Source: UnrealIRCd and InspIRCd, SILENCE; charybdis, "Caller ID" (user mode g and ACCEPT).
"""

from __future__ import annotations

from typing import Final

import msgspec

from gateway.commands.table import command, words
from gateway.edge.client.call import TOO_OLD, Call
from gateway.edge.client.lines import Line
from gateway.edge.client.slots import Done
from gateway.edge.sessions.heard import keep_lists
from gateway.edge.users.profile import change_profile
from gateway.irc import numerics as n
from gateway.irc.extbans import complete, is_extended, is_good_mask, read
from gateway.irc.message import is_utf8
from gateway.irc.modes import MASK_BYTES
from gateway.irc.names import is_valid_nick
from gateway.state.account.snapshot import Heard
from gateway.state.people import Person

LEVEL: Final = 3
"""The feature level of the lists."""

BAD_MASK: Final = "Write nick!user@host, ~a:account or ~r:real?name"


@command("SILENCE")
def silence(call: Call) -> None:
    if not call.params or not call.params[0].strip("+-"):
        call.alone(lambda: _list_silence(call))
    elif call.edge.network.level < LEVEL:
        call.notice(TOO_OLD)
    else:
        call.alone(lambda: _silence(call))


def _list_silence(call: Call) -> None:
    for mask in call.user.identity.pending.silence:
        call.reply(n.RPL_SILELIST, mask)
    call.reply(n.RPL_ENDOFSILELIST, n.TEXT[n.RPL_ENDOFSILELIST])


def _silence(call: Call) -> None:
    """Add or remove masks: SILENCE +mask -mask, in one or several words."""
    pending, fold = call.user.identity.pending, call.edge.settings.casemap
    held, most = list(pending.silence), call.edge.settings.clients.silence_max
    done: list[str] = []
    for word in [word for param in call.params for word in param.split(",") if word.strip("+-")]:
        mask = complete(word.lstrip("+-"))
        known = next((one for one in held if fold(one) == fold(mask)), None)
        if word[0] == "-":
            if known is not None:
                held.remove(known)
                done.append(f"-{known}")
        elif not _is_good(mask):
            call.reply(n.ERR_INVALIDMODEPARAM, call.nick, "SILENCE", mask[:64] or "*", BAD_MASK)
        elif known is None and len(held) >= most:
            call.reply(n.ERR_SILELISTFULL, mask, f"{n.TEXT[n.ERR_SILELISTFULL]}: at most {most} masks")
        elif known is None:
            held.append(mask)
            done.append(f"+{mask}")

    def changed(_: object) -> None:
        for one in done:
            call.send_to_all(Line(call.user.person.author, "SILENCE", (one,)))

    _change(call, msgspec.structs.replace(pending, silence=tuple(held)), changed if done else None)


def _is_good(mask: str) -> bool:
    found = read(mask) if is_extended(mask) else None
    if is_extended(mask) and (found is None or found.mutes or found.minutes or found.letter == "c"):
        return False
    return is_utf8(mask) and is_good_mask("b", mask) and len(mask.encode()) <= MASK_BYTES


@command("ACCEPT", 1, lists=(0,))
def accept(call: Call) -> None:
    if call.edge.network.level < LEVEL:
        call.notice(TOO_OLD)
    else:
        call.alone(lambda: _accept(call))


def _accept(call: Call) -> None:
    """Add or remove nicks and accounts: ACCEPT nick,-nick. ACCEPT * lists them."""
    pending, fold = call.user.identity.pending, call.edge.settings.casemap
    held, most = list(pending.accepts), call.edge.settings.clients.accept_max
    for word in words(call.params[0], fold):
        name = word.removeprefix("-")
        known = next((one for one in held if fold(one) == fold(name)), None)
        if word == "*":
            for one in held:
                call.reply(n.RPL_ACCEPTLIST, one)
            call.reply(n.RPL_ENDOFACCEPT, n.TEXT[n.RPL_ENDOFACCEPT])
        elif not is_valid_nick(name, call.edge.settings.limits.nick_len):
            call.reply(n.ERR_NOSUCHNICK, name[:64] or "*", n.TEXT[n.ERR_NOSUCHNICK])
        elif word[0] == "-":
            if known is None:
                call.reply(n.ERR_ACCEPTNOT, name, n.TEXT[n.ERR_ACCEPTNOT])
            else:
                held.remove(known)
        elif known is not None:
            call.reply(n.ERR_ACCEPTEXIST, name, n.TEXT[n.ERR_ACCEPTEXIST])
        elif len(held) >= most:
            call.reply(n.ERR_ACCEPTFULL, f"{n.TEXT[n.ERR_ACCEPTFULL]}: at most {most} names")
        else:
            held.append(name)
    _change(call, msgspec.structs.replace(pending, accepts=tuple(held)))


def _change(call: Call, wanted: Person, changed: Done | None = None) -> None:
    """Change the caller's profile, and then let the caller's account keep the lists. The lists count at once, whether
    or not the account's group answers. Without an answer the next session may begin without the change."""
    identity = call.user.identity
    done = changed if changed is not None else lambda _: None
    if wanted == identity.pending:
        change_profile(call, wanted, done)
        return

    def keep(_: object) -> None:
        keep_lists(call, Heard(identity.pending.silence, identity.pending.accepts), done)

    change_profile(call, wanted, keep)
