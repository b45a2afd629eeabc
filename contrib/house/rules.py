"""Reads `ring/PROTOCOL.md`: each rule with the code that keeps the rule and the tests that show it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PAGE = "ring/PROTOCOL.md"
CODE = ("config", "gateway", "ring")
CITING = (*CODE, "tests", "contrib", "*.md")
"""Folders, and files of the root, in which rules are cited."""

_RULE = re.compile(r"^- \*\*P(\d+)\*\* ", re.MULTILINE)
_END = re.compile(r"^(?:#|- \*\*P)", re.MULTILINE)
_LAST_LINES = re.compile(r"^  Kept by (.+)\.\n  Shown by (.+)\.$", re.MULTILINE)
_CITATION = re.compile(r"\bP(\d{1,2})\b")


class Place(NamedTuple):
    """A name in a module. path: from the root. name: dotted, for example `Masters.accept`."""

    path: str
    name: str


class Rule(NamedTuple):
    """kept: the code that keeps the rule. shown: the tests, and the simulator's deliberate breaks."""

    number: int
    kept: tuple[Place, ...]
    shown: tuple[Place, ...]


def read_rules(text: str) -> list[Rule]:
    """The rules of the page, in the page's order. A rule without last lines has no places."""
    found = []
    for start in _RULE.finditer(text):
        end = _END.search(text, start.end())
        last = _LAST_LINES.search(text, start.end(), end.start() if end else len(text))
        kept, shown = (_places(last[1]), _places(last[2])) if last else ((), ())
        found.append(Rule(int(start[1]), kept, shown))
    return found


def _places(words: str) -> tuple[Place, ...]:
    """`a/path.py` `name`, `name`; `b/path.py` `name`: each name belongs to the path before it."""
    found, path = [], ""
    for word in re.findall(r"`([^`]+)`", words):
        if word.endswith(".py"):
            path = word
        else:
            found.append(Place(path, word))
    return tuple(found)


def citations(root: Path, *where: str) -> Iterator[tuple[Path, int]]:
    """Each citation of a rule below the folders (or in files of the root that match), save on the page itself."""
    for path in sorted(path for name in where for path in _files(root, name)):
        if path != root / PAGE:
            for number in cited_in(path.read_text()):
                yield path.relative_to(root), number


def cited_in(text: str) -> list[int]:
    return [int(number) for number in _CITATION.findall(text)]


def _files(root: Path, name: str) -> Iterator[Path]:
    folder = root / name
    for pattern in ("*.py", "*.md"):
        yield from folder.rglob(pattern) if folder.is_dir() else ()
    yield from () if folder.is_dir() else root.glob(name)


def names_in(source: str) -> set[str]:
    """Dotted names of a module's functions, classes, methods, and constants with a value or a type."""

    def walk(body: list[ast.stmt], prefix: str) -> Iterator[str]:
        for node in body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield prefix + node.name
                if isinstance(node, ast.ClassDef):
                    yield from walk(node.body, f"{prefix}{node.name}.")
            for target in _targets(node):
                if isinstance(target, ast.Name):
                    yield prefix + target.id

    return set(walk(ast.parse(source).body, ""))


def _targets(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) else []
