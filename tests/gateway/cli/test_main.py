"""The command line as a whole: help, and words that are missing."""

from __future__ import annotations

import re

import click
import pytest

from gateway.cli.main import MODULES, main
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


@pytest.mark.parametrize("name", [*MODULES])
def test_each_command_is_found_by_its_name(name: str) -> None:
    command = main.commands[name]
    assert isinstance(command, click.Command) and command.name == name


def test_a_wrong_name_is_refused_with_a_right_one() -> None:
    done = circlet("statsu")
    assert done.exit_code == 2 and "No such command 'statsu'. Did you mean 'status'?" in done.output
