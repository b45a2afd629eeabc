"""Acts for a user of this node, because an operator of the network wants it: joins, parts, renames, changes a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from gateway.edge.client.call import Call
from gateway.edge.procedures import Procedure, Settle, Sleep, run
from gateway.edge.rpc.operator_asks import ForceAsk, Forced
from gateway.edge.sessions.detach import attach
from gateway.edge.users import hosts
from gateway.edge.users.profile import become
from gateway.edge.users.rename import rename
from gateway.irc.message import Message
from gateway.state.channel.messages import Join, Part
from gateway.state.people import Person, Refusal
from ring.replication.application import FAILED, Later

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort
    from gateway.edge.users.user import User

GONE = "has gone"
SILENT = "the network did not answer in time"
LOOK_S, TRIES = 0.1, 50
"""How often, and how many times, a rename is looked at."""


def answer(edge: EdgePort, ask: ForceAsk) -> Forced | Later:
    """Carry the request out, and answer once the network has done so."""
    user = edge.users.get(ask.uid)
    if user is None or user.quitting:
        return Forced(GONE)
    if ask.act in ("join", "part"):
        return _move(edge, user, ask)
    if ask.act == "nick":
        return _rename(edge, user, ask.text)
    if ask.act == "name":
        return _change(edge, user, msgspec.structs.replace(user.identity.pending, real=ask.text))
    if ask.act == "host" and not user.identity.pending.cloak:
        return Forced("has no cloak: hosts are changed only in a network with cloaks")
    if ask.act == "host":
        return _change(edge, user, hosts.given(user.identity.pending, ask.text))
    return Forced("the node of the person does not know that")


def _move(edge: EdgePort, user: User, ask: ForceAsk) -> Forced | Later:
    group, later, joins = edge.channel(ask.text), Later(), ask.act == "join"
    if joins and group in user.seats.rooms and group not in user.session.detached:
        return Forced("is in the channel already")
    if not joins and group not in user.seats.rooms:
        return Forced("is not in the channel")
    if joins and group in user.session.detached:
        attach(edge, user, group)
    if joins:
        user.seats.begin_joining(group)

    def done(outcome: Any) -> None:
        if joins:
            user.seats.end_joining(group)
        later.answer(Forced(_why(outcome)))

    command = Join(user.person, None, True, True, ask.text) if joins else Part(user.uid, ask.more or None)
    user.unsettled[group] = None
    edge.network.submit(group, command, done)
    return later


def _why(outcome: Any) -> str:
    if isinstance(outcome, Refusal):
        return f"is refused: {outcome.params[-1]}"
    return SILENT if outcome is FAILED else ""


def _change(edge: EdgePort, user: User, wanted: Person) -> Later:
    later = Later()
    become(edge, user, wanted, lambda outcome: later.answer(Forced(_why(outcome))))
    return later


def _rename(edge: EdgePort, user: User, nick: str) -> Forced | Later:
    connection = user.connection
    if connection is None:
        return Forced("has no client that is connected")
    if not connection.is_free or user.identity.reclaiming or user.identity.renaming is not None:
        return Forced("is busy with another command: try again")
    call = Call(edge, connection, Message(None, None, "NICK", [nick]))
    call.begin()
    rename(call, nick)
    call.release()
    later = Later()
    run(edge, _renamed(user, nick), later.answer)
    return later


def _renamed(user: User, nick: str) -> Procedure[Forced]:
    """Wait for the end of the rename."""
    for _ in range(TRIES):
        yield Sleep(LOOK_S)
        if user.quitting:
            return Forced(GONE)
        if user.identity.renaming is None:
            yield Settle([*user.seats.channels, user.identity.home])
            return Forced("" if user.person.nick == nick else "could not get the nick")
    return Forced(SILENT)
