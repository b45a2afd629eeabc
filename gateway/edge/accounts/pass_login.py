"""Log in by PASS, for clients of bouncers without SASL.

The client sends PASS account:password, PASS account@device:password, or PASS password with USER account@device. Clients
made for ZNC write account/network instead. If the network has a password, PASS is this password and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gateway.accounts.credentials import flaw
from gateway.accounts.steps import Refused, account_of, split_name
from gateway.edge.accounts.login import login
from gateway.edge.accounts.missing_nodes import with_absent
from gateway.edge.accounts.proof import Login
from gateway.edge.accounts.suspending import refusal
from gateway.edge.accounts.verify import prove
from gateway.edge.procedures import Do, Procedure
from gateway.irc import numerics as n
from gateway.irc.names import is_valid_nick

if TYPE_CHECKING:
    from gateway.edge.client.call import Call
    from gateway.edge.client.connection import Connection
    from gateway.edge.settings import EdgeSettings

SILENT = "The nodes that keep accounts do not answer"
LATER = f"{SILENT}: try again in a minute"
WRONG = "There is no such account, or the password is wrong"


class Wish(NamedTuple):
    """A login which a client asks for by PASS. name: account, account@device or account/device."""

    name: str
    password: str


def wish(connection: Connection, settings: EdgeSettings) -> Wish | None:
    """Return the login which the client asks for by PASS, or None."""
    password = connection.draft.password
    if not password or connection.login is not None or not settings.accounts.enabled:
        return None
    name, colon, rest = password.partition(":")
    account, user = settings.casemap(account_of(name)), connection.draft.claimed
    same = account == settings.casemap(account_of(user))
    if user and not (colon and same):
        return Wish(user, password)
    return Wish(name, rest) if colon and is_valid_nick(account, settings.limits.nick_len) else None


def tell_unused(call: Call) -> None:
    """Tell the client that the PASS was not used: the PASS names no account, and the network has no password. The
    client goes on as a guest."""
    connection, accounts = call.connection, call.edge.settings.accounts
    if connection.draft.password is not None and connection.login is None:
        how = ", and yours names no account. To log in, send PASS account:password" if accounts.enabled else ""
        call.notice(f"Your PASS was not used: this network has no password of its own{how}.")


def log_in(call: Call, wanted: Wish) -> Procedure[bool]:
    """Log in the caller. A failed caller is told why and cut, and does not come in as a guest. Returns whether the
    caller is logged in."""
    try:
        account, device = split_name(wanted.name)
    except Refused as why:
        _refuse(call, str(why))
        return False
    problem = flaw(wanted.password)
    if problem is not None:
        _refuse(call, problem)
        return False
    connection, edge, began = call.connection, call.edge, call.edge.now
    connection.proof.verifying = True
    view, known = yield from prove(edge, connection, account, wanted.password)
    connection.proof.verifying = False
    connection.socket.excuse(edge.now - began)
    if connection.closed is not None:
        return False
    if view is None:
        if known:
            edge.network.note("login_failed", client=connection.number)
        _refuse(call, WRONG if known else with_absent(edge, LATER))
        return False
    if suspended := refusal(view):
        _refuse(call, suspended)
        return False
    connection.proof.meet(view)
    proven = Login(view.name, view.life, device or "")
    if not (yield Do(lambda done: login(call, proven, done))) or connection.login is None:
        _refuse(call, with_absent(edge, LATER))
        return False
    edge.network.note("logged_in", client=connection.number, account=connection.login.name)
    return True


def _refuse(call: Call, why: str) -> None:
    call.reply(n.ERR_PASSWDMISMATCH, why)
    call.edge.traffic.cuts["password"] += 1
    call.edge.clients.cut(call.connection, why if why.startswith(SILENT) else "Bad password")
