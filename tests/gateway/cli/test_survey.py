"""Asking all nodes for their status at once: each has a row, also nodes that are silent or answer something else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.admin_clients.requests import Done, Problem, StatusAsk
from gateway.cli import survey as module
from gateway.cli.survey import NODE_S, survey
from gateway.cli.visits import Known
from gateway.status import Status
from ring.roster import NodeRecord
from tests.gateway.cli.test_status import record
from tests.gateway.test_findings import well


class Operator:
    """Knows some nodes, and what each answers."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.running = self.most = 0

    async def known(self) -> Known:
        records = [record(number) for number in (2, 1, 3)]
        return Known(records, frozenset(["127.0.0.1"]), 2, ["10.0.0.9: silent"], None, frozenset())

    async def visit(self, node: NodeRecord, request: Any, timeout_s: float) -> Any:
        assert isinstance(request, StatusAsk) and timeout_s == NODE_S
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        return self.answers[node.key]


def surveyed(operator: Any) -> Any:
    return asyncio.run(survey(operator))


def test_every_node_has_a_row_in_the_order_of_names() -> None:
    status = well("a").status
    assert isinstance(status, Status)
    found = surveyed(Operator({"127.0.0.1": status, "127.0.0.2": Problem("refused"), "127.0.0.3": Done("x")}))
    assert [row.record.key for row in found.rows] == ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
    assert [row.status for row in found.rows] == [status, None, None]
    assert [row.problem for row in found.rows[1:]] == ["refused", "the node answered another question"]


def test_what_the_directories_say_is_passed_on() -> None:
    found = surveyed(Operator(dict.fromkeys(("127.0.0.1", "127.0.0.2", "127.0.0.3"), Problem("x"))))
    assert (found.listed, found.directories, found.silent) == (frozenset(["127.0.0.1"]), 2, ["10.0.0.9: silent"])


def test_so_many_nodes_are_asked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for at_once in (1, 2):
        monkeypatch.setattr(module, "AT_ONCE", at_once)
        operator = Operator(dict.fromkeys(("127.0.0.1", "127.0.0.2", "127.0.0.3"), Problem("x")))
        surveyed(operator)
        assert operator.most == at_once
