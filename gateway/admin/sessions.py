"""Ends sessions of people for operators. No I/O."""

from __future__ import annotations

from gateway.admin.lists import LEVEL
from gateway.admin.procedures import AskAll, Heard, Problem, Procedure, need_level, unanswered
from gateway.edge.ports import EdgePort
from gateway.edge.procedures import Ask, Submit
from gateway.edge.rpc.operator_asks import EndAsk, Ended
from gateway.irc.names import is_valid_nick
from gateway.state.nick.messages import Kill, NickView, Who
from gateway.state.people import Refusal
from gateway.state.session.messages import Look, Stored

KILLER = "OperServ"
"""The name that a KILL shows: the name of a service, because no person can have this name."""


MAX_REASON = 200
"""Bytes of a reason. A longer reason is cut, as for a KILL on IRC."""


def end(edge: EdgePort, uid: str, client: int, reason: str) -> Procedure[str]:
    """End a session with all clients, or a single client of the session; return the user's nick."""
    need_level(edge, LEVEL)
    heard: Heard = yield AskAll(EndAsk(uid, client, edge.text(reason, MAX_REASON)))
    nick = next((one.nick for one in heard.replies.values() if isinstance(one, Ended) and one.nick), "")
    if nick:
        return nick
    if heard.silent:
        raise unanswered()
    what = f"client {client} of the session" if client else "session"
    raise Problem("unknown", f"there is no {what} {uid[:64]!r}: GET /api/v1/sessions lists them")


def kill(edge: EdgePort, nick: str, reason: str) -> Procedure[str]:
    """Make the user leave the network, like an operator's KILL; return the nick as the user writes it."""
    if not is_valid_nick(nick, edge.settings.limits.nick_len):
        raise Problem("invalid", f"{nick[:64]!r} is no nick of IRC")
    group = edge.nick(nick)
    view = yield Ask(group, Who())
    if not isinstance(view, NickView):
        raise unanswered()
    if view.holder is None:
        raise Problem("unknown", f"nobody has the nick {nick}")
    killed = Kill(view.holder.uid, service_source(edge, KILLER), edge.text(reason, MAX_REASON))
    outcome = yield Submit(group, killed)
    if isinstance(outcome, Refusal):
        raise Problem("unknown", f"{nick} has gone meanwhile")
    return view.holder.nick


def service_source(edge: EdgePort, name: str) -> str:
    """Return the source of a service's lines."""
    return f"{name}!services@{edge.settings.network.server_name}"


def devices(edge: EdgePort, account: str) -> Procedure[Stored]:
    """Look up the account's session, if any, and devices. An unknown account gives an empty answer."""
    stored = yield Ask(edge.sessions.group(edge.settings.casemap(account)), Look())
    if not isinstance(stored, Stored):
        raise unanswered()
    return stored
