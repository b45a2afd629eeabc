"""The table of commands: who may use each, how many parameters it needs, and what answers when that does not hold."""

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
    oper: bool
    raw: bool
    lists: tuple[int, ...]


COMMANDS: dict[str, Command] = {}


def command(
    name: str,
    params: int = 0,
    *,
    anytime: bool = False,
    oper: bool = False,
    raw: bool = False,
    lists: tuple[int, ...] = (),
) -> Callable[[Handler], Handler]:
    """Register a handler. params: the least it needs (461). anytime: before registration too (451). oper: 481.

    raw: parameters as they were read; otherwise in the form that links and disks can carry (`message.storable`).
    lists: the places of parameters that are comma lists: an empty list counts as no parameter.
    """

    def register(handler: Handler) -> Handler:
        COMMANDS[name] = Command(handler, params, anytime, oper, raw, lists)
        return handler

    return register


_EMPTY = frozenset(("", ",", " "))
"""What an empty list begins with."""


def _leave_out_empty_lists(call: Call, lists: tuple[int, ...]) -> None:
    """What comes after an empty list has no meaning without it, and is left out, too."""
    params = call.message.params
    for place in lists:
        if place < len(params) and params[place][:1] in _EMPTY and not params[place].strip(", "):
            del params[place:]


def dispatch(call: Call) -> None:
    """Answer one line of a client."""
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
    elif found.oper and (user is None or user.oper is None):
        call.reply(n.ERR_NOPRIVILEGES, n.TEXT[n.ERR_NOPRIVILEGES])
    elif len(message.params) < found.params:
        call.reply(n.ERR_NEEDMOREPARAMS, name, n.TEXT[n.ERR_NEEDMOREPARAMS])
    else:
        call.edge.used[name] += 1
        if not found.raw:
            message.params = [param if param.isascii() else storable(param) for param in message.params]
        found.handler(call)


def words(text: str, casemap: Casemap) -> list[str]:
    """The parts of a comma list, in order. A part that is named again, in whatever case, is left out."""
    found: dict[str, str] = {}
    for part in text.split(","):
        if part:
            found.setdefault(casemap(part), part)
    return list(found.values())
