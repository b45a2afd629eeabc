"""AUTHENTICATE: carry out a connection's SASL exchange, from the first line to 903 or a refusal.

Source: IRCv3 SASL 3.1 and 3.2. Nothing blocks: while an account is looked up or a password checked, the client's other
lines are carried out; only the registration of the connection waits.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.accounts.mechanisms import MECHANISMS, start
from gateway.accounts.steps import Challenge, Done, Failed, NeedAccount, NeedCheck, Step
from gateway.edge.accounts.exchange import Exchange
from gateway.edge.accounts.identity import Login
from gateway.edge.accounts.login import login, other
from gateway.edge.accounts.verify import PasswordTrial, credentials_of, look_up, look_up_certificate
from gateway.edge.client.lines import Line
from gateway.edge.client.registration import try_register
from gateway.irc import numerics as n
from gateway.state.account.messages import LoginView

if TYPE_CHECKING:
    from gateway.edge.client.call import Call

CHUNK = 400
"""Most Base64 characters of one line."""

MOST = 10 * CHUNK
"""Most Base64 characters of one answer: twice as many as an answer with a password of 1,000 bytes needs."""

FAILURES = 10
"""So many failed exchanges end a connection which is not registered yet."""

LATER = "SASL authentication failed: try again later"

BUSY = "SASL authentication failed: another password of yours is being checked: wait for the answer"

CHALLENGE_S = 0.25
"""SCRAM's challenge is sent no sooner, so the time of the look-up does not show whether the account exists."""


def authenticate(call: Call) -> None:
    """Handle one AUTHENTICATE line of the client."""
    connection, text = call.connection, call.params[0]
    exchange = connection.proof.sasl
    if text == "*":
        abort(call)
    elif exchange is None:
        _begin(call, text)
    elif exchange.waits:
        call.lead()
        _end(call, n.ERR_SASLFAIL, "SASL authentication failed: an answer was still under way")
    elif len(text) > CHUNK or sum(map(len, exchange.chunks)) + len(text) > MOST:
        _end(call, n.ERR_SASLTOOLONG)
    else:
        exchange.chunks.append("" if text == "+" else text)
        if len(text) < CHUNK:
            _answer(call, exchange)


def abort(call: Call) -> None:
    call.lead()  # 906 does not wait for the answer to the aborted exchange
    _end(call, n.ERR_SASLABORTED)


def _end(call: Call, numeric: str, text: str = "") -> None:
    call.connection.proof.sasl = None
    call.reply(numeric, text or n.TEXT[numeric])
    try_register(call)


def _begin(call: Call, name: str) -> None:
    edge, connection = call.edge, call.connection
    if not edge.settings.accounts.enabled:
        call.reply(n.ERR_SASLFAIL, "SASL is not offered here")
    elif "sasl" not in connection.caps:
        call.reply(n.ERR_SASLFAIL, "SASL authentication failed: CAP REQ :sasl comes first")
    elif connection.login is not None:  # before a password is asked for. Source: IRCv3 SASL 3.1, "907"
        text = n.TEXT[n.ERR_SASLALREADY]
        if connection.user is not None:
            text = f"You are logged in as {connection.login.name}: /msg NickServ LOGOUT comes first"
        call.reply(n.ERR_SASLALREADY, text)
    else:
        mechanism = start(
            name.upper(), fingerprint=connection.certificate, random_bytes=edge.random_bytes, proves=edge.proves
        )
        if mechanism is None:
            call.reply(n.RPL_SASLMECHS, ",".join(MECHANISMS), n.TEXT[n.RPL_SASLMECHS])
            call.reply(n.ERR_SASLFAIL, n.TEXT[n.ERR_SASLFAIL])
        else:
            connection.proof.sasl = Exchange(mechanism)
            _challenge(call, b"")


def _challenge(call: Call, data: bytes) -> None:
    text = b64encode(data).decode()
    chunks = [text[at : at + CHUNK] for at in range(0, len(text), CHUNK)]
    if not chunks or len(chunks[-1]) == CHUNK:
        chunks.append("+")
    for chunk in chunks:
        call.send(Line(None, "AUTHENTICATE", (chunk,)))


def _answer(call: Call, exchange: Exchange) -> None:
    text, exchange.chunks = "".join(exchange.chunks), []
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        _end(call, n.ERR_SASLFAIL, "SASL authentication failed: not base64")
        return
    if call.connection.proof.verifying:  # of an aborted exchange: a client gains no attempt by aborting
        _end(call, n.ERR_SASLFAIL, BUSY)
        return
    call.hold()
    _Turn(call, exchange).go(exchange.mechanism.feed(data))


