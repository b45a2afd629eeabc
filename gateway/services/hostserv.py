"""The service HostServ: hosts that people have instead of a cloak."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gateway.edge.accounts import vhosts
from gateway.edge.accounts.verify import look_up
from gateway.edge.procedures import run
from gateway.edge.rpc.operator_asks import VhostRow
from gateway.edge.users import hosts
from gateway.irc.cloaks import unfit
from gateway.irc.message import clean
from gateway.irc.times import server_time
from gateway.services.answering import changed, later, login_of
from gateway.services.table import NOT_LOGGED_IN, Request, Service
from gateway.state.account.messages import ChangeVhost, Info, InfoView, LoginView
from ring.network import Network

HOSTSERV = Service(
    "HostServ",
    "a host of your choice, that people are shown instead of your cloak.",
    lambda settings: settings.accounts.enabled and bool(settings.cloak_key) and settings.cloaks.vhosts,
    "HostServ",
)

CAPABILITY: Final = "vhosts"
REASON_BYTES: Final = 200
TOO_OLD: Final = "The network does not support this yet: an older node is still running."
NOBODY: Final = "There is no such account."


def _is_ready(request: Request) -> bool:
    network: Network = request.call.edge.network
    if network.level < ChangeVhost.SINCE:
        request.say(TOO_OLD)
    return network.level >= ChangeVhost.SINCE


def _is_fit(request: Request, host: str) -> bool:
    settings = request.call.edge.settings
    problem = unfit(host, settings.limits.host_len, settings.network.server_name)
    if problem:
        request.say(problem)
    return not problem


def _find(request: Request, name: str, then: Callable[[InfoView], None]) -> None:
    """Find the account by a name or nick of the account, with its host, and go on if there is such an account."""
    call = request.call

    def found(view: LoginView | None) -> None:
        if view is None:
            request.say(later(request))
        elif not view.name:
            request.say(NOBODY)
        else:
            call.ask(call.edge.account(view.name), Info(), shown)

    def shown(view: InfoView | None) -> None:
        if view is None:
            request.say(later(request))
        else:
            then(view)

    run(call.edge, look_up(call.edge, clean(name)), call.later(found))


@HOSTSERV.command(
    "REQUEST <host>",
    "ask the operators for a host such as joe.example.org",
    "An operator decides. LIST shows what has become of the request; a new request replaces it.",
    words=(1, 1),
    login=True,
)
def ask_for(request: Request) -> None:
    edge, login, host = request.call.edge, login_of(request), clean(request.words[0])
    if _is_ready(request) and _is_fit(request, host):
        edge.oversight.tell("r", f"Account {login.name} requests the host {host}")
        command = ChangeVhost(login.life, "request", host)
        done = changed(request, f"Your request for {host} is kept: an operator will decide.")
        run(edge, vhosts.change(edge, login.name, command), done)


@HOSTSERV.command(
    "ACTIVATE <account> [host]",
    "for operators: give an account the requested host, or another host",
    words=(1, 2),
    capability=CAPABILITY,
)
def activate(request: Request) -> None:
    call = request.call

    def found(view: InfoView) -> None:
        host = clean(request.words[1]) if len(request.words) > 1 else view.vhost.wanted
        if not host:
            request.say(f"{view.name} has not asked for a host: name a host.")
        elif _is_fit(request, host):
            call.audit("vhost", view.name, host)
            command = ChangeVhost(view.life, "activate", host, call.user.identity.oper or "")
            run(call.edge, vhosts.change(call.edge, view.name, command), changed(request, f"{view.name} has {host}."))

    if _is_ready(request):
        _find(request, request.words[0], found)


@HOSTSERV.command(
    "REJECT <account> [reason]",
    "for operators: refuse the request of an account",
    words=(1, 60),
    capability=CAPABILITY,
)
def reject(request: Request) -> None:
    call, reason = request.call, request.call.edge.text(" ".join(request.words[1:]), REASON_BYTES)

    def found(view: InfoView) -> None:
        if not view.vhost.wanted:
            request.say(f"{view.name} has not asked for a host.")
            return
        call.audit("vhost_rejected", view.name, reason)
        command = ChangeVhost(view.life, "reject", view.vhost.wanted, call.user.identity.oper or "", reason)
        text = f"The request of {view.name} is refused."
        run(call.edge, vhosts.change(call.edge, view.name, command), changed(request, text))

    if _is_ready(request):
        _find(request, request.words[0], found)


@HOSTSERV.command(
    "OFF [account]",
    "give your host and your request up; operators: of any account",
    words=(0, 1),
)
def off(request: Request) -> None:
    call, proven = request.call, request.call.connection.login

    def found(view: InfoView) -> None:
        if proven is None or view.life != proven.life:
            if not call.user.identity.may(CAPABILITY):
                request.say("That account is not yours.")
                return
            call.audit("vhost_off", view.name, view.vhost.active)
        by = call.user.identity.oper or "" if call.user.identity.may(CAPABILITY) else ""
        command = ChangeVhost(view.life, "off", by=by)
        run(call.edge, vhosts.change(call.edge, view.name, command), changed(request, f"{view.name} has no host now."))

    if proven is None and not request.words:
        request.say(NOT_LOGGED_IN)
    elif _is_ready(request):
        _find(request, request.words[0] if request.words else login_of(request).name, found)


@HOSTSERV.command("LIST", "show your host and your request; operators: all requests that wait")
def list_requests(request: Request) -> None:
    call = request.call
    if call.user.identity.may(CAPABILITY):
        run(call.edge, vhosts.requests(call.edge), call.later(lambda found: _show_requests(request, *found)))
    elif call.connection.login is None:
        request.say(NOT_LOGGED_IN)
    else:
        _find(request, login_of(request).name, lambda view: _show_own(request, view))


def _show_requests(request: Request, rows: list[VhostRow], silent: list[str], more: bool) -> None:
    for row in rows:
        has = f", has {row.active}" if row.active else ""
        request.say(f"{row.name} wants {row.wanted} (since {server_time(row.at)}{has})")
    request.say(f"{len(rows)} requests wait{', and more' if more else ''}. ACTIVATE <account> or REJECT <account>.")
    if silent:
        request.say(f"No answer came from {', '.join(silent)}: some requests may be missing.")


def _show_own(request: Request, view: InfoView) -> None:
    vhost, edge = view.vhost, request.call.edge
    shown = vhost.active if vhost.active and hosts.is_on(edge) else ""
    request.say(f"Your host is {shown}." if shown else "You have no host.")
    if vhost.wanted:
        request.say(f"Your request for {vhost.wanted} waits for an operator.")
    elif vhost.text:
        request.say(f"Your request was refused: {vhost.text}")
