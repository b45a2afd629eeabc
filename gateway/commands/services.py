"""NICKSERV, CHANSERV, HOSTSERV, and for short NS, CS, HS: commands that speak to a service. Clients hide such lines
from logs."""

from __future__ import annotations

from gateway.commands.table import command
from gateway.edge.client.call import Call
from gateway.irc import numerics as n
from gateway.irc.message import clean
from gateway.services.table import service, tell


def _speak_to(name: str, *words: str) -> None:
    def say(call: Call) -> None:
        called = service(call, name)
        if called is None:
            call.reply(n.ERR_UNKNOWNCOMMAND, clean(call.message.command), n.TEXT[n.ERR_UNKNOWNCOMMAND])
        else:
            call.user.spoke_at = call.edge.now
            tell(called, call, " ".join(call.params))

    for word in words:
        command(word, raw=True)(say)


_speak_to("NickServ", "NICKSERV", "NS")
_speak_to("ChanServ", "CHANSERV", "CS")
_speak_to("HostServ", "HOSTSERV", "HS")
