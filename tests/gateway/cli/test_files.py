"""Configuration files on the command line: the wrong kind, unreadable, or broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gateway.cli.invoking import circlet


def test_a_file_of_the_other_kind_is_told(net: Path) -> None:
    for kind, other in (("node", "directory"), ("directory", "node")):
        path = net / f"{other}-1.yaml"
        result = circlet(kind, path)
        assert result.exit_code == 1 and f"circlet {other} {path}" in result.output


@pytest.mark.parametrize("command", ["node", "directory", "check"])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, command: str) -> None:
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(bytes(range(256)))
    for path in (tmp_path / "nowhere.yaml", tmp_path, binary):
        result = circlet(command, path)
        assert result.exit_code == 1 and str(path) in result.output


def test_up_without_files_or_with_broken_ones_starts_nothing(net: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = circlet("up", tmp_path / "empty")
    assert result.exit_code == 1 and "circlet init" in result.output
    for path in net.glob("node-*.yaml"):
        path.write_text(path.read_text().replace("6667", "six"))
    result = circlet("up", net)
    assert result.exit_code == 1 and "node-1.yaml" in result.output and "node-2.yaml" in result.output
