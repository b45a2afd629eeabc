"""The examples of contrib/docs/api.md do what the page says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from string import Template
from typing import Any

import pytest

from config.tokens import CAPABILITIES
from tests.gateway.web.api.operated import BUILDS, SECRET, Operated, person

pytestmark = pytest.mark.e2e

PAGE = (Path(__file__).parents[4] / "contrib/docs/api.md").read_text()
EXAMPLES = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


def curl(node: Operated, line: str, **values: str) -> Any:
    """What curl would do; an option that is not known here fails."""
    words = iter(shlex.split(Template(line).substitute(API="", AUTH=f"Authorization: Bearer {SECRET}", **values)))
    assert next(words) == "curl"
    method, body, path, headers = "GET", None, "", {}
    for word in words:
        if word == "-H":
            name, _, text = next(words).partition(": ")
            headers[name] = text
        elif word in ("--json", "-d"):
            body, method = next(words).encode(), "POST" if method == "GET" else method
        elif word == "-X":
            method = next(words)
        else:
            assert word.startswith("/") and not path, word
            path = word
    return node.call(method, path, body, token=None, **headers)


def test_every_example_works(node: Operated) -> None:
    bob = person(node, "bob", "#builds")
    others = [person(node, "ann", "#erlang"), *(person(node, nick) for nick in ("spammer", "victim1", "victim2"))]
    assert node.call("POST", "/accounts", {"name": "joe", "password": "sesame-seeds"}).status == 201
    assert len(EXAMPLES) == 23
    for line in EXAMPLES:
        if '"name": "joe"' in line:
            node.call("DELETE", "/accounts/joe")
        victims = [one for one in node.call("GET", "/sessions").body["items"] if one["nick"].startswith("victim")]
        values = {"SESSION": victims[0]["id"], "CLIENT": str(victims[0]["clients"][0]["client"])} if victims else {}
        found = curl(node, line, BUILDS=BUILDS, **values)
        assert found.status < 300, (line, found)
    bob.send("PING :all")
    bob.expect(" PONG ")
    said = [line.partition(" :")[2] for line in bob.got if "/hook!builds@irc.circlet.local" in line]
    assert len(others) == 4  # whose clients were there all the while
    assert said == ["Build 7 is green", "Deployed", "Build 8 is green", "Build 9 is green", "Said once"]


def test_the_page_names_every_capability_and_shows_the_real_error(node: Operated) -> None:
    table = re.findall(r"^\| `([a-z.]+)` \|", PAGE, re.MULTILINE)
    assert sorted(table) == sorted(CAPABILITIES)
    error = node.call("GET", "/accounts", token="circlet_only-channels").body["error"]
    assert f'{{"error": "{error}"}}' in PAGE
