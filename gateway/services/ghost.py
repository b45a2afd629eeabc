"""NickServ's GHOST: disconnect the user of a nick that belongs to your account.

The user may be a stranger, or a dead connection of your own.
"""

from __future__ import annotations

from typing import Any

from gateway.edge.accounts.verify import look_up
from gateway.edge.procedures import run
from gateway.edge.users.rename import rename
from gateway.irc.message import clean
from gateway.irc.names import is_valid_nick
from gateway.services.answering import LATER, UNKNOWN
from gateway.services.nickserv import NICKSERV, prove_first
from gateway.services.table import Request
from gateway.state.account.messages import LoginView
from gateway.state.nick.messages import Kill, NickView, Who
from gateway.state.people import Refusal
from ring.replication.application import FAILED

AGAIN_S = 0.5
TRIES = 20
"""A disconnected user leaves all channels before the nick is free. GHOST looks for the free nick so many times, every
AGAIN_S seconds."""


@NICKSERV.command(
    "GHOST <nick> [password]",
    "disconnect the user of a nick of your account; if you are logged in, the nick is yours again",
    "Give the password of the account if you are not logged in.",
    words=(1, 2),
)
def ghost(request: Request) -> None:
    call, proven, edge = request.call, request.call.connection.login, request.call.edge
    nick = clean(request.words[0])

    def found(view: LoginView | None) -> None:
        if view is None:
            request.say(LATER)
        elif proven is not None and view.life == proven.life and call.connection.login is proven:
            _look(request, nick, gives=True)
        else:
            request.say("That nick does not belong to an account that you are logged in to.")

    if not is_valid_nick(edge.settings.casemap(nick), edge.settings.limits.nick_len):
        request.say("There is no such nick.")
    elif len(request.words) == 2:
        prove_first(request, nick, request.words[1], lambda view: _look(request, nick, gives=_is_own(request, view)))
    else:
        run(edge, look_up(edge, nick), call.later(found))


def _is_own(request: Request, view: LoginView) -> bool:
    proven = request.call.connection.login
    return proven is not None and proven.life == view.life


def _look(request: Request, nick: str, *, gives: bool) -> None:
    call = request.call
    group = call.edge.nick(nick)

    def held(view: NickView | None) -> None:
        holder = view.holder if view is not None else None
        if view is None:
            request.say(LATER)
        elif holder is None:
            request.say(f"Nobody has the nick {nick} now: take the nick with /NICK {nick}.")
        elif holder.uid == call.user.uid:
            request.say("That is you.")
        else:
            source = request.service.source(call.edge.settings)
            call.submit(group, Kill(holder.uid, source, f"GHOST by {call.nick}"), killed)

    def killed(outcome: Any) -> None:
        if outcome is FAILED:
            request.say(UNKNOWN)
        else:
            request.say(
                f"The nick {nick} is free already."
                if isinstance(outcome, Refusal)
                else f"The user with the nick {nick} is disconnected."
            )
            if gives:
                _give(request, nick, TRIES)

    call.ask(group, Who(), held)


def _give(request: Request, nick: str, tries: int) -> None:
    """Take the nick when the nick is free, and begin the account's session.

    tries: how many more times to look for the free nick.
    """
    call, edge, proven = request.call, request.call.edge, request.call.connection.login

    def held(view: NickView | None) -> None:
        user = call.connection.user
        if user is None or user.quitting or proven is None or call.connection.login is not proven:
            return
        if view is not None and view.holder is None and not call.connection.queue.busy:
            edge.sessions.begin(user, edge.settings.casemap(proven.name))
            rename(call, nick)
        elif tries > 0:
            again = call.later(lambda _: _give(request, nick, tries - 1))
            edge.later(AGAIN_S, lambda: again(None))
        else:
            request.say(f"{nick} is not free yet: try /NICK {nick} later.")

    call.ask(edge.nick(nick), Who(), held)
