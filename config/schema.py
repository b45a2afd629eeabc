"""Makes the JSON Schema with which editors complete and check configuration files."""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import models_json_schema

from config.directory import DirectoryConfig
from config.node import NodeConfig

SCHEMA_FILE = "circlet.schema.json"
EDITOR_LINE = f"# yaml-language-server: $schema={SCHEMA_FILE}"
"""First line of every file that `circlet init` writes."""


def schema() -> dict[str, Any]:
    """Make a single schema for both kinds of file. A file with a `directory` section is a directory's; any other file
    is a node's.
    """
    references, definitions = models_json_schema([(NodeConfig, "validation"), (DirectoryConfig, "validation")])
    definitions["$defs"].pop("Endpoint")  # the parsed form of an address, never in a file
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Circlet node or directory",
        "type": "object",
        "if": {"required": ["directory"]},
        "then": references[DirectoryConfig, "validation"],
        "else": references[NodeConfig, "validation"],
        **definitions,
    }


def schema_text() -> str:
    """Format the schema as the text of a file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
