"""AUTHENTICATE, REGISTER and VERIFY: who somebody is.

Source: IRCv3 SASL 3.1 and 3.2; IRCv3 account-registration (draft).
"""

from __future__ import annotations

from typing import Any

from gateway.accounts.credentials import Credentials, flaw
from gateway.commands.table import command
from gateway.edge import sasl
from gateway.edge.call import Call
from gateway.edge.caps import registers_early
from gateway.edge.lines import Line
from gateway.edge.login import Login, login
from gateway.edge.proving import look_up, network_of
from gateway.edge.registration import new_uid
from gateway.groups.account_messages import Accepted, Denied, LoginView, Register
from gateway.groups.guard_messages import Fail, HowLong, Wait
from gateway.groups.nick_messages import NickView, Who
from gateway.irc.message import clean
from gateway.irc.names import is_valid_nick
from ring.ids import GroupId

UNKNOWN = "Nobody answered in time: the account may or may not be registered. Try to log in"


@command("AUTHENTICATE", 1, anytime=True)
def authenticate(call: Call) -> None:
    sasl.authenticate(call)


@command("VERIFY", 2, anytime=True)
def verify(call: Call) -> None:
    """No registration waits to be verified here: this network sends no mail."""
    account, proven = clean(call.params[0])[:64] or "*", call.connection.login
    if proven is not None:
        _fail(call, "VERIFY", "ALREADY_AUTHENTICATED", proven.name, f"You are logged in as {proven.name}")
    elif call.connection.user is None and not registers_early(call.edge.settings):
        _fail(call, "VERIFY", "COMPLETE_CONNECTION_REQUIRED", "Connect first")
    else:
        _fail(call, "VERIFY", "INVALID_CODE", account, "Accounts need no verification here: log in with the password")


@command("REGISTER", 3, anytime=True, raw=True)
def register(call: Call) -> None:
    """REGISTER account|* email|* password. The address is neither needed nor kept."""
    connection, settings = call.connection, call.edge.settings
    name, password = clean(call.params[0]), call.params[2]
    early = connection.user is None
    if name == "*":
        name = connection.nick or "*" if early else call.nick
    shown, proven = name[:64] or "*", connection.login
    if not settings.accounts.enabled or settings.accounts.registration == "closed":
        _refuse(call, "TEMPORARILY_UNAVAILABLE", shown, "Accounts are not registered here; ask an operator")
    elif proven is not None:
        _refuse(call, "ALREADY_AUTHENTICATED", proven.name, f"You are logged in as {proven.name}")
    elif early and not registers_early(settings):
        _refuse(call, "COMPLETE_CONNECTION_REQUIRED", "Connect first, then register")
    elif early and connection.nick is None:
        _refuse(call, "NEED_NICK", "*", "Send NICK first")
    elif not early and settings.accounts.registration == "before_connect":
        _refuse(call, "TEMPORARILY_UNAVAILABLE", shown, "Accounts are registered here only before connecting")
    elif not is_valid_nick(name, settings.limits.nick_len):
        _refuse(call, "BAD_ACCOUNT_NAME", shown, "An account's name has to be a nick")
    elif (problem := flaw(password)) is not None:
        _refuse(call, "UNACCEPTABLE_PASSWORD", shown, problem)
    elif len(password.encode()) < settings.accounts.password_min:
        _refuse(call, "WEAK_PASSWORD", shown, f"A password needs {settings.accounts.password_min} bytes or more")
    else:
        call.hold()
        connection.busy = True
        _Registration(call, name, password).begin()


def _fail(call: Call, verb: str, *params: str) -> None:
    call.send(Line(call.edge.settings.server_name, "FAIL", (verb, *params)))


def _refuse(call: Call, *params: str) -> None:
    _fail(call, "REGISTER", *params)


class _Registration:
    """One REGISTER, from its throttle to REGISTER SUCCESS. The client's further lines wait for it."""

    __slots__ = ("_call", "_name", "_password")

    def __init__(self, call: Call, name: str, password: str) -> None:
        self._call = call
        self._name = name
        self._password = password

    @property
    def _guard(self) -> GroupId:
        return GroupId("guard", f"register:{network_of(self._call.connection.address)}")

    def _end(self, *failure: str) -> None:
        call, connection = self._call, self._call.connection
        connection.busy = False
        if connection.closed is None and failure:
            _refuse(call, *failure)
        call.release()
        call.edge.resume(connection)

    def begin(self) -> None:
        self._call.edge.engine.ask(self._guard, HowLong(), self._allowed)

    def _allowed(self, wait: Wait | None) -> None:
        if wait is not None and wait.seconds > 0:
            text = (
                f"Too many accounts were registered from your address: try again in {round(wait.seconds) + 1} seconds"
            )
            self._end("TEMPORARILY_UNAVAILABLE", self._name, text)
        else:
            self._call.edge.engine.ask(self._call.edge.nick(self._name), Who(), self._held)

    def _held(self, view: NickView | None) -> None:
        """Nobody registers the nick that another goes by."""
        user = self._call.connection.user
        holder = view.holder if view is not None else None
        if holder is not None and (user is None or holder.uid != user.uid):
            self._end("ACCOUNT_EXISTS", self._name, f"{holder.nick} is somebody's nick at the moment")
        else:
            look_up(self._call.edge, self._name, self._known)

    def _known(self, view: LoginView | None) -> None:
        if view is None:
            self._end("TEMPORARILY_UNAVAILABLE", self._name, "Whoever keeps accounts does not answer: try again later")
        elif view.name:
            self._end("ACCOUNT_EXISTS", self._name, "That account, or nick of an account, exists")
        else:
            self._call.edge.engine.submit(self._guard, Fail())
            self._call.edge.make_credentials(self._password, lambda made: self._made(view.life, made))

    def _made(self, over: str, credentials: Credentials | None) -> None:
        edge = self._call.edge
        if credentials is None:
            self._end("TEMPORARILY_UNAVAILABLE", self._name, "Too many want to register at once: try again later")
            return
        life = new_uid(edge)
        command = Register(life, self._name, credentials, over)
        edge.engine.submit(edge.account(self._name), command, lambda outcome: self._answered(life, outcome))

    def _answered(self, life: str, outcome: Any) -> None:
        call = self._call
        if isinstance(outcome, Denied):
            self._end("ACCOUNT_EXISTS", self._name, "That account exists")
        elif not isinstance(outcome, Accepted):
            self._end("TEMPORARILY_UNAVAILABLE", self._name, UNKNOWN)
        elif call.connection.closed is not None:
            self._end()
        else:
            call.edge.engine.note("account_registered", client=call.connection.number, account=self._name)
            login(call, Login(self._name, life), lambda taken: self._done())

    def _done(self) -> None:
        call = self._call
        text = f"Account {self._name} is registered"
        call.send(Line(call.edge.settings.server_name, "REGISTER", ("SUCCESS", self._name, text)))
        self._end()
