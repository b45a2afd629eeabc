"""Asks all nodes of a network for their status at once."""

from __future__ import annotations

import asyncio

from gateway.admin_clients.requests import Problem, StatusAsk
from gateway.cli.visits import Operator
from gateway.status import Status
from gateway.survey import Row, Survey
from ring.roster import NodeRecord

NODE_S = 3.0
AT_ONCE = 100


async def survey(operator: Operator) -> Survey:
    """Survey the network. For up to AT_ONCE nodes this takes at most visits.TIMEOUT_S and NODE_S seconds."""
    known = await operator.known()
    room = asyncio.Semaphore(AT_ONCE)
    rows = await asyncio.gather(*(_row(record, operator, room) for record in known.records))
    by_name = sorted(rows, key=lambda row: row.record.name)
    return Survey(by_name, known.listed, known.directories, known.silent, known.roster_problem, known.denied)


async def _row(record: NodeRecord, operator: Operator, room: asyncio.Semaphore) -> Row:
    async with room:
        reply = await operator.visit(record, StatusAsk(), NODE_S)
    if isinstance(reply, Status):
        return Row(record, reply)
    return Row(record, None, reply.text if isinstance(reply, Problem) else "the node answered another question")
