"""The table of commands: who may use each, how many parameters it needs, and what answers when that does not hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gateway.edge.call import Call
from gateway.irc import numerics as n
from gateway.irc.message import clean

Handler = Callable[[Call], None]


class Command(NamedTuple):
    handler: Handler
    params: int
    anytime: bool
    oper: bool
    raw: bool


COMMANDS: dict[str, Command] = {}


def command(
    name: str, params: int = 0, *, anytime: bool = False, oper: bool = False, raw: bool = False
) -> Callable[[Handler], Handler]:
    """Register a handler. params: the least it needs (461). anytime: before registration too (451). oper: 481.

    raw: parameters as they came; otherwise bytes that are not UTF-8 are replaced, as what is kept and sent on is text.
    """

    def register(handler: Handler) -> Handler:
        COMMANDS[name] = Command(handler, params, anytime, oper, raw)
        return handler

    return register


def dispatch(call: Call) -> None:
    """Answer one line of a client."""
    name = call.message.command
    found = COMMANDS.get(name)
    user = call.connection.user
    if user is None and (found is None or not found.anytime):
        call.reply(n.ERR_NOTREGISTERED, n.TEXT[n.ERR_NOTREGISTERED])
    elif found is None:
        call.reply(n.ERR_UNKNOWNCOMMAND, clean(name)[:64], n.TEXT[n.ERR_UNKNOWNCOMMAND])
    elif found.oper and (user is None or user.oper is None):
        call.reply(n.ERR_NOPRIVILEGES, n.TEXT[n.ERR_NOPRIVILEGES])
    elif len(call.params) < found.params:
        call.reply(n.ERR_NEEDMOREPARAMS, name, n.TEXT[n.ERR_NEEDMOREPARAMS])
    else:
        call.edge.used[name] += 1
        if not found.raw:
            call.message.params = [param if param.isascii() else clean(param) for param in call.params]
        found.handler(call)


def words(text: str) -> list[str]:
    """The parts of a comma list, each once, in order."""
    return list(dict.fromkeys(part for part in text.split(",") if part))
