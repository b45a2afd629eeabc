"""An account is registered, by REGISTER or at NickServ: who may, under which name, with which password."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.accounts.credentials import Credentials, flaw
from gateway.edge.accounts.identity import Login
from gateway.edge.accounts.login import login
from gateway.edge.accounts.missing_nodes import with_absent
from gateway.edge.accounts.verify import look_up, network_of
from gateway.edge.client.call import Call
from gateway.edge.client.capabilities import registers_early
from gateway.edge.client.registration import new_uid
from gateway.edge.settings import AccountSettings
from gateway.irc.names import is_valid_nick
from gateway.state.account.messages import Accepted, Denied, LoginView, Register
from gateway.state.nick.messages import NickView, Who
from gateway.state.throttle.messages import Take, Wait
from ring.ids import GroupId

LATER = "Whoever keeps accounts does not answer: try again later"
UNKNOWN = "Nobody answered in time: the account may or may not be registered. Try to log in"

Failure = tuple[str, ...]
"""Code, context and text, as a standard reply has them (IRCv3 account-registration); () for none."""


def register(call: Call, name: str, password: str, done: Callable[[Failure], None]) -> None:
    """done(why not); done(()) once the account is there, and the caller logged in to it."""
    connection, settings = call.connection, call.edge.settings
    early = connection.user is None
    shown, proven = shown_name(name), connection.login
    if not settings.accounts.enabled or settings.accounts.registration == "closed":
        done(("TEMPORARILY_UNAVAILABLE", shown, "Accounts are not registered here; ask an operator"))
    elif proven is not None:
        done(("ALREADY_AUTHENTICATED", proven.name, f"You are logged in as {proven.name}"))
    elif early and not registers_early(settings):
        done(("COMPLETE_CONNECTION_REQUIRED", "Connect first, then register"))
    elif early and connection.nick is None:
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
        connection.busy = True
        _Registration(call, name, password, done).begin()


def shown_name(name: str) -> str:
    """The name as an answer repeats it; "*" for a name whose bytes were not UTF-8, as nobody has asked for U+FFFD."""
    return name[:64] if name and "\ufffd" not in name else "*"


def unfit(settings: AccountSettings, password: str) -> tuple[str, str] | None:
    """Why nobody may choose this password: code and text."""
    if (problem := flaw(password)) is not None:
        return "UNACCEPTABLE_PASSWORD", problem
    if len(password.encode()) < settings.password_min:
        return "WEAK_PASSWORD", f"A password needs {settings.password_min} bytes or more"
    return None


class _Registration:
    """From the first look to the first login. The client's further lines wait for it."""

    __slots__ = ("_call", "_done", "_name", "_password")

    def __init__(self, call: Call, name: str, password: str, done: Callable[[Failure], None]) -> None:
        self._call = call
        self._name = name
        self._password = password
        self._done = done

    @property
    def _guard(self) -> GroupId:
        return GroupId("guard", f"register:{network_of(self._call.connection.address)}")

    def _end(self, *failure: str) -> None:
        call, connection = self._call, self._call.connection
        connection.busy = False
        if connection.closed is None:
            self._done(failure)
        call.release()
        call.edge.clients.resume(connection)

    def begin(self) -> None:
        look_up(self._call.edge, self._name, self._known)

    def _known(self, view: LoginView | None) -> None:
        if view is None:
            self._end("TEMPORARILY_UNAVAILABLE", self._name, with_absent(self._call.edge, LATER))
        elif view.name:
            self._end("ACCOUNT_EXISTS", self._name, "That account, or nick of an account, exists")
        else:
            edge = self._call.edge
            nick = edge.nick(self._name)
            edge.engine.ask(nick, Who(), edge.clients.mine(lambda held: self._held(view.life, held)))

    def _held(self, over: str, view: NickView | None) -> None:
        """Nobody registers the nick that another goes by."""
        user = self._call.connection.user
        holder = view.holder if view is not None else None
        if holder is not None and (user is None or holder.uid != user.uid):
            self._end("BAD_ACCOUNT_NAME", self._name, f"{holder.nick} is somebody's nick at the moment")
        else:
            edge = self._call.edge
            edge.engine.submit(self._guard, Take(), edge.clients.mine(lambda outcome: self._allowed(over, outcome)))

    def _allowed(self, over: str, outcome: Any) -> None:
        if isinstance(outcome, Wait) and outcome.seconds > 0:
            wait_s = round(outcome.seconds) + 1
            text = f"Too many accounts were registered from your address: try again in {wait_s} seconds"
            self._end("TEMPORARILY_UNAVAILABLE", self._name, text)
        else:
            edge = self._call.edge
            edge.make_credentials(self._password, edge.clients.mine(lambda made: self._made(over, made)))

    def _made(self, over: str, credentials: Credentials | None) -> None:
        edge = self._call.edge
        if credentials is None:
            self._end("TEMPORARILY_UNAVAILABLE", self._name, "The password cannot be stored now: try again later")
            return
        life = new_uid(edge)
        command = Register(life, self._name, credentials, over)
        edge.engine.submit(
            edge.account(self._name), command, edge.clients.mine(lambda outcome: self._answered(life, outcome))
        )

    def _answered(self, life: str, outcome: Any) -> None:
        call = self._call
        if isinstance(outcome, Denied):
            self._end("ACCOUNT_EXISTS", self._name, "That account exists")
        elif not isinstance(outcome, Accepted):
            self._end("TEMPORARILY_UNAVAILABLE", self._name, with_absent(call.edge, UNKNOWN))
        elif call.connection.closed is not None:
            self._end()
        else:
            call.edge.engine.note("account_registered", client=call.connection.number, account=self._name)
            login(call, Login(self._name, life), lambda taken: self._end())
