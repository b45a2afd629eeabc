"""What documents say of the program is so: commands of the command line, events of the log, names of settings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config import DirectoryConfig, NodeConfig
from config.tokens import CAPABILITIES
from contrib.house.documents import documents
from contrib.house.measure import ROOT
from contrib.house.tables import leaves
from gateway.cli.main import main

README = (ROOT / "README.md").read_text()
OPERATORS = (ROOT / "contrib/docs/operators.md").read_text()

SETTINGS = {key.replace("[]", "") for model in (NodeConfig, DirectoryConfig) for key, _ in leaves(model)}
SECTIONS = {key[: match.start()] for key in SETTINGS for match in re.finditer(r"\.", key)}
KNOWN = SETTINGS | SECTIONS
OTHERS = {"network.key", *CAPABILITIES}
"""Names that only look like settings: a file, and what a token may be used for."""


def test_the_readme_is_short() -> None:
    assert README.count("\n") <= 150, "details belong to a page in contrib/docs"


def test_the_readme_names_the_command_that_tests_a_new_machine() -> None:
    (command,) = re.findall(r"^exec (.+)$", (ROOT / ".ci/run").read_text(), re.MULTILINE)
    assert re.search(rf"^    {re.escape(command)} ", README, re.MULTILINE)


def test_the_readme_lists_every_command_of_the_command_line() -> None:
    table = README[README.index("## Commands") :].partition("\n## ")[0]
    assert {*re.findall(r"`circlet ([a-z-]+)", table)} == {*main.commands}


def test_every_event_of_the_manual_is_logged() -> None:
    table = OPERATORS[OPERATORS.index("### What the log says") :].partition("\n## ")[0]
    events = {
        event for row in re.findall(r"^\| (`.+?) \|", table, re.MULTILINE) for event in re.findall(r"`(\w+)`", row)
    }
    sources = "\n".join(path.read_text() for folder in ("gateway", "ring") for path in (ROOT / folder).rglob("*.py"))
    assert len(events) > 40
    assert not [event for event in sorted(events) if f'"{event}"' not in sources]


DOCUMENTS = documents(ROOT)


@pytest.mark.parametrize("document", DOCUMENTS, ids=[str(path.relative_to(ROOT)) for path in DOCUMENTS])
def test_every_setting_that_a_document_names_exists(document: Path) -> None:
    first = "|".join(sorted({key.partition(".")[0] for key in KNOWN if "." in key}))
    named = set(re.findall(rf"`((?:{first})\.[a-z_]+(?:\.[a-z_]+)*)(?<!\.py)`", document.read_text()))
    assert not sorted(name for name in named - KNOWN - OTHERS if not is_module(name))


def is_module(name: str) -> bool:
    return (ROOT / name.replace(".", "/")).with_suffix(".py").exists()
