"""The documents name only files, functions and headings that exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from contrib.house.documents import (
    Named,
    anchors,
    broken_links,
    documents,
    members_in,
    members_of_classes,
    missing,
    places_in,
)
from contrib.house.measure import ROOT

DOCUMENTS = documents(ROOT)
MEMBERS = members_of_classes(ROOT, "config", "gateway", "ring", "tests/sim")
by_document = pytest.mark.parametrize("document", DOCUMENTS, ids=[str(path.relative_to(ROOT)) for path in DOCUMENTS])


def test_all_documents_are_read() -> None:
    assert {ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "contrib/docs/users.md"} <= {*DOCUMENTS}


@by_document
def test_every_file_and_function_that_a_document_names_exists(document: Path) -> None:
    assert not [what for place in places_in(document.read_text()) for what in missing(ROOT, place)]


@by_document
def test_every_member_of_a_class_that_a_document_names_exists(document: Path) -> None:
    assert not [member for member in members_in(document.read_text()) if member not in MEMBERS]


@by_document
def test_every_link_leads_somewhere(document: Path) -> None:
    assert not broken_links(ROOT, document)


def test_every_page_is_linked_from_the_readme() -> None:
    text = (ROOT / "README.md").read_text()
    for page in sorted((ROOT / "contrib/docs").glob("*.md")):
        assert f"(contrib/docs/{page.name}" in text, page.name


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "ring").mkdir()
    (tmp_path / "ring/a.py").write_text("MOST = 1\nclass Peer:\n    def hear(self) -> None: ...\n")
    (tmp_path / "ring/b.md").write_text("# The ring\n\n## A node's `role`, drawn\n")
    return tmp_path


@pytest.mark.parametrize(
    ("span", "gone"),
    [
        ("ring/a.py", []),
        ("ring/", []),
        ("ring/*.py: Peer", []),
        ("ring/<kind>.py: MOST", []),
        ("ring/a.py: MOST, Peer.hear", []),
        ("ring/c.py", ["ring/c.py"]),
        ("ring/c/", ["ring/c/"]),
        ("ring/a.py: Peer.tell, LEAST", ["ring/a.py: Peer.tell", "ring/a.py: LEAST"]),
        ("ring/b.md: Peer", ["ring/b.md: Peer"]),
    ],
)
def test_what_does_not_exist_is_found(tree: Path, span: str, gone: list[str]) -> None:
    (place,) = places_in(f"See `{span}`, and `make test`, and `other/c.py`.\n\n    `ring/none.py` in a block")
    assert missing(tree, place) == gone


@pytest.mark.parametrize("span", ["ring/a.py MOST", "ring/a.py:MOST", "ring/a.py: a b", "ring/a.py: "])
def test_a_span_that_is_no_place_is_named(span: str) -> None:
    with pytest.raises(ValueError, match="neither a path nor"):
        list(places_in(f"`{span}`"))


def test_members_of_classes(tree: Path) -> None:
    (tree / "ring/d.py").write_text("class Link:\n    size: int\n    def __init__(self):\n        self.up = True\n")
    members = members_of_classes(tree, "ring")
    assert members == {("Peer", "hear"), ("Link", "size"), ("Link", "__init__"), ("Link", "up")}
    assert [*members_in("`Link.up`, `Link.down` and `link.up`")] == [("Link", "up"), ("Link", "down")]


def test_names_after_a_path() -> None:
    assert list(places_in("`ring/a.py: b, C.d` and `ring/e.py`")) == [
        Named("ring/a.py", ("b", "C.d")),
        Named("ring/e.py", ()),
    ]


def test_links_that_lead_nowhere_are_found(tree: Path) -> None:
    assert anchors(tree / "ring/b.md") == {"the-ring", "a-nodes-role-drawn"}
    page = tree / "page.md"
    good = "[a](ring/a.py) [b](ring/b.md#the-ring) [c](#here) [d](https://irc.example.org/)"
    bad = "[e](ring/c.md) [f](ring/b.md#there) [g](../outside.md) [h](#nowhere)"
    page.write_text(f"# Here\n\n{good}\n{bad}\n")
    assert broken_links(tree, page) == ["ring/c.md", "ring/b.md#there", "../outside.md", "#nowhere"]
