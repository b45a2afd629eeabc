"""Read the documents: links, and names of files and functions.

A place in the code is written `path/from/the/root.py: name`, with dotted names for methods; more names follow after
commas. `<kind>` and `*` in a path stand for any name. `Class.name` alone is a method or field of a class anywhere.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from contrib.house.rules import names_in

WHERE = ("README.md", "CONTRIBUTING.md", "contrib")
"""Files, and folders of documents."""

_SPAN = re.compile(r"`([^`\n]+)`")
_IN_TREE = re.compile(r"(?:\.ci|config|contrib|gateway|ring|tests)/")
_PLACE = re.compile(r"([\w./<>*-]+?)(?:: ([\w.]+(?:, [\w.]+)*))?")
_MEMBER = re.compile(r"([A-Z]\w+)\.(\w+)")
_LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^    .*$", re.MULTILINE)


class Named(NamedTuple):
    """A place that a document names. names: functions, classes, methods and constants of the file."""

    path: str
    names: tuple[str, ...]


def documents(root: Path) -> list[Path]:
    """The documents that people read, save the page of rules, which has a test of its own."""
    return [path for name in WHERE for path in (sorted((root / name).rglob("*.md")) or [root / name])]


def places_in(text: str) -> Iterator[Named]:
    """The code spans that begin with a folder of the repository. Raises ValueError for a span that is no place."""
    for span in _SPAN.findall(_BLOCK.sub("", text)):
        if _IN_TREE.match(span):
            found = _PLACE.fullmatch(span)
            if found is None:
                raise ValueError(f"`{span}` is neither a path nor `path: name`")
            yield Named(found[1], tuple(found[2].split(", ")) if found[2] else ())


def missing(root: Path, place: Named) -> list[str]:
    """What there is not: the path, or names that the file does not define."""
    paths = list(root.glob(re.sub(r"<\w+>", "*", place.path).rstrip("/")))
    if not paths:
        return [place.path]
    if not place.names:
        return []
    known = set().union(*(names_in(path.read_text()) for path in paths if path.suffix == ".py"))
    return [f"{place.path}: {name}" for name in place.names if name not in known]


def members_in(text: str) -> Iterator[tuple[str, str]]:
    """The code spans `Class.name`: (class, name)."""
    for span in _SPAN.findall(_BLOCK.sub("", text)):
        if found := _MEMBER.fullmatch(span):
            yield found[1], found[2]


def members_of_classes(root: Path, *folders: str) -> set[tuple[str, str]]:
    """The classes below the folders, each with the names of its methods, fields and attributes."""
    found: set[tuple[str, str]] = set()
    for path in (path for folder in folders for path in (root / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                found |= {(node.name, name) for inner in ast.walk(node) for name in _named(inner)}
    return found


def _named(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.name
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        yield node.attr
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id


def broken_links(root: Path, document: Path) -> list[str]:
    """The links to files, and to headings of files, that lead nowhere. Addresses of web sites are not asked."""
    found = []
    for link in _LINK.findall(document.read_text()):
        if re.match(r"https?:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.is_relative_to(root) or not target.exists() or (anchor and anchor not in anchors(target)):
            found.append(link)
    return found


def anchors(document: Path) -> set[str]:
    """What the headings are called in links, as GitHub does."""
    names = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(document.read_text()))
    return {name.strip().replace(" ", "-") for name in names}
