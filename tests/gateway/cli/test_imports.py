"""The command line imports what a command needs when the command needs it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

LOADED = """
import json, sys
from click.testing import CliRunner
from gateway.cli.main import main
result = CliRunner().invoke(main, sys.argv[1:])
assert result.exit_code == 0, result.output
print(json.dumps([*sys.modules]))
"""

SLOW = ("aiohttp", "pydantic", "rich", "structlog", "uvloop", "cryptography", "asyncio", "ring.engine", "gateway.node")
"""What takes long to import."""


def slow_modules(*words: str) -> set[str]:
    """The slow modules that a command imports, in a new process."""
    done = subprocess.run([sys.executable, "-c", LOADED, *words], capture_output=True, text=True, check=True)
    return {*SLOW} & {*json.loads(done.stdout)}


def test_the_version_is_told_without_slow_imports() -> None:
    assert slow_modules("--version") == set()


@pytest.mark.parametrize("words", [("token", "--help"), ("schema",), ("stop", "--help")])
def test_commands_that_ask_no_network_import_no_network(words: tuple[str, ...]) -> None:
    assert slow_modules(*words) <= {"pydantic"}


@pytest.mark.parametrize("name", ["status", "nodes", "webhook"])
def test_commands_that_ask_the_network_import_no_server(name: str) -> None:
    assert slow_modules(name, "--help") <= {"pydantic", "rich", "asyncio", "structlog"}


@pytest.mark.parametrize("name", ["visits", "tracer", "screen", "board", "survey"])
def test_what_asks_a_node_imports_no_core(name: str) -> None:
    script = f"import gateway.cli.{name}, json, sys; print(json.dumps([*sys.modules]))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"aiohttp", "ring.engine", "gateway.node", "gateway.edge.edge"} & {*json.loads(done.stdout)}
