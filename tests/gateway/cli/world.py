"""Nodes with answers from the test, for the commands of the program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from config.generate import write_network
from gateway.admin_clients.requests import Done, Problem, Reply, Request, Status, StatusAsk
from gateway.cli import visits
from gateway.cli.main import main
from ring.roster import NodeRecord
from tests.gateway.cli.test_status import record
from tests.gateway.test_findings import well


class World:
    """Nodes by number: what each answers to a request; one that is not there is silent."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.nodes: dict[int, Callable[[Request], Reply]] = {}
        self.asked: list[tuple[str, Request]] = []
        self.known = [1, 2]

    async def visit(self, _operator: object, node: NodeRecord, request: Request, _timeout_s: float) -> Reply:
        self.asked.append((node.key, request))
        number = int(node.key.rpartition(".")[2])
        if number not in self.nodes:
            return Problem("silent for 3 s")
        if isinstance(request, StatusAsk):
            status = well("a").status
            assert isinstance(status, Status)
            return status
        return self.nodes[number](request)

    async def known_nodes(self, _operator: object) -> visits.Known:
        return visits.Known([record(number) for number in self.known], None, 0, [])

    def run(self, *words: str, stdin: bytes = b"") -> Result:
        return CliRunner().invoke(main, [*words, "--config", str(self.file)], input=stdin)


def done(request: Request) -> Reply:
    return Done(f"did {type(request).__name__}")


def set_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Make a node's file, and let the commands ask the nodes of the world."""
    write_network(folder, 1, 0)
    made = World(folder / "node-1.yaml")
    monkeypatch.setattr(visits.Operator, "visit", lambda *words: made.visit(*words))
    monkeypatch.setattr(visits.Operator, "known", lambda operator: made.known_nodes(operator))
    return made
