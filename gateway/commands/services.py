"""NICKSERV and NS: commands that speak to NickServ. Clients hide such lines from logs."""

from __future__ import annotations

from gateway.commands.table import command
from gateway.edge.client.call import Call
from gateway.irc import numerics as n
from gateway.irc.message import clean
from gateway.services.table import service, tell


def _pass(call: Call) -> None:
    called = service(call, "NickServ")
    if called is None:
        call.reply(n.ERR_UNKNOWNCOMMAND, clean(call.message.command), n.TEXT[n.ERR_UNKNOWNCOMMAND])
    else:
        call.user.spoke_at = call.edge.now
        tell(called, call, " ".join(call.params))


command("NICKSERV", raw=True)(_pass)
command("NS", raw=True)(_pass)
