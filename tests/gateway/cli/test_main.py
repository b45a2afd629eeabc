"""The command line as a whole: help, and words that are missing."""

from __future__ import annotations

import re

import pytest

from tests.gateway.cli.invoking import circlet


def test_help_names_every_command() -> None:
    text = circlet("--help").output
    for name in ("check", "directory", "hash-password", "init", "locate", "node", "nodes", "schema", "status", "up"):
        assert re.search(rf"^  {name} +\S", text, flags=re.MULTILINE)
        assert circlet(name, "--help").exit_code == 0
    assert circlet("--version").output.startswith("circlet, version ")


@pytest.mark.parametrize(
    "words", [("status",), ("top",), ("trace", "#erlang"), ("account", "list"), ("webhook", "list"), ("backup", "x")]
)
def test_a_command_that_needs_a_nodes_file_says_what_to_give(words: tuple[str, ...]) -> None:
    result = circlet(*words)
    said = " ".join(result.output.split())
    assert (
        result.exit_code != 0 and "node's file: --config run/net/node-1.yaml. `circlet init` writes such files." in said
    )
    assert "Traceback" not in result.output


def test_another_missing_word_is_told_as_ever() -> None:
    assert "Missing argument 'FILE'" in circlet("node").output
