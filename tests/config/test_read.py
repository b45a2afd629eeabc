"""Every setting is read by the program: a setting that changes nothing has no place in a file."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from config import DirectoryConfig, NodeConfig
from config.section import Section
from tests.config.test_examples import settings_of

ROOT = Path(__file__).parents[2]


def attributes_read() -> set[str]:
    """The names of all attributes that the program reads."""
    found = set()
    for folder in ("config", "gateway", "ring"):
        for path in (ROOT / folder).rglob("*.py"):
            nodes = ast.walk(ast.parse(path.read_text()))
            found |= {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)}
    return found


@pytest.mark.parametrize("model", [NodeConfig, DirectoryConfig])
def test_every_setting_is_read(model: type[Section]) -> None:
    read = attributes_read()
    assert not [".".join(key) for key, _ in settings_of(model) if key[-1] not in read]
