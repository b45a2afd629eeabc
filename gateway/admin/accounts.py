"""Operators' actions on accounts, possible on any node. No I/O.

Only `credentials` sees a password; all other procedures get the password's hash.
"""

from __future__ import annotations

from typing import Any

from gateway.accounts.credentials import Credentials, flaw
from gateway.admin.procedures import AskAll, Problem, Procedure
from gateway.edge.accounts.holdings import drop as drop_all
from gateway.edge.accounts.missing_nodes import with_absent
from gateway.edge.accounts.nick_protection import owned
from gateway.edge.accounts.preferences import Value
from gateway.edge.accounts.verify import look_up
from gateway.edge.client.registration import new_uid
from gateway.edge.ports import EdgePort
from gateway.edge.procedures import Ask, Do, Submit
from gateway.edge.rpc.operator_asks import ChosenAsk
from gateway.irc.names import is_valid_nick
from gateway.state.account.messages import (
    Accepted,
    Denied,
    Info,
    InfoView,
    LoggedIn,
    LoginView,
    Register,
    SetCredentials,
    SetSettings,
)
from ring.replication.application import FAILED

NONE = "accounts.enabled is false in its file: this network has no accounts"
SILENT = "the nodes that keep accounts do not answer: see `circlet status`, and try again in a minute"
UNKNOWN = "no answer came in time: the change may or may not be made; `circlet account list` shows the accounts"


def one(edge: EdgePort, name: str) -> Procedure[InfoView]:
    """Look up the account; changes nothing."""
    view = yield from _found(edge, name)
    info = yield Ask(edge.account(view.name), Info())
    if not isinstance(info, InfoView):
        raise _silent(edge)
    if not info.name:
        raise _absent(name)
    return info


def credentials(edge: EdgePort, password: str) -> Procedure[Credentials]:
    """Hash a password, off the loop."""
    if why := flaw(password):
        raise Problem("invalid", f"{why[0].lower()}{why[1:]}")
    least = edge.settings.accounts.password_min
    if len(password.encode()) < least:
        raise Problem("invalid", f"the password is too short: give {least} bytes or more")
    made = yield Do(lambda done: edge.outside.make_credentials(password, done))
    if not isinstance(made, Credentials):
        raise Problem("unanswered", "the node has too much to do to hash a password now: try again")
    return made


def add(edge: EdgePort, name: str, made: Credentials) -> Procedure[str]:
    """Register an account; return what was done, in words."""
    _need_accounts(edge)
    if why := edge.settings.reservation(name):
        raise Problem("invalid", f"{name} is no name for an account: {why[0].lower()}{why[1:]}")
    if not is_valid_nick(name, edge.settings.limits.nick_len):
        raise Problem("invalid", f"{name[:64]!r} is no name for an account: it has to be a nick of IRC")
    view = yield from _look_up(edge, name)
    if view.name:
        yield from _confirm(edge, view.name, view.life)
        raise Problem("refused", _exists(edge, name, view.name))
    outcome = yield from _submit(edge, name, Register(new_uid(edge), name, made, view.life))
    if isinstance(outcome, Denied):
        raise Problem("refused", f"there is an account {name} already")
    edge.network.note("account_registered", client=0, account=name)
    owned(edge, name)
    return f"account {name} is there"


def set_password(edge: EdgePort, name: str, made: Credentials) -> Procedure[str]:
    view = yield from _found(edge, name)
    outcome = yield from _submit(edge, view.name, SetCredentials(view.life, made))
    _accepted(outcome, view.name)
    return f"account {view.name} has another password; clients that are logged in stay logged in"


def choose(edge: EdgePort, name: str, changes: dict[str, Value]) -> Procedure[str]:
    """Change the account's settings, in force at once on the session's node. changes: fields of
    account.snapshot.Settings; None for the network's default.
    """
    view = yield from _found(edge, name)
    outcome = yield from _submit(edge, view.name, SetSettings(view.life, changes))
    _accepted(outcome, view.name)
    yield AskAll(ChosenAsk(edge.settings.casemap(view.name)))
    return f"account {view.name} has other settings"


def drop(edge: EdgePort, name: str) -> Procedure[str]:
    """Drop the account with all that belongs to it."""
    view = yield from _found(edge, name)
    outcome = yield from drop_all(edge, view.name, view.life)
    if outcome is FAILED:
        raise _unknown(edge)
    _accepted(outcome, view.name)
    return f"account {view.name} is dropped, with its nicks, certificates, session and private conversations"


# Parts ----------------------------------------------------------------------------------------------------------------


def _need_accounts(edge: EdgePort) -> None:
    if not edge.settings.accounts.enabled:
        raise Problem("refused", NONE)


def _look_up(edge: EdgePort, name: str) -> Procedure[LoginView]:
    view = yield from look_up(edge, name)
    if not isinstance(view, LoginView):
        raise _silent(edge)
    return view


def _found(edge: EdgePort, name: str) -> Procedure[LoginView]:
    """Find the account by the account's own name. A nick of the account is refused: changes need the account's name."""
    _need_accounts(edge)
    view = yield from _look_up(edge, name)
    if not view.name:
        if is_valid_nick(name, edge.settings.limits.nick_len):
            yield from _confirm(edge, name, "")
        raise _absent(name)
    if edge.settings.casemap(view.name) != edge.settings.casemap(name):
        raise Problem("refused", f"{name} is a nick of the account {view.name}: name that")
    return view


def _confirm(edge: EdgePort, name: str, life: str) -> Procedure[None]:
    """Ask the account's group again, because the first answer may come from an old replica while the nodes with newer
    replicas are away (P37). Raises Problem if the two answers differ.

    life: the account's life in the first answer; "" if there was no account.
    """
    outcome = yield Do(lambda done: edge.network.submit(edge.account(name), LoggedIn(life), done))
    if outcome is FAILED or isinstance(outcome, Denied) == bool(life):
        raise _silent(edge)


def _submit(edge: EdgePort, name: str, command: Any) -> Procedure[Any]:
    try:
        outcome = yield Submit(edge.account(name), command)
    except Problem as problem:
        raise _unknown(edge) from problem
    return outcome


def _accepted(outcome: Any, name: str) -> None:
    if not isinstance(outcome, Accepted):
        raise Problem("refused", f"account {name} has changed meanwhile: try again")


def _exists(edge: EdgePort, name: str, owner: str) -> str:
    same = edge.settings.casemap(name) == edge.settings.casemap(owner)
    return f"there is an account {owner} already" if same else f"{name} is a nick of the account {owner}"


def _absent(name: str) -> Problem:
    return Problem("unknown", f"there is no account {name[:64]}")


def _silent(edge: EdgePort) -> Problem:
    return Problem("unanswered", with_absent(edge, SILENT))


def _unknown(edge: EdgePort) -> Problem:
    return Problem("unanswered", with_absent(edge, UNKNOWN))
