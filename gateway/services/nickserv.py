"""What is said to NickServ: accounts, for clients that know nothing of them."""

from __future__ import annotations

from gateway.edge.login import logout
from gateway.services.table import Request, Service

NICKSERV = Service("NickServ", "accounts, and the nicks that belong to them.", lambda s: s.accounts.enabled, "NickServ")


@NICKSERV.command("LOGOUT", "you are not logged in any more, with all connections of your session", login=True)
def log_out(request: Request) -> None:
    logout(request.call, lambda: request.say("You are logged out."))
