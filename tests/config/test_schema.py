from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from config.schema import EDITOR_LINE, SCHEMA_FILE, schema, schema_text
from config.units import DURATION_PATTERN

EXAMPLES = Path(__file__).parents[2] / "config"


def test_every_key_has_its_documentation_and_others_are_refused() -> None:
    definitions = schema()["$defs"]
    assert {"NodeConfig", "DirectoryConfig", "Links", "Listener", "Tls", "Operator"} <= definitions.keys()
    for name, definition in definitions.items():
        assert definition["additionalProperties"] is False, name
        for key, field in definition["properties"].items():
            assert field["description"], (name, key)


def test_durations_are_numbers_or_text() -> None:
    field = schema()["$defs"]["Links"]["properties"]["dead_after_s"]
    number, text = field["anyOf"]
    assert number["type"] == "number"
    assert (text["type"], text["pattern"]) == ("string", DURATION_PATTERN)
    assert re.search(text["pattern"], "1m30s")
    assert not re.search(text["pattern"], "soon")


def test_every_reference_leads_somewhere() -> None:
    whole = schema()

    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if "$ref" in node else []
            return own + [each for value in node.values() for each in references(value)]
        return [each for value in node for each in references(value)] if isinstance(node, list) else []

    found = references(whole)
    assert {"#/$defs/NodeConfig", "#/$defs/DirectoryConfig"} <= set(found)
    for reference in found:
        assert reference.removeprefix("#/$defs/") in whole["$defs"]


def test_the_text_is_the_schema() -> None:
    assert json.loads(schema_text()) == schema()


def test_examples_name_the_schema_on_their_first_line() -> None:
    assert SCHEMA_FILE in EDITOR_LINE
    for name in ("node.example.yaml", "directory.example.yaml"):
        assert (EXAMPLES / name).read_text().splitlines()[0] == EDITOR_LINE
