"""AUTHENTICATE: carry out a connection's SASL exchange, from the first line to 903 or a refusal.

Source: IRCv3 SASL 3.1 and 3.2. Nothing blocks: while an account is looked up or a password checked, the client's other
lines are carried out; only the registration of the connection waits.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from gateway.accounts.mechanisms import MECHANISMS, start
from gateway.accounts.steps import Challenge, Done, Failed, NeedAccount, NeedCheck, Step
from gateway.edge.accounts.login import login, other
from gateway.edge.accounts.proof import Exchange, Login
from gateway.edge.accounts.suspending import refusal
from gateway.edge.accounts.verify import PasswordTrial, credentials_of, look_up, look_up_certificate
from gateway.edge.client.lines import Line
from gateway.edge.client.registration import try_register
from gateway.edge.procedures import Procedure, Sleep, run
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
        certificate, outside = connection.certificate, edge.outside
        mechanism = start(
            name.upper(), fingerprint=certificate, random_bytes=outside.random_bytes, proves=outside.proves
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
    run(call.edge, _turn(call, exchange, exchange.mechanism.feed(data)))


def _turn(call: Call, exchange: Exchange, step: Step) -> Procedure[None]:
    """Carry out one answer of the client, up to the next line for the client. The call is held meanwhile.

    The turn goes on if the client aborts or leaves: a wrong attempt counts, even if nobody waits for the result.
    """
    connection, began = call.connection, call.edge.now
    exchange.waits = connection.proof.verifying = True
    found = yield from _prove(call, exchange, step)
    connection.proof.verifying = False
    connection.socket.excuse(call.edge.now - began)
    if connection.proof.sasl is exchange and connection.closed is None:
        if isinstance(found, Challenge):
            exchange.waits = False
            _challenge(call, found.data)
        elif isinstance(found, Done):
            _log_in(call, exchange.view, found)
        elif found is None:
            _end(call, n.ERR_SASLFAIL, LATER)
        else:
            _refuse(call, found)
    call.release()


def _prove(call: Call, exchange: Exchange, step: Step) -> Procedure[Challenge | Done | Failed | None]:
    """Take the mechanism's steps until the client has to be told something. Returns None if nobody can tell now
    whether the client is right."""
    edge, found = call.edge, step
    while isinstance(found, NeedAccount | NeedCheck):
        if isinstance(found, NeedAccount):
            following = yield from _find(call, exchange, found)
        else:
            following = yield from _check(exchange, found)
        if following is None:
            if exchange.trial is not None:
                exchange.trial.undo()
            return None
        found = following
    trial = exchange.trial
    if isinstance(found, Challenge):
        yield Sleep(trial.began + CHALLENGE_S - edge.now if trial is not None else 0.0)
    elif trial is not None and isinstance(found, Failed):
        edge.network.note("login_failed", client=call.connection.number)
        yield from trial.failed()
    elif trial is not None:
        trial.undo()
    return found


def _find(call: Call, exchange: Exchange, need: NeedAccount) -> Procedure[Step | None]:
    """Find the account that the client names. Returns None if nobody answers, or too many others guess."""
    edge, certificate, mechanism = call.edge, call.connection.certificate, exchange.mechanism
    if need.by_certificate:  # nobody can guess a certificate: no throttle is needed
        assert certificate is not None
        view = yield from look_up(edge, need.name) if need.name else look_up_certificate(edge, certificate)
        if view is None:
            return None
        exchange.view = view
        return mechanism.account(view.name if certificate in view.certificates else None, None)
    trial = exchange.trial = PasswordTrial(edge, call.connection, need.name)
    yield from trial.begin()
    view = yield from look_up(edge, need.name)
    if view is None or not (yield from trial.meets(view)):
        return None
    exchange.view = view
    return mechanism.account(view.name or None, credentials_of(edge, need.name, view))


def _check(exchange: Exchange, need: NeedCheck) -> Procedure[Step | None]:
    """Check the password. Returns None if the check is not possible now."""
    assert exchange.trial is not None
    fits: bool | None = yield from exchange.trial.check(need.credentials, need.password)
    return exchange.mechanism.checked(fits) if fits is not None else None


def _refuse(call: Call, step: Failed) -> None:
    connection = call.connection
    connection.proof.failures += 1
    _end(call, n.ERR_SASLFAIL, f"{n.TEXT[n.ERR_SASLFAIL]}: {step.reason}")
    if connection.user is None and connection.proof.failures >= FAILURES:
        call.edge.traffic.cuts["password"] += 1
        call.edge.clients.cut(connection, "Too many SASL authentication failures")


def _log_in(call: Call, view: LoginView, step: Done) -> None:
    connection = call.connection
    if why := refusal(view):
        _refuse(call, Failed(why))
        return
    if (own := other(connection, view.life)) is not None:
        _end(call, n.ERR_SASLALREADY, f"You are logged in as {own.name}: log out first")
        return

    def done(taken: bool) -> None:
        connection.proof.sasl = None
        if taken:
            call.reply(n.RPL_SASLSUCCESS, n.TEXT[n.RPL_SASLSUCCESS])
            call.edge.network.note("logged_in", client=connection.number, account=step.account)
        else:
            call.reply(n.ERR_SASLFAIL, LATER)
        try_register(call)

    connection.proof.meet(view)
    login(call, Login(step.account, view.life, step.device or ""), done)
