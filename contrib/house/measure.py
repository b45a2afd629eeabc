"""How the code is laid out, in numbers: python -m contrib.house.measure. Takes some seconds.

A circle is a set of modules, each of which imports each other one by way of modules of the set; imports for type
checkers count. A reach is an expression `engine.part.name` in another file than that of the part's class.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import grimp
from rich.console import Console
from rich.table import Table

from contrib.house.rules import citations

ROOT = Path(__file__).parents[2]
FOLDERS = ("ring", "gateway")

CIRCLE = 3
"""So many modules may know each other in a circle."""

LONG = 400
"""Lines of a file."""

PRONOUNS = frozenset(
    "it its they them their one ones who whom whose what that those whoever whatever".split()  # noqa: SIM905
)


class Module:
    """One file of the program."""

    def __init__(self, root: Path, path: Path) -> None:
        self.root = root
        self.path = path.relative_to(root)
        self.source = path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @property
    def lines(self) -> int:
        return self.source.count("\n")

    @property
    def comment_lines(self) -> int:
        """Lines with a comment, alone or after code, without the rulers between parts of a class."""
        tokens = tokenize.generate_tokens(io.StringIO(self.source).readline)
        return sum(token.type == tokenize.COMMENT and not token.string.endswith("---") for token in tokens)

    @cached_property
    def docstrings(self) -> list[ast.Constant]:
        """All docstrings, those of constants and fields included."""
        found = [node.value for node in ast.walk(self.tree) if isinstance(node, ast.Expr)]
        return [value for value in found if isinstance(value, ast.Constant) and isinstance(value.value, str)]

    @property
    def docstring_lines(self) -> int:
        return sum((one.end_lineno or one.lineno) - one.lineno + 1 for one in self.docstrings)

    def docstring_words(self) -> Iterator[str]:
        """Words in small letters."""
        for one in self.docstrings:
            yield from re.findall(r"[a-z]+", str(one.value).lower())

    @property
    def has_own_test(self) -> bool:
        return (self.root / "tests" / self.path.parent / f"test_{self.path.name}").exists()


def modules(root: Path, folder: str) -> list[Module]:
    """The files of a folder that hold code."""
    return [module for path in sorted((root / folder).rglob("*.py")) if (module := Module(root, path)).tree.body]


def circles(graph: grimp.ImportGraph, folder: str) -> list[set[str]]:
    """The sets of more than `CIRCLE` modules of a folder that know each other, the largest first."""
    left = {name for name in graph.modules if name.startswith(f"{folder}.")}
    found = []
    while left:
        name = min(left)
        circle = {name, *(graph.find_upstream_modules(name) & graph.find_downstream_modules(name))}
        left -= circle
        if len(circle) > CIRCLE:
            found.append(circle)
    return sorted(found, key=len, reverse=True)


def parts_of_engine(root: Path) -> dict[str, str]:
    """The parts of the engine: attribute -> the file of the part's class, from the root."""
    tree = ast.parse((root / "ring/node.py").read_text())
    homes = {
        alias.name: f"{node.module.replace('.', '/')}.py"
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module is not None
        for alias in node.names
    }
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            made = node.value.func
            if isinstance(target, ast.Attribute) and isinstance(made, ast.Name) and made.id in homes:
                found[target.attr] = homes[made.id]
    return found


def reaches(module: Module, parts: dict[str, str]) -> Counter[tuple[str, str]]:
    """How often the module reaches by way of the engine into which part: (path, part) -> times."""
    found: Counter[tuple[str, str]] = Counter()
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Attribute) or parts.get(node.attr, str(module.path)) == str(module.path):
            continue
        owner = node.value
        if (isinstance(owner, ast.Name) and owner.id == "engine") or (
            isinstance(owner, ast.Attribute) and owner.attr == "engine"
        ):
            found[str(module.path), node.attr] += 1
    return found


def _sizes(found: list[set[str]]) -> str:
    return f"{sum(map(len, found))} ({', '.join(str(len(one)) for one in found)})" if found else "0"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %"


def measure(root: Path, folder: str, graph: grimp.ImportGraph) -> dict[str, str]:
    """The rows of one folder: what is measured -> how much."""
    found = modules(root, folder)
    parts = parts_of_engine(root)
    reached = sum((reaches(module, parts) for module in found), Counter[tuple[str, str]]())
    long = sorted((m for m in found if m.lines > LONG), key=lambda m: m.lines, reverse=True)
    lines = sum(m.lines for m in found)
    words = Counter(word for module in found for word in module.docstring_words())
    cited = [number for _, number in citations(root, folder)]
    names = ", ".join(f"{module.path.relative_to(folder).with_suffix('')} {module.lines}" for module in long)
    return {
        f"files in circles of more than {CIRCLE} (size of each circle)": _sizes(circles(graph, folder)),
        "reaches by way of engine. into a part (pairs of file and part)": f"{reached.total()} ({len(reached)})",
        f"files over {LONG} lines": f"{len(long)}: {names}" if long else "0",
        "lines": str(lines),
        "of these, lines with a comment; lines of docstrings": "; ".join(
            _share(sum(counts), lines)
            for counts in ((m.comment_lines for m in found), (m.docstring_lines for m in found))
        ),
        "pronouns among the words of docstrings": _share(sum(words[word] for word in PRONOUNS), words.total()),
        "modules with a test file of their own": f"{sum(m.has_own_test for m in found)} of {len(found)}",
        "rules cited (citations)": f"{len({*cited})} ({len(cited)})",
    }


def main() -> None:
    graph = grimp.build_graph(*FOLDERS, exclude_type_checking_imports=False, cache_dir=None)
    columns = [measure(ROOT, folder, graph) for folder in FOLDERS]
    table = Table("", *(f"{folder}/" for folder in FOLDERS))
    for row in columns[0]:
        table.add_row(row, *(column[row] for column in columns))
    Console().print(table)


if __name__ == "__main__":
    main()
