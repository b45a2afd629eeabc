"""circlet token new: the token once, and what to paste."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from config import load_node
from config.generate import write_network
from gateway.cli.main import main
from gateway.web.api.access import hash_of


def new(*options: str) -> Result:
    return CliRunner().invoke(main, ["token", "new", *options])


def test_what_is_printed_can_be_pasted_into_a_nodes_file(tmp_path: Path) -> None:
    result = new("--name", "builds", "--can", "speak, actions", "--channel", "#builds", "--channel", "#größe")
    assert result.exit_code == 0
    (secret,) = re.findall(r"^  (circlet_\S{43})$", result.output, re.MULTILINE)
    snippet = result.output[result.output.index("  tokens:") :]
    write_network(tmp_path, 1, 0)
    path = tmp_path / "node-1.yaml"
    path.write_text(re.sub(r"(?m)^(http:.*\n)", lambda found: found[1] + snippet, path.read_text()))
    http = load_node(path).http
    assert http is not None
    (token,) = http.tokens
    assert (token.name, token.hash, token.capabilities) == ("builds", hash_of(secret), ("speak", "actions"))
    assert token.channels == ("#builds", "#größe")


def test_two_tokens_are_never_alike() -> None:
    first, second = (new("--name", "x", "--can", "actions").output for _ in range(2))
    assert first != second


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--name", "A b", "--can", "kills"), "lower-case letters"),
        (("--name", "x", "--can", "everything"), "choose from accounts, accounts.read"),
        (("--name", "x", "--can", ","), "choose from"),
        (("--name", "x", "--can", "speak"), "name the channels"),
        (("--name", "x", "--can", "kills", "--channel", "#c"), "belong together"),
        (("--name", "x", "--can", "speak", "--channel", "c"), "name of a channel"),
    ],
)
def test_what_makes_no_token_is_told_what_would(options: tuple[str, ...], words: str) -> None:
    result = new(*options)
    assert result.exit_code == 1 and words in result.output and "circlet_" not in result.output
