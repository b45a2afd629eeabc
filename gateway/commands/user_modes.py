"""MODE of the caller: user modes, and the notices that an operator wants (snomasks)."""

from __future__ import annotations

from gateway.commands.table import refuse
from gateway.edge.client.call import Call
from gateway.edge.rpc.answers import modes_of
from gateway.edge.users import hosts
from gateway.edge.users.powers import set_modes, set_snomask
from gateway.irc import numerics as n
from gateway.irc.mode_table import USER_TABLE
from gateway.irc.modes import USER_MODES, ModeChange, parse_user_changes, render_changes
from gateway.irc.operator_table import SNOMASKS

SNOMASKS_SINCE = 3
"""The feature level of snomasks."""


def user_mode(call: Call) -> None:
    user, edge = call.user, call.edge
    if edge.nick(call.params[0]) not in (user.identity.home, edge.nick(user.person.nick)):
        call.reply(n.ERR_USERSDONTMATCH, n.TEXT[n.ERR_USERSDONTMATCH])
        return
    if len(call.params) == 1:
        call.after([user.identity.home], lambda: call.reply(n.RPL_UMODEIS, modes_of(user)))
    else:
        call.alone(lambda: _change_own(call))


def _change_own(call: Call) -> None:
    user, snomask = call.user, call.user.identity.snomask
    known = USER_MODES if hosts.is_on(call.edge) else USER_MODES.replace(hosts.MODE, "")
    newer = {mode.letter for mode in USER_TABLE if mode.since > call.edge.network.level}
    known = "".join(letter for letter in known if letter not in newer)
    changes, unknown = parse_user_changes(call.params[1:], known)
    if unknown:
        call.reply(n.ERR_UMODEUNKNOWNFLAG, n.TEXT[n.ERR_UMODEUNKNOWNFLAG])
    held = {*user.identity.pending.modes, *("w" if user.identity.wallops else ""), *("s" if snomask else "")}
    done: list[ModeChange] = []
    for change in changes:
        if change.letter == "s":
            set_snomask(call, _snomask(call, change.adding))
            continue
        # Only OPER sets o, and only a login sets r.
        if (change.letter in held) == change.adding or change.letter == "r" or change[:2] == (True, "o"):
            continue
        if change[:2] == (False, hosts.MODE) and not call.edge.settings.cloaks.optional:
            call.notice("This network always hides addresses: the mode x stays.")
            continue
        held.symmetric_difference_update(change.letter)
        done.append(change)
    letters = user.identity.snomask
    if bool(letters) != bool(snomask):
        held.symmetric_difference_update("s")
        done.append(ModeChange(bool(letters), "s"))
    for shown in render_changes(done, len(done)):
        set_modes(call, held, *shown)
    if letters and any(change.letter == "s" for change in changes):
        call.reply(n.RPL_SNOMASK, f"+{letters}", n.TEXT[n.RPL_SNOMASK])


def _snomask(call: Call, adding: bool) -> str:
    """Return the letters of events after `MODE nick +s [letters]` or `MODE nick -s [letters]`.

    Without letters: all or none. A letter behind a minus is taken away: `+s +kb-c`.
    """
    identity = call.user.identity
    if call.edge.network.level < SNOMASKS_SINCE:
        call.reply(n.ERR_UMODEUNKNOWNFLAG, n.TEXT[n.ERR_UMODEUNKNOWNFLAG])
        return identity.snomask
    if adding and not identity.may("snomasks"):
        refuse(call, "snomasks")
        return identity.snomask
    if len(call.params) < 3:
        return "".join(sorted(SNOMASKS)) if adding else ""
    held = set(identity.snomask)
    for letter in call.params[2]:
        if letter in "+-":
            adding = letter == "+"
        elif letter not in SNOMASKS:
            call.notice(f"There is no snomask {letter}: the letters are {''.join(sorted(SNOMASKS))}.")
        elif adding:
            held.add(letter)
        else:
            held.discard(letter)
    return "".join(sorted(held))
