"""Protect the nicks of accounts: a stranger does not get such a nick, or has the nick only for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.edge.accounts.verify import look_up
from gateway.edge.client.call import Call
from gateway.edge.client.lines import Line
from gateway.edge.rpc.asks import OwnedAsk
from gateway.edge.users.rename import rename
from gateway.irc import numerics as n
from gateway.irc.message import Message
from gateway.irc.names import forced_nick
from gateway.state.account.messages import LoginView
from gateway.state.nick.messages import NickView, Who

if TYPE_CHECKING:
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


def check(call: Call, nick: str, done: Callable[[bool], None]) -> None:
    """Call done(True) if the caller may try to take the nick; otherwise send 433, then call done(False)."""
    settings = call.edge.settings.accounts
    if not settings.enabled or settings.nick_protection != "refuse":
        done(True)
        return
    call.hold()
    login = call.connection.login

    def found(view: LoginView | None) -> None:
        if call.connection.closed is None:
            stranger = _is_stranger(call.edge, login.name if login is not None else None, view)
            if stranger:
                call.reply(n.ERR_NICKNAMEINUSE, nick, "Nickname belongs to an account: log in to it first, with SASL")
            done(not stranger)
        call.release()

    look_up(call.edge, nick, found)


def watch(edge: EdgePort, user: User) -> None:
    """Warn the user, and later rename the user, if the nick belongs to an account and the user has not logged in.

    To be called when a user has got a nick or has logged out.
    """
    settings, nick = edge.settings.accounts, user.person.nick
    if not settings.enabled or settings.nick_protection == "off" or nick == user.uid:
        return

    def look(then: Callable[[LoginView], None]) -> None:
        """Ask until an answer comes, as long as the user has the nick."""

        def answered(view: LoginView | None) -> None:
            if user.person.nick != nick or user.quitting:
                return
            if view is None:
                edge.later(AGAIN_S, lambda: look(then))
            else:
                then(view)

        look_up(edge, nick, answered)

    def found(view: LoginView) -> None:
        if _is_stranger(edge, user.identity.pending.account, view):
            delay_s = settings.nick_delay_s
            text = (
                f"The nick {nick} belongs to an account. If the account is yours, log in within {delay_s:g} seconds: "
                f"/msg NickServ IDENTIFY <password>. Otherwise take another nick: /nick <new nick>."
            )
            _notice(edge, user, text)
            edge.later(delay_s, lambda: look(late))

    def late(view: LoginView, tries: int = 0) -> None:
        connection = user.connection
        if not _is_stranger(edge, user.identity.pending.account, view):
            return
        if connection is None or not connection.is_free or user.identity.reclaiming:
            edge.later(BUSY_S, lambda: look(late))
            return
        if not tries:
            text = (
                f"The nick {nick} belongs to an account, and you have not logged in: you are renamed. /nick <new nick> "
                f"takes another; /msg NickServ IDENTIFY {nick} <password> logs in, and /nick {nick} is yours then."
            )
            _notice(edge, user, text)
        forced = forced_nick(user.uid, tries)
        call = Call(edge, connection, Message(None, None, "NICK", [forced]))
        call.begin()
        rename(call, forced)
        call.release()
        edge.later(BUSY_S, lambda: look(lambda again: late(again, tries + 1)))  # if the forced nick was taken

    look(found)


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
