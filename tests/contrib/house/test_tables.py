"""The tables in the documents are those of the program."""

from __future__ import annotations

import pytest

from config import DirectoryConfig, NodeConfig
from config.section import Section
from contrib.house.documents import documents
from contrib.house.measure import ROOT
from contrib.house.tables import TABLES, allowed, leaves, plain, table, tables_in, with_tables
from tests.config.test_examples import settings_of


@pytest.mark.parametrize("name", TABLES)
def test_every_table_stands_in_one_document(name: str) -> None:
    found = [path for path in documents(ROOT) if name in tables_in(path.read_text())]
    assert len(found) == 1, "write the comments of the table into a document, and run `make docs`"


def test_the_documents_have_the_tables_that_the_program_makes() -> None:
    stale = [
        str(path.relative_to(ROOT)) for path in documents(ROOT) if with_tables(path.read_text()) != path.read_text()
    ]
    assert not stale, "run `make docs`"


@pytest.mark.parametrize("model", [NodeConfig, DirectoryConfig])
def test_the_table_of_settings_has_every_setting(model: type[Section]) -> None:
    listed = [tuple(key.replace("[]", "").split(".")) for key, _ in leaves(model)]
    known = dict(settings_of(model))
    assert {*listed} <= {*known} and len({*listed}) == len(listed)
    inside = {key[:end] for key in listed for end in range(1, len(key))}
    assert {*known} - {*listed} <= inside, "a setting that is no section is missing"


def test_a_table_is_replaced_and_the_rest_stays() -> None:
    text = "before\n<!-- table: user modes -->\nold\n<!-- end of table -->\nafter\n"
    new = with_tables(text)
    assert new.startswith("before\n<!-- table: user modes -->\n| mode | means |\n")
    assert "| `+w` |" in new and "old" not in new and new.endswith("|\n<!-- end of table -->\nafter\n")
    assert with_tables(new) == new
    with pytest.raises(KeyError):
        with_tables(text.replace("user modes", "nonsense"))


def test_marks_of_markdown_are_taken_literally() -> None:
    assert plain("REGISTER * <a|b> `x*|y`") == r"REGISTER \* \<a\|b> `x*\|y`"
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |\n"


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("links.dead_after_s", "100ms to 10m"),
        ("clients.sendq", "16KiB to 1GiB"),
        ("clients.flood.rate", "more than 0 to 1000000"),
        ("ring.copies", "1 to 9"),
        ("log.level", "`debug`, `info`, `warning`, `error`"),
        ("history.enabled", "`true`, `false`"),
        ("node.name", ""),
    ],
)
def test_what_a_setting_may_be(key: str, values: str) -> None:
    assert allowed(dict(leaves(NodeConfig))[key]) == values
