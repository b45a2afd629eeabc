"""The measurements of the code's layout count what they say."""

from __future__ import annotations

from pathlib import Path

import grimp
import pytest

from contrib.house.measure import FOLDERS, PRONOUNS, ROOT, Module, circles, measure, modules, parts_of_engine, reaches

SOURCE = '''"""It begins."""

from __future__ import annotations

# ruler ----
LIMIT = 3  # after code
"""Those who wait."""


class Part:
    """A part
    of two lines."""

    def go(self) -> None:
        # why
        self.engine.masters.lead("# no comment")
        engine.masters.groups.clear()
        engine.now.real
'''


@pytest.fixture
def module(tmp_path: Path) -> Module:
    (tmp_path / "ring").mkdir()
    (tmp_path / "ring/part.py").write_text(SOURCE)
    (tmp_path / "ring/__init__.py").write_text("")
    [found] = modules(tmp_path, "ring")
    return found


def test_comments_and_docstrings_are_told_apart(module: Module) -> None:
    assert module.lines == 18
    assert module.comment_lines == 2
    assert module.docstring_lines == 4
    assert [word for word in module.docstring_words() if word in PRONOUNS] == ["it", "those", "who"]


def test_a_test_file_of_its_own_mirrors_the_tree(module: Module) -> None:
    assert not module.has_own_test
    (module.root / "tests/ring").mkdir(parents=True)
    (module.root / "tests/ring/test_part.py").write_text("")
    assert module.has_own_test


def test_a_part_reaches_into_another_and_not_into_itself(module: Module) -> None:
    assert reaches(module, {"masters": "ring/master.py"}) == {("ring/part.py", "masters"): 2}
    assert not reaches(module, {"masters": "ring/part.py"})


def test_modules_that_know_each_other_are_a_circle() -> None:
    graph = grimp.ImportGraph()
    for name in ("ring.a", "ring.b", "ring.c", "ring.d", "ring.x", "ring.y", "ring.z"):
        graph.add_module(name)
    for importer, imported in ("ab", "bc", "cd", "da", "ax", "xy", "yz", "zx"):
        graph.add_import(importer=f"ring.{importer}", imported=f"ring.{imported}")
    assert circles(graph, "ring") == [{"ring.a", "ring.b", "ring.c", "ring.d"}]


def test_this_tree_is_measured() -> None:
    assert parts_of_engine(ROOT)["roles"] == "ring/replication/roles.py"
    graph = grimp.build_graph("ring", exclude_type_checking_imports=False, cache_dir=None)
    rows = measure(ROOT, "ring", graph)
    assert int(rows["lines"]) == sum(module.lines for module in modules(ROOT, "ring"))
    assert all(rows.values())


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_more_than_three_files_know_each_other_in_a_circle(folder: str) -> None:
    graph = grimp.build_graph(*FOLDERS, exclude_type_checking_imports=False, cache_dir=None)
    assert circles(graph, folder) == []
