"""The powers of an operator: the password or certificate that gives the powers, and the user modes for all to see."""

from __future__ import annotations

import msgspec

from gateway.edge.client.call import Call
from gateway.edge.client.lines import Line
from gateway.edge.settings import Operator
from gateway.edge.users import hosts
from gateway.edge.users.profile import change_profile
from gateway.irc import numerics as n
from gateway.irc.masks import match_source
from gateway.state.audit.messages import AUDIT
from gateway.state.people import Author


def is_at_home(call: Call, operator: Operator) -> bool:
    """Whether the caller's address is one from which the operator may come."""
    person, casemap = call.user.person, call.edge.settings.casemap
    known = [f"{person.user}@{host}" for host in (person.origin, person.host, person.cloak) if host]
    return any(match_source(mask, one, casemap) for mask in operator.hosts for one in known)


def shows_certificate(call: Call, operator: Operator) -> bool:
    """Whether the caller's client shows a certificate of the operator; True if the operator needs no certificate."""
    return not operator.certificates or call.connection.certificate in operator.certificates


def grant_unasked(call: Call) -> None:
    """Make the caller an operator if the configuration says so for the client's certificate."""
    if call.user.identity.oper is not None or call.connection.certificate is None:
        return
    for operator in call.edge.settings.operators:
        if operator.automatic and operator.certificates and shows_certificate(call, operator):
            if is_at_home(call, operator):
                grant(call, operator)
            return


def grant(call: Call, operator: Operator) -> None:
    """Make the caller an operator."""
    identity, capabilities = call.user.identity, call.edge.settings.capabilities_of(operator)
    call.edge.network.note("oper_granted", client=call.connection.number, nick=call.nick, operator=operator.name)
    identity.allow(operator.name, wallops=identity.wallops, capabilities=capabilities)
    call.reply(n.RPL_YOUREOPER, n.TEXT[n.RPL_YOUREOPER])
    call.audit("oper", call.user.person.source)
    held = {*identity.pending.modes, *("s" if identity.snomask else "")}  # with changes on the way to the nick's master
    if "o" not in held:
        set_modes(call, held | {"o", "w"}, "+o" if identity.wallops else "+ow")


def set_modes(call: Call, held: set[str], shown: str) -> None:
    """Change the caller's own modes. Other people may see some modes: the caller's profile changes, too."""
    user = call.user
    identity = user.identity
    oper = identity.oper if "o" in held else None
    identity.allow(oper, wallops="w" in held, capabilities=identity.capabilities, snomask=identity.snomask)
    call.edge.sessions.moved(user, call)
    modes = "".join(sorted(held - {"s", "w"}))
    echo = Line(Author(user.person.nick, user.person.account), "MODE", (user.person.nick, shown))
    wanted = hosts.dressed(call.edge, msgspec.structs.replace(identity.pending, modes=modes))
    change_profile(call, wanted, lambda _: call.send_to_all(echo))


def set_snomask(call: Call, letters: str) -> None:
    """Change the events of which the caller, an operator, is told. letters: sorted; "" for none."""
    identity = call.user.identity
    if letters != identity.snomask:
        identity.allow(identity.oper, wallops=identity.wallops, capabilities=identity.capabilities, snomask=letters)
        call.edge.oversight.listen(call.user)
        call.edge.sessions.moved(call.user, call)
        call.after_all([AUDIT], lambda: None)  # notices come from the next command on
