"""AUTHENTICATE, REGISTER and VERIFY: accounts of clients.

Source: IRCv3 SASL 3.1 and 3.2; IRCv3 account-registration (draft).
"""

from __future__ import annotations

from gateway.commands.table import command
from gateway.edge.accounts import sasl
from gateway.edge.accounts.register import Failure, shown_name
from gateway.edge.accounts.register import register as register_account
from gateway.edge.client.call import Call
from gateway.edge.client.capabilities import registers_early
from gateway.edge.client.lines import Line
from gateway.irc.message import clean


@command("AUTHENTICATE", 1, anytime=True)
def authenticate(call: Call) -> None:
    sasl.authenticate(call)


@command("VERIFY", 2, anytime=True)
def verify(call: Call) -> None:
    """Refuse VERIFY: accounts need no verification here, as this network sends no mail."""
    account, proven = shown_name(clean(call.params[0])), call.connection.login
    if proven is not None:
        _fail(call, "VERIFY", "ALREADY_AUTHENTICATED", proven.name, f"You are logged in as {proven.name}")
    elif call.connection.user is None and not registers_early(call.edge.settings):
        _fail(call, "VERIFY", "COMPLETE_CONNECTION_REQUIRED", "Connect first")
    else:
        _fail(call, "VERIFY", "INVALID_CODE", account, "Accounts need no verification here: log in with the password")


@command("REGISTER", 3, anytime=True, raw=True)
def register(call: Call) -> None:
    """Answer REGISTER account|* email|* password. The email address is neither needed nor kept."""
    name, password = clean(call.params[0]), call.params[2]
    if name == "*":
        name = call.connection.draft.nick or "*" if call.connection.user is None else call.nick

    def answered(failure: Failure) -> None:
        if failure:
            _fail(call, "REGISTER", *failure)
        else:
            text = f"Account {name} is registered"
            call.send(Line(call.edge.settings.network.server_name, "REGISTER", ("SUCCESS", name, text)))

    if len(call.params) > 3:
        text = "Write a colon before a password with spaces"
        _fail(call, "REGISTER", "UNACCEPTABLE_PASSWORD", shown_name(name), text)
    else:
        register_account(call, name, password, answered)


def _fail(call: Call, verb: str, *params: str) -> None:
    call.send(Line(call.edge.settings.network.server_name, "FAIL", (verb, *params)))
