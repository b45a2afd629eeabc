"""Register an account, by REGISTER or at NickServ, after a check of the caller, the name and the password."""

from __future__ import annotations

from collections.abc import Callable

from gateway.accounts.credentials import Credentials, flaw
from gateway.edge.accounts.login import login
from gateway.edge.accounts.missing_nodes import with_absent
from gateway.edge.accounts.proof import Login
from gateway.edge.accounts.verify import look_up, network_of
from gateway.edge.client.call import Call
from gateway.edge.client.capabilities import registers_early
from gateway.edge.client.registration import new_uid
from gateway.edge.procedures import Ask, Do, Procedure, Submit, run
from gateway.edge.settings import AccountSettings
from gateway.irc.defcon_table import NO_REGISTRATIONS
from gateway.irc.names import is_valid_nick
from gateway.state.account.messages import Accepted, Denied, LoginView, Register
from gateway.state.nick.messages import NickView, Who
from gateway.state.throttle.messages import Take, Wait
from ring.ids import GroupId

LATER = "The nodes that keep accounts do not answer: try again in a minute"
UNKNOWN = "No answer came in time: the account may or may not be registered. Try to log in"

Failure = tuple[str, ...]
"""Code, context and text of a standard reply (IRCv3 account-registration); () for success."""


def register(call: Call, name: str, password: str, done: Callable[[Failure], None]) -> None:
    """Register the account and log in the caller, then call done(()). On failure, call done with the reason."""
    connection, settings = call.connection, call.edge.settings
    early = connection.user is None
    shown, proven = shown_name(name), connection.login
    if not settings.accounts.enabled or settings.accounts.registration == "closed":
        done(("TEMPORARILY_UNAVAILABLE", shown, "Accounts are not registered here; ask an operator"))
    elif call.edge.bans.defcon <= NO_REGISTRATIONS:
        done(("TEMPORARILY_UNAVAILABLE", shown, f"Nothing is registered now (DEFCON {call.edge.bans.defcon})"))
    elif proven is not None:
        done(("ALREADY_AUTHENTICATED", proven.name, f"You are logged in as {proven.name}"))
    elif early and not registers_early(settings):
        done(("COMPLETE_CONNECTION_REQUIRED", "Connect first, then register"))
    elif early and connection.draft.nick is None:
        done(("NEED_NICK", "*", "Send NICK first"))
    elif not early and settings.accounts.registration == "before_connect":
        done(("TEMPORARILY_UNAVAILABLE", shown, "Accounts are registered here only before connecting"))
    elif why := settings.reservation(name):
        done(("BAD_ACCOUNT_NAME", shown, why))
    elif not is_valid_nick(name, settings.limits.nick_len):
        done(("BAD_ACCOUNT_NAME", shown, "An account's name has to be a nick"))
    elif (problem := unfit(settings.accounts, password)) is not None:
        done((problem[0], shown, problem[1]))
    else:
        call.hold()
        connection.queue.pause()
        run(call.edge, _register(call, name, password), lambda failure: _end(call, failure, done))


def shown_name(name: str) -> str:
    """Return the name as an answer repeats it; "*" if the bytes were not UTF-8, as no client asks for U+FFFD."""
    return name[:64] if name and "\ufffd" not in name else "*"


def unfit(settings: AccountSettings, password: str) -> tuple[str, str] | None:
    """Return code and text of the reason why nobody may choose this password, or None."""
    if (problem := flaw(password)) is not None:
        return "UNACCEPTABLE_PASSWORD", problem
    if len(password.encode()) < settings.password_min:
        return "WEAK_PASSWORD", f"A password needs {settings.password_min} bytes or more"
    return None


def _end(call: Call, failure: Failure, done: Callable[[Failure], None]) -> None:
    """Report the result, and carry out the lines of the client which have waited for the result."""
    connection = call.connection
    connection.queue.unpause()
    if connection.closed is None:
        done(failure)
    call.release()
    call.edge.clients.resume(connection)


def _register(call: Call, name: str, password: str) -> Procedure[Failure]:
    """Look the name up, create the account, and log in the caller."""
    edge, connection = call.edge, call.connection
    view: LoginView | None = yield from look_up(edge, name)
    if view is None:
        return "TEMPORARILY_UNAVAILABLE", name, with_absent(edge, LATER)
    if view.name:
        return "ACCOUNT_EXISTS", name, "An account with this name or nick exists already"
    held: NickView | None = yield Ask(edge.nick(name), Who())
    user, holder = connection.user, held.holder if held is not None else None
    if holder is not None and (user is None or holder.uid != user.uid):  # nobody registers another's nick
        return "BAD_ACCOUNT_NAME", name, f"Somebody else has the nick {holder.nick} now"
    throttled = yield Submit(GroupId("guard", f"register:{network_of(connection.address)}"), Take())
    if isinstance(throttled, Wait) and throttled.seconds > 0:
        wait_s = round(throttled.seconds) + 1
        text = f"Too many accounts were registered from your address: try again in {wait_s} seconds"
        return "TEMPORARILY_UNAVAILABLE", name, text
    credentials: Credentials | None = yield Do(lambda done: edge.outside.make_credentials(password, done))
    if credentials is None:
        return "TEMPORARILY_UNAVAILABLE", name, "The password cannot be stored now: try again later"
    life = new_uid(edge)
    outcome = yield Submit(edge.account(name), Register(life, name, credentials, view.life))
    if isinstance(outcome, Denied):
        return "ACCOUNT_EXISTS", name, "That account exists"
    if not isinstance(outcome, Accepted):
        return "TEMPORARILY_UNAVAILABLE", name, with_absent(edge, UNKNOWN)
    if connection.closed is None:
        edge.network.note("account_registered", client=connection.number, account=name)
        edge.oversight.tell("r", f"Account {name} registered from {connection.address}")
        yield Do(lambda done: login(call, Login(name, life), done))
    return ()
