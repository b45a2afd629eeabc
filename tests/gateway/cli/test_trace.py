"""circlet trace with nodes that answer what the test says."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from gateway.admin_clients.requests import Problem, StatusAsk, TraceAsk, encode
from gateway.cli import visits
from gateway.trace import Traced, TracedTerm
from ring.io.admin_client import NoReply
from ring.roster import NodeRecord
from tests.gateway.cli.invoking import circlet
from tests.gateway.cli.test_status import World, record, world

__all__ = ["world"]

FIRST = TracedTerm(5, "127.0.0.1", 1, "first")


class Visit:
    """A visit to a node of the world."""

    def __init__(self, world: World, node: NodeRecord) -> None:
        self.world, self.node = world, node

    async def ask(self, payload: bytes, timeout_s: float) -> bytes:
        assert payload == encode(TraceAsk("#erlang"))
        reply = self.world.replies.get(self.node.key, "connection refused")
        if isinstance(reply, str):
            raise NoReply(reply)
        return reply

    def leave(self) -> None: ...


@pytest.fixture
def town(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Two nodes: the first masters #erlang, the second holds it."""

    async def visit(node: NodeRecord, **facts: Any) -> Visit:
        assert len(facts["key"]) == 32 and facts["expected"] == node.key
        return Visit(world, node)

    monkeypatch.setattr(visits, "visit", visit)
    for number, role in ((1, "master"), (2, "backup")):
        name, key = record(number).name, record(number).key
        traced = Traced(name, key, role, master="127.0.0.1", first=1, last=9, head=9, members=1, terms=[FIRST])  # type: ignore[arg-type]
        world.replies[key] = encode(traced)
    return world


def trace(world: World, *words: str) -> Any:
    return circlet("trace", "--config", world.file, *words)


def test_a_channel_that_no_node_has_ends_once_with_words_and_1(town: World) -> None:
    for number in (1, 2):
        town.replies[record(number).key] = encode(Traced(record(number).name, record(number).key, "none"))
    result = trace(town, "#erlang", "--once")
    assert result.exit_code == 1 and result.output.count(" none") == 2
    assert "no node has the channel #erlang: nobody is in a channel of this name" in result.output
    town.replies[record(2).key] = "connection refused"
    assert trace(town, "#erlang", "--once").exit_code == 2, "a silent node may have the channel"


def test_once_shows_how_things_stand(town: World) -> None:
    result = trace(town, "#erlang", "--once")
    assert result.exit_code == 0
    _, _, one, two, *_ = (line.split() for line in result.output.splitlines())
    assert one == ["node-1.circlet.local", "master", "5", "node-1.circlet.local", "1", "9", "9"]
    assert two == ["node-2.circlet.local", "backup", "5", "node-1.circlet.local", "1", "9", "9"]


def test_once_for_programs_is_an_object_a_line(town: World) -> None:
    found = [json.loads(line) for line in trace(town, "#erlang", "--once", "--json").output.splitlines()]
    assert [(one["event"], one["node"], one["role"]) for one in found] == [
        ("state", "node-1.circlet.local", "master"),
        ("state", "node-2.circlet.local", "backup"),
    ]


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("silent for 3 s", "silent for 3 s"),
        (encode(Problem("it runs version 9, which does not know this request")), "it runs version 9"),
        (b"\xc1 nonsense", "the answer cannot be read: does the node run another version?"),
        (encode(StatusAsk()), "the answer cannot be read: does the node run another version?"),
    ],
)
def test_a_node_without_a_good_answer_is_told_and_the_exit_code_is_2(town: World, reply: Any, words: str) -> None:
    town.replies[record(2).key] = reply
    result = trace(town, "#erlang", "--once")
    assert result.exit_code == 2
    assert "node-2.circlet.local   no answer" in result.output
    assert f"  node-2.circlet.local does not answer: {words}" in result.output.splitlines()[-1]
    (line,) = trace(town, "#erlang", "--once", "--json").output.splitlines()[1:]
    assert json.loads(line)["event"] == "silent"


@pytest.mark.parametrize("name", ["", "erlang", "#a b", "#a,b", "#" + "x" * 64, "#\x07", os.fsdecode(b"#\xff")])
def test_what_is_no_channels_name_is_refused_before_anybody_is_asked(town: World, name: str) -> None:
    result = trace(town, name, "--once")
    assert result.exit_code == 1 and "is no channel's name: a name starts with #" in result.output
    assert town.asked == []


def test_a_file_that_is_none_and_a_directorys_file_are_refused(town: World) -> None:
    result = circlet("trace", "#erlang", "--config", town.file.with_name("directory-1.yaml"))
    assert result.exit_code == 1 and "a node's file is needed" in result.output
    result = circlet("trace", "#erlang", "--config", town.file.with_name("none.yaml"))
    assert result.exit_code == 1 and "none.yaml" in result.output
