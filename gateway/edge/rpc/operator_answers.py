"""Carries out requests of operators' programs on this node; a program may use any node (rpc/operator_asks.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.edge.rpc import forcing
from gateway.edge.rpc.operator_asks import ChosenAsk, EndAsk, Ended, ForceAsk, Heeded, OperatorAsk
from gateway.edge.rpc.pages import page
from gateway.edge.users import departure

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort


def answer(edge: EdgePort, ask: OperatorAsk) -> Any:
    if isinstance(ask, EndAsk):
        return _end(edge, ask)
    if isinstance(ask, ForceAsk):
        return forcing.answer(edge, ask)
    if isinstance(ask, ChosenAsk):
        return _heed(edge, ask)
    return page(edge, ask)


def _end(edge: EdgePort, ask: EndAsk) -> Ended:
    user = edge.users.get(ask.uid)
    if user is None or user.quitting:
        return Ended("")
    connections = [one for one in user.connections if ask.client in (0, one.number)]
    if ask.client and not connections:
        return Ended("")
    if not ask.client:
        departure.depart(edge, user, ask.reason)
    for connection in connections:
        edge.clients.cut(connection, ask.reason)
    return Ended(user.person.nick)


def _heed(edge: EdgePort, ask: ChosenAsk) -> Heeded:
    user = edge.sessions.users.get(ask.account)
    if user is not None and not user.quitting:
        edge.sessions.look_up(user)
    return Heeded()
