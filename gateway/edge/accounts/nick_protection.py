"""Protect the nicks of accounts: a stranger does not get such a nick, or has the nick only for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.edge.accounts.verify import look_up
from gateway.edge.client.call import Call
from gateway.edge.client.lines import Line
from gateway.edge.procedures import Procedure, Sleep, run
from gateway.edge.rpc.asks import OwnedAsk
from gateway.edge.users.rename import rename
from gateway.irc import numerics as n
from gateway.irc.message import Message
from gateway.irc.names import forced_nick
from gateway.state.account.messages import LoginView
from gateway.state.nick.messages import NickView, Who

if TYPE_CHECKING:
    from gateway.edge.client.connection import Connection
    from gateway.edge.ports import EdgePort
    from gateway.edge.users.user import User

BUSY_S = 1.0
"""Time until the next look at a user who has to be renamed, while something else keeps the user busy."""

AGAIN_S = 5.0
"""Time until the next question, if nobody has answered whether the nick belongs to an account."""


def _is_stranger(edge: EdgePort, account: str | None, view: LoginView | None) -> bool:
    """Whether the nick belongs to an account, and the user is not logged in to this account. Without an answer: no, and
    `watch` asks again."""
    fold = edge.settings.casemap
    return view is not None and bool(view.name) and (account is None or fold(account) != fold(view.name))


def check(call: Call, nick: str) -> Procedure[bool]:
    """Send 433 if the caller may not try to take the nick. Returns whether the caller may; False if the caller has gone
    meanwhile."""
    settings = call.edge.settings.accounts
    if not settings.enabled or settings.nick_protection != "refuse":
        return True
    login = call.connection.login
    view = yield from look_up(call.edge, nick)
    if call.connection.closed is not None:
        return False
    stranger = _is_stranger(call.edge, login.name if login is not None else None, view)
    if stranger:
        call.reply(n.ERR_NICKNAMEINUSE, nick, "Nickname belongs to an account: log in to it first, with SASL")
    return not stranger


def watch(edge: EdgePort, user: User) -> None:
    """Warn the user, and later rename the user, if the nick belongs to an account and the user has not logged in.

    To be called when a user has got a nick or has logged out.
    """
    settings, nick = edge.settings.accounts, user.person.nick
    if settings.enabled and settings.nick_protection != "off" and nick != user.uid:
        run(edge, _watch(edge, user, nick, settings.nick_delay_s))


def _watch(edge: EdgePort, user: User, nick: str, delay_s: float) -> Procedure[None]:
    """Look whether the user is a stranger with this nick, now and after `delay_s`."""
    if not (yield from _has_wrongly(edge, user, nick)):
        return
    text = (
        f"The nick {nick} belongs to an account. If the account is yours, log in within {delay_s:g} seconds: "
        f"/msg NickServ IDENTIFY <password>. Otherwise take another nick: /nick <new nick>."
    )
    _notice(edge, user, text)
    yield Sleep(delay_s)
    tries = 0
    while (yield from _has_wrongly(edge, user, nick)):
        connection = user.connection
        if connection is not None and connection.is_free and not user.identity.reclaiming:
            if not tries:
                text = (
                    f"The nick {nick} belongs to an account, and you have not logged in: you are renamed. /nick <new "
                    f"nick> takes another; /msg NickServ IDENTIFY {nick} <password> logs in, and /nick {nick} is yours "
                    "then."
                )
                _notice(edge, user, text)
            _rename(edge, connection, forced_nick(user.uid, tries))
            tries += 1  # in case somebody has taken the forced nick
        yield Sleep(BUSY_S)


def _has_wrongly(edge: EdgePort, user: User, nick: str) -> Procedure[bool]:
    """Ask until an answer comes, as long as the user has the nick. Returns whether the nick is another's."""
    while True:
        view = yield from look_up(edge, nick)
        if user.person.nick != nick or user.quitting:
            return False
        if view is not None:
            return _is_stranger(edge, user.identity.pending.account, view)
        yield Sleep(AGAIN_S)


def _rename(edge: EdgePort, connection: Connection, nick: str) -> None:
    call = Call(edge, connection, Message(None, None, "NICK", [nick]))
    call.begin()
    rename(call, nick)
    call.release()


def owned(edge: EdgePort, nick: str) -> None:
    """Watch the present holder of the nick, on any node, because the nick now belongs to an account."""

    def held(view: NickView | None) -> None:
        if view is not None and view.holder is not None:
            edge.network.ask_node(view.holder.node, OwnedAsk(view.holder.uid), lambda reply: None)

    edge.network.ask(edge.nick(nick), Who(), held)


def warn(edge: EdgePort, uid: str) -> None:
    user = edge.users.get(uid)
    if user is not None:
        watch(edge, user)


def _notice(edge: EdgePort, user: User, text: str) -> None:
    source = f"NickServ!NickServ@{edge.settings.network.server_name}"
    user.send(Line(source, "NOTICE", (user.person.nick, text)))