class _Turn:
    """Handles one answer of the client, up to the next line for the client. The call is held meanwhile.

    The turn goes on if the client aborts or leaves: a wrong attempt counts, even if nobody waits for the result.
    """

    __slots__ = ("_began", "_call", "_exchange")

    def __init__(self, call: Call, exchange: Exchange) -> None:
        self._call = call
        self._exchange = exchange
        self._began = call.edge.now
        exchange.waits = call.connection.proof.verifying = True

    @property
    def _wanted(self) -> bool:
        connection = self._call.connection
        return connection.proof.sasl is self._exchange and connection.closed is None

    def _over(self, then: Callable[[], None]) -> None:
        """End the turn, and tell the client by `then` if the client still waits."""
        connection = self._call.connection
        self._exchange.waits = connection.proof.verifying = False
        connection.opened += self._call.edge.now - self._began  # the client is not to blame for this time
        if self._wanted:
            then()
        self._call.release()

    def go(self, step: Step) -> None:
        trial = self._exchange.trial
        if isinstance(step, Challenge):
            wait_s = trial.began + CHALLENGE_S - self._call.edge.now if trial is not None else 0.0
            self._call.edge.later(wait_s, lambda: self._over(lambda: _challenge(self._call, step.data)))
        elif isinstance(step, NeedAccount):
            self._find(step)
        elif isinstance(step, NeedCheck):
            assert trial is not None
            trial.check(step.credentials, step.password, self._checked)
        elif isinstance(step, Done):
            self._log_in(step)
        elif trial is not None:
            self._call.edge.network.note("login_failed", client=self._call.connection.number)
            trial.failed(lambda: self._fail(step))
        else:
            self._fail(step)

    def _fail(self, step: Failed) -> None:
        def tell() -> None:
            connection = self._call.connection
            connection.proof.failures += 1
            _end(self._call, n.ERR_SASLFAIL, f"{n.TEXT[n.ERR_SASLFAIL]}: {step.reason}")
            if connection.user is None and connection.proof.failures >= FAILURES:
                self._call.edge.traffic.cuts["password"] += 1
                self._call.edge.clients.cut(connection, "Too many SASL authentication failures")

        self._over(tell)

    def _later(self) -> None:
        self._undo()
        self._over(lambda: _end(self._call, n.ERR_SASLFAIL, LATER))

    def _find(self, step: NeedAccount) -> None:
        edge, connection = self._call.edge, self._call.connection
        if step.by_certificate:  # nobody can guess a certificate: no throttle is needed
            assert connection.certificate is not None
            if step.name:
                look_up(edge, step.name, lambda view: self._found(step, view))
            else:
                look_up_certificate(edge, connection.certificate, lambda view: self._found(step, view))
            return
        trial = self._exchange.trial = PasswordTrial(edge, connection, step.name)
        trial.begin(lambda: look_up(edge, step.name, lambda view: self._found(step, view)))

    def _found(self, step: NeedAccount, view: LoginView | None) -> None:
        if view is None:
            self._later()
            return
        self._exchange.view, trial = view, self._exchange.trial
        mechanism = self._exchange.mechanism
        if trial is None:
            listed = self._call.connection.certificate in view.certificates
            self.go(mechanism.account(view.name if listed else None, None))
        else:
            credentials = credentials_of(self._call.edge, step.name, view)
            trial.meets(view, lambda: self.go(mechanism.account(view.name or None, credentials)), self._later)

    def _checked(self, fits: bool | None) -> None:
        if fits is None:
            self._later()
        else:
            self.go(self._exchange.mechanism.checked(fits))

    def _undo(self) -> None:
        if self._exchange.trial is not None:
            self._exchange.trial.undo()

    def _log_in(self, step: Done) -> None:
        self._undo()
        call, connection = self._call, self._call.connection
        view, connection.proof.verifying = self._exchange.view, False
        if not self._wanted:
            call.release()
            return
        if (own := other(connection, view.life)) is not None:
            _end(call, n.ERR_SASLALREADY, f"You are logged in as {own.name}: log out first")
            call.release()
            return

        def done(taken: bool) -> None:
            connection.proof.sasl = None
            if taken:
                call.reply(n.RPL_SASLSUCCESS, n.TEXT[n.RPL_SASLSUCCESS])
                call.edge.network.note("logged_in", client=connection.number, account=step.account)
            else:
                call.reply(n.ERR_SASLFAIL, LATER)
            try_register(call)

        login(call, Login(step.account, view.life, step.device or ""), done)
        call.release()
