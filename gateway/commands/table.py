"""The table of commands: the conditions of each command, and the replies if a condition does not hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gateway.edge.client.call import Call
from gateway.irc import numerics as n
from gateway.irc.casemapping import Casemap
from gateway.irc.message import clean, storable

Handler = Callable[[Call], None]


class Command(NamedTuple):
    handler: Handler
    params: int
    anytime: bool
    capability: str
    raw: bool
    lists: tuple[int, ...]


COMMANDS: dict[str, Command] = {}


def command(
    name: str,
    params: int = 0,
    *,
    anytime: bool = False,
    capability: str = "",
    raw: bool = False,
    lists: tuple[int, ...] = (),
) -> Callable[[Handler], Handler]:
    """Register a handler.

    params: the least number of parameters (461). anytime: allowed before registration, too (451). capability: only
    for operators (481) whose class has this capability (723, gateway/irc/operator_table.py); "": for everybody. raw:
    parameters as received; without raw, in the form for links and disks (`message.storable`). lists: the places of
    comma lists among the parameters. An empty list counts as a missing parameter.
    """

    def register(handler: Handler) -> Handler:
        COMMANDS[name] = Command(handler, params, anytime, capability, raw, lists)
        return handler

    return register


_EMPTY = frozenset(("", ",", " "))
"""Beginnings of an empty list."""


def _leave_out_empty_lists(call: Call, lists: tuple[int, ...]) -> None:
    """Remove empty lists from the parameters. All parameters after an empty list go, too: these mean nothing alone."""
    params = call.message.params
    for place in lists:
        if place < len(params) and params[place][:1] in _EMPTY and not params[place].strip(", "):
            del params[place:]


def refuse(call: Call, capability: str) -> None:
    """Refuse what needs a capability: of a person who is no operator, or whose class does not have the capability."""
    if call.connection.user is None or call.user.identity.oper is None:
        call.reply(n.ERR_NOPRIVILEGES, n.TEXT[n.ERR_NOPRIVILEGES])
    else:
        call.reply(n.ERR_NOPRIVS, capability, n.TEXT[n.ERR_NOPRIVS])


def dispatch(call: Call) -> None:
    """Answer a line of a client."""
    message = call.message
    name = message.command
    found = COMMANDS.get(name)
    if found is not None and found.lists:
        _leave_out_empty_lists(call, found.lists)
    user = call.connection.user
    if user is None and (found is None or not found.anytime):
        call.reply(n.ERR_NOTREGISTERED, n.TEXT[n.ERR_NOTREGISTERED])
    elif found is None:
        call.reply(n.ERR_UNKNOWNCOMMAND, clean(name)[:64], n.TEXT[n.ERR_UNKNOWNCOMMAND])
    elif found.capability and (user is None or not user.identity.may(found.capability)):
        refuse(call, found.capability)
    elif len(message.params) < found.params:
        call.reply(n.ERR_NEEDMOREPARAMS, name, n.TEXT[n.ERR_NEEDMOREPARAMS])
    else:
        call.edge.used[name] += 1
        if not found.raw:
            message.params = [param if param.isascii() else storable(param) for param in message.params]
        found.handler(call)


def words(text: str, casemap: Casemap) -> list[str]:
    """Split a comma list into parts, in order. A repeated part, in any case, is left out."""
    found: dict[str, str] = {}
    for part in text.split(","):
        if part:
            found.setdefault(casemap(part), part)
    return list(found.values())
