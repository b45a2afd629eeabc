"""The output of `circlet status --json`, and its JSON Schema."""

from __future__ import annotations

import json
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from gateway.findings import acting_level
from gateway.status import Absent, Name, RingKey, Status
from gateway.survey import Survey

TITLE = "circlet status --json"


class Node(msgspec.Struct, frozen=True):
    """A node that was asked, and the node's answer."""

    name: Name
    ring_key: RingKey
    address: Annotated[str, Meta(description="HOST:PORT of the node's link port, where the node was asked.")]
    http: Annotated[
        str | None, Meta(description="Where the node's HTTP pages are, as a URL; null: the node says none.")
    ]
    problem: Annotated[str | None, Meta(description="Why the node gave no status, in words; null: the node did.")]
    status: Annotated[Status | None, Meta(description="What the node says of itself; null: see `problem`.")]


class Report(msgspec.Struct, frozen=True):
    """The state of a network: the result of one round of questions to all nodes."""

    nodes: Annotated[list[Node], Meta(description="The nodes that were asked, by name.")]
    missing: Annotated[list[Absent], Meta(description="The nodes that were there and did not leave in order, by name.")]
    acting_level: Annotated[
        int | None, Meta(description="Feature level at which the network acts; null: no node says.")
    ]
    wrong: Annotated[list[str], Meta(description="What is wrong, a sentence each; empty: nothing is.")]


def report(found: Survey, wrong: list[str]) -> dict[str, Any]:
    """Return plain data that fits `schema`."""
    nodes = [
        Node(row.record.name, row.record.key, row.address, row.record.http or None, row.problem or None, row.status)
        for row in found.rows
    ]
    facts: dict[str, Any] = msgspec.to_builtins(Report(nodes, found.missing, acting_level(found), wrong))
    for node in facts["nodes"]:
        if node["status"] is not None:
            del node["status"]["type"]  # the tag tells messages of programs apart; here always "status"
    return facts


def schema() -> dict[str, Any]:
    """Make the schema. All fields have descriptions, all fields are required, and no other fields are allowed."""
    (top,), parts = msgspec.json.schema_components([Report])
    del parts["Status"]["properties"]["type"]
    for part in parts.values():
        part["required"] = list(part["properties"])
        part["additionalProperties"] = False
        part["description"] = part["description"].partition("\n\n")[0]
        for field in part["properties"].values():
            field.pop("default", None)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": TITLE, **top, "$defs": parts}


def schema_text() -> str:
    """The schema as the text of a file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
