"""circlet locate and nodes, with nobody to ask."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.e2e.network import free_port
from tests.gateway.cli.invoking import circlet


@pytest.fixture
def alone(net: Path) -> Path:
    """A node's file whose directory does not run."""
    path = net / "node-1.yaml"
    path.write_text(path.read_text().replace("7700", str(free_port())))
    return path


@pytest.mark.parametrize("command", [("nodes",), ("locate", "#erlang")])
def test_without_a_directory_it_says_whom_it_asked(alone: Path, command: tuple[str, ...]) -> None:
    result = circlet(*command, "--config", alone)
    assert result.exit_code == 1
    assert "no directory answered within 2 s" in result.output and "127.0.0.1" in result.output


def test_locate_on_a_network_of_one_shows_the_whole_sum(tmp_path: Path) -> None:
    circlet("init", tmp_path / "one", "--nodes", "1", "--directories", "0")
    path = tmp_path / "one" / "node-1.yaml"
    result = circlet("locate", "#Erlang", "--config", path)
    assert result.exit_code == 0
    assert "J = md5('#erlang') mod 2^32 = 1310262970" in result.output
    assert re.search(r"master +node-1\S* +127.0.0.1 +3389831382 +2079568412", result.output)
    found = json.loads(circlet("locate", "#Erlang", "--config", path, "--json").output)
    assert found["J"] == 1310262970 and [row["distance"] for row in found["nodes"]] == [2079568412]
    asked = circlet("nodes", "--config", path)
    assert asked.exit_code == 1 and "directories" in asked.output


def test_locate_needs_the_file_of_a_node(net: Path) -> None:
    result = circlet("locate", "#erlang", "--config", net / "directory-1.yaml")
    assert result.exit_code == 1 and "a node's file is needed" in result.output
