"""The service NickServ: accounts, for clients without support for accounts."""

from __future__ import annotations

from collections.abc import Callable

from gateway.accounts.credentials import Credentials
from gateway.edge.accounts.holdings import drop
from gateway.edge.accounts.login import login, logout
from gateway.edge.accounts.proof import Login
from gateway.edge.accounts.register import register, unfit
from gateway.edge.accounts.suspending import refusal, words
from gateway.edge.accounts.verify import look_up, prove
from gateway.edge.procedures import run
from gateway.edge.settings import lasts
from gateway.irc.message import clean
from gateway.irc.times import server_time
from gateway.services.answering import changed, later, login_of
from gateway.services.choosing import SWITCH, set_always_on, set_auto_away
from gateway.services.table import Request, Service
from gateway.state.account.messages import Info, InfoView, LoginView, SetCredentials

NICKSERV = Service("NickServ", "accounts, and the nicks of accounts.", lambda s: s.accounts.enabled, "NickServ")

WRONG = "There is no such account, or the password is wrong."
NOT_YOURS = "You are not logged in to that account."


def prove_first(request: Request, name: str, password: str, then: Callable[[LoginView], None]) -> None:
    """Check the account's password, then go on if the password is right.

    Wrong passwords slow further tries, as with SASL. A connection may have only a single check at a time.
    """
    call, connection = request.call, request.call.connection
    if connection.proof.verifying:
        request.say("Another password of yours is being checked: wait for the answer.")
        return
    connection.proof.begin_check()

    def proven(answer: tuple[LoginView | None, bool]) -> None:
        view, known = answer
        connection.proof.end_check()
        if connection.user is None:  # the session has moved to another node meanwhile
            return
        if view is not None and (why := refusal(view)):
            request.say(f"{why}.")
        elif view is not None:
            then(view)
        else:
            if known:
                call.edge.network.note("login_failed", client=connection.number)
            request.say(WRONG if known else later(request))

    run(call.edge, prove(call.edge, connection, name, password), call.later(proven))


@NICKSERV.command(
    "REGISTER <password> [email]",
    "register your nick as an account, and log in",
    "A password has no spaces. An address is neither needed nor kept.",
    words=(1, 2),
)
def register_account(request: Request) -> None:
    call, name = request.call, request.call.nick
    if len(request.words) == 2 and "@" not in request.words[1]:
        request.say("A password for NickServ has no spaces.")
        return

    def answered(failure: tuple[str, ...]) -> None:
        request.say(f"{failure[-1]}." if failure else f"Account {name} is registered, and you are logged in to it.")

    register(call, name, request.words[0], answered)


@NICKSERV.command(
    "IDENTIFY [account] <password>",
    "log in",
    "Without a name: the account with your nick. To come into your session, log in with SASL instead.",
    words=(1, 2),
)
def identify(request: Request) -> None:
    call, connection = request.call, request.call.connection
    *named, password = request.words

    def proven(view: LoginView) -> None:
        connection.proof.meet(view)
        login(call, Login(view.name, view.life), done)

    def done(taken: bool) -> None:
        if taken and connection.login is not None:
            call.edge.network.note("logged_in", client=connection.number, account=connection.login.name)
            request.say(f"You are logged in as {connection.login.name}.")
        else:
            request.say(later(request))

    if connection.login is not None:
        request.say(f"You are logged in as {connection.login.name} already. LOGOUT comes first.")
    else:
        prove_first(request, clean(named[0]) if named else call.nick, password, proven)


@NICKSERV.command("LOGOUT", "log out, with all connections of your session", login=True)
def log_out(request: Request) -> None:
    logout(request.call, lambda: request.say("You are logged out."))


@NICKSERV.command(
    "INFO [account]",
    "show your account",
    "Operators may ask for any account, by name or nick.",
    words=(0, 1),
)
def info(request: Request) -> None:
    call, proven = request.call, request.call.connection.login
    name = clean(request.words[0]) if request.words else proven.name if proven is not None else call.nick

    def found(view: LoginView | None) -> None:
        own = view is not None and proven is not None and view.life == proven.life
        if view is None:
            request.say(later(request))
        elif view.name and (own or call.user.identity.may("accounts")):
            call.ask(call.edge.account(view.name), Info(), shown)
        else:
            request.say(NOT_YOURS if not call.user.identity.may("accounts") else "There is no such account.")

    def shown(view: InfoView | None) -> None:
        request.say(*(_facts(request, view) if view is not None else (later(request),)))

    run(call.edge, look_up(call.edge, name), call.later(found))


def _facts(request: Request, view: InfoView) -> list[str]:
    sessions, settings = request.call.edge.settings.sessions, view.settings
    auto_away = sessions.auto_away if settings.auto_away is None else settings.auto_away
    return [
        *([words(view.name, view.suspension)] if view.suspension is not None else []),
        f"Account {view.name}, registered {server_time(view.created)}, last login about {server_time(view.seen)}",
        f"Other nicks: {' '.join(view.nicks) or 'none'}",
        f"Certificates: {len(view.certificates)}",
        f"ALWAYS-ON: {_word(lasts(sessions, settings.always_on))}, AUTO-AWAY: {_word(auto_away)}",
    ]


def _word(value: bool) -> str:
    return "on" if value else "off"


@NICKSERV.command(
    "PASSWD <old password> <new password>",
    "change your password",
    "A password has no spaces. Connections that are logged in stay logged in.",
    words=(2, 2),
    login=True,
)
def passwd(request: Request) -> None:
    edge, proven = request.call.edge, login_of(request)
    old, new = request.words
    problem = unfit(edge.settings.accounts, new)

    def allowed(view: LoginView) -> None:
        edge.outside.make_credentials(new, request.call.later(made))

    def made(credentials: Credentials | None) -> None:
        if credentials is None:
            request.say("Your new password cannot be stored now: try again later.")
        else:
            command = SetCredentials(proven.life, credentials)
            edge.network.submit(edge.account(proven.name), command, changed(request, "Your password is changed."))

    if problem is not None:
        request.say(f"{problem[1]}.")
    else:
        prove_first(request, proven.name, old, allowed)


@NICKSERV.command(
    "SET <ALWAYS-ON|AUTO-AWAY> <on|off|default>",
    "choose how your session lasts",
    "ALWAYS-ON: you stay in your channels while no client of yours is connected. AUTO-AWAY: you are away meanwhile.",
    words=(2, 2),
    login=True,
)
def choose_setting(request: Request) -> None:
    name, word = (clean(word) for word in request.words)
    change = {"ALWAYS-ON": set_always_on, "AUTO-AWAY": set_auto_away}.get(name.upper())
    if change is None or word.upper() not in SWITCH:
        request.say(f"Syntax: {request.service.commands['SET'].syntax}")
    else:
        change(request, word)


@NICKSERV.command(
    "DROP [code]",
    "delete your account, with nicks, certificates and private conversations",
    "Without the code, the answer tells you the code.",
    words=(0, 1),
    login=True,
)
def drop_account(request: Request) -> None:
    edge, proven = request.call.edge, login_of(request)
    code = edge.outside.keyed(f"drop {proven.life}".encode()).hex()[:8]
    if not request.words:
        request.say(f"To drop the account {proven.name} for good, say DROP {code}")
    elif clean(request.words[0]).lower() != code:
        request.say("That is not the code. DROP without a code tells the code.")
    else:
        run(edge, drop(edge, proven.name, proven.life), changed(request, f"Account {proven.name} is dropped."))
