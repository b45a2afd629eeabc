"""The schema of `circlet status --json`, and output that has to fit it."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import msgspec
import pytest

from gateway.cli import report
from gateway.status import Absent, Certificate, Directory, Refusal, Unread
from tests.gateway.cli.invoking import circlet
from tests.gateway.cli.test_status import World, record, world

__all__ = ["world"]

FULL: dict[str, Any] = {
    "absent": [Absent("node-9", "127.0.0.9", 7, 1.5, 1)],
    "missing": {"127.0.0.9": "node-9"},
    "left": {"127.0.0.8": 6},
    "directories": [Directory("127.0.0.1:7700", "it does not answer")],
    "certificates": [Certificate("127.0.0.1:6697", "cert.pem", 2e9)],
    "refused": [Refusal("node-7", "127.0.0.7", "127.0.0.7", "network.key_file differs", 1.5)],
    "unreadable": [Unread("b", "127.0.0.2", "Submit of a channel", 3, 1.5)],
    "stopped": ["channel:#erlang"],
    "acting_level": 1,
    "store": "the disk is full",
}


def printed(world: World) -> Any:
    return json.loads(world.status("--json").output)


def fits(found: Any) -> None:
    jsonschema.Draft202012Validator(report.schema()).validate(found)


def test_the_program_prints_a_schema_in_which_every_field_is_described_and_no_other_is_allowed() -> None:
    schema = json.loads(circlet("schema", "status").output)
    assert schema == report.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    for name, part in schema["$defs"].items():
        assert part["additionalProperties"] is False and sorted(part["required"]) == sorted(part["properties"])
        assert part["description"].strip() and "\n" not in part["description"], name
        for field, facts in part["properties"].items():
            assert facts.get("description", "").endswith("."), f"{name}.{field} has no description"


def test_a_healthy_network_fits(world: World) -> None:
    found = printed(world)
    assert found["wrong"] == []
    fits(found)


def test_a_network_with_everything_that_a_node_may_tell_fits(world: World) -> None:
    world.answers(2, "b", **FULL)
    found = printed(world)
    told = found["nodes"][1]["status"]
    assert {field: told[field] for field in FULL} == msgspec.to_builtins(FULL)
    fits(found)


@pytest.mark.parametrize(
    ("dead", "lists", "silent"),
    [([2], [[record(1), record(2)]], 1), ([1, 2], [[record(1), record(2)]], 2), ([1, 2], [None], 1)],
    ids=["half of the nodes are dead", "all nodes are dead", "nodes and directories are dead"],
)
def test_a_network_that_does_not_answer_fits(world: World, dead: list[int], lists: list[Any], silent: int) -> None:
    for number in dead:
        del world.replies[record(number).key]
    world.lists = lists * 2
    found = printed(world)
    assert [node["status"] for node in found["nodes"]].count(None) == silent and found["wrong"]
    fits(found)


@pytest.mark.parametrize("where", ["top", "node", "status", "roster"])
def test_a_field_that_the_schema_does_not_have_does_not_fit(world: World, where: str) -> None:
    found = copy.deepcopy(printed(world))
    node = found["nodes"][0]
    place = {"top": found, "node": node, "status": node["status"], "roster": node["status"]["roster"][0]}[where]
    place["surprise"] = 1
    with pytest.raises(jsonschema.ValidationError, match="surprise"):
        fits(found)


def test_a_field_that_is_left_out_or_of_another_kind_does_not_fit(world: World) -> None:
    found = printed(world)
    less = copy.deepcopy(found)
    del less["nodes"][0]["status"]["clients"]
    with pytest.raises(jsonschema.ValidationError):
        fits(less)
    found["nodes"][0]["status"]["clients"] = "many"
    with pytest.raises(jsonschema.ValidationError):
        fits(found)


def test_a_node_of_a_later_version_tells_more_and_the_output_fits(world: World) -> None:
    """What this version does not know is left out."""
    reply = world.replies[record(2).key]
    assert isinstance(reply, bytes)
    facts = msgspec.msgpack.decode(reply)
    world.replies[record(2).key] = msgspec.msgpack.encode({**facts, "moons": 3})
    fits(printed(world))
