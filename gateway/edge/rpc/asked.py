"""Answers the questions of other nodes: each kind of question has one part of the edge that answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.edge import slices
from gateway.edge.accounts import nick_protection
from gateway.edge.accounts.login import expel_all
from gateway.edge.accounts.suspending import end_sessions
from gateway.edge.rpc import asks, operator_answers
from gateway.edge.rpc.answers import answer as answer_people
from gateway.edge.rpc.operator_asks import OperatorAsk
from gateway.edge.sessions import resume
from gateway.edge.users import claim

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort


def answer(edge: EdgePort, body: Any) -> Any:
    if isinstance(body, asks.ExpelAsk):
        return asks.Expelled(expel_all(edge, body.life))
    if isinstance(body, asks.SuspendedAsk):
        return asks.Expelled(end_sessions(edge, body.life, body.text))
    if isinstance(body, asks.LettingGoAsk):
        return claim.answer(edge, body)
    if isinstance(body, asks.SeatsAsk):
        return slices.answer(edge, resume.answer(edge, body))
    if isinstance(body, asks.DeliveredAsk):
        return edge.sessions.arrivals.answer(body)
    if isinstance(body, asks.SumAsk):
        return edge.census.add_up(body)
    if isinstance(body, asks.IndexAsk):
        return edge.index.take(body)
    if isinstance(body, asks.OwnedAsk):
        nick_protection.warn(edge, body.uid)
        return None
    if isinstance(body, asks.ReclaimedAsk):
        edge.reclaim.hear(body)
        return None
    if isinstance(body, OperatorAsk):
        return operator_answers.answer(edge, body)
    if isinstance(body, asks.LookAsk):
        return asks.Looked(edge.outside.look(body.incarnation, body.after))
    return answer_people(edge, body)
