"""Which modules are compiled, and that the copy with compiled cores follows the repository."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]

PROJECT = """
[[tool.importlinter.contracts]]
name = "cores do no input or output"
source_modules = ["ring", "gateway.core"]
"""

SOURCES = {
    "ring/plain.py": "class Plain: ...\n",
    "ring/struct.py": "import msgspec\nfrom ring.pair import Pair\nclass A(msgspec.Struct):\n    p: Pair\n",
    "ring/below.py": "from ring.struct import A\nclass B(A, tag=1): ...\n",
    "ring/pair.py": "from typing import NamedTuple\nfrom ring.inner import In\nclass Pair(NamedTuple):\n    i: In\n",
    "ring/inner.py": "from typing import NamedTuple\nclass In(NamedTuple):\n    x: int\n",
    "ring/lone.py": "from typing import NamedTuple\nclass Lone(NamedTuple):\n    x: int\n",
    "ring/port.py": "from abc import ABC, abstractmethod\nclass Port(ABC): ...\n",
    "ring/ported.py": "from ring.port import Port\nclass Ported(Port): ...\n",
    "ring/slotted.py": "from ring.port import Port\nclass Slotted(Port):\n    __slots__ = ('x',)\n",
    "ring/slots.py": "class Slots:\n    __slots__ = ('x',)\nclass More(Slots):\n    __slots__ = ()\n",
    "ring/called.py": "from ring.plain import Plain\nclass Called(Plain):\n    def __call__(self): ...\n",
    "ring/base.py": "class Base: ...\n",
    "ring/history/child.py": "from ring.base import Base\nclass Child(Base): ...\n",
    "gateway/core/core.py": "x = 1\n",
    "gateway/shell.py": "x = 1\n",
}


@pytest.fixture(scope="module")
def cores() -> ModuleType:
    spec = importlib.util.spec_from_file_location("cores", ROOT / "contrib/packaging/cores.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for name, text in {"pyproject.toml": PROJECT, **SOURCES}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_core_is_compiled_unless_mypyc_has_reasons_against(cores: ModuleType, sources: Path) -> None:
    """Interpreted: structs and their named tuples, ports, slots below an interpreted class, a base of an interpreted
    class, what is called and below a compiled class, packages that are cold, and shells."""
    assert cores.modules(sources) == [
        "gateway.core.core", "ring.lone", "ring.ported", "ring.slots",
    ]  # fmt: skip


def test_the_hot_path_is_compiled_and_every_exception_exists(cores: ModuleType) -> None:
    compiled = cores.modules(ROOT)
    hot = {
        "gateway.edge.client.outputs", "gateway.edge.client.plain", "gateway.edge.client.rendering",
        "gateway.edge.client.talk", "gateway.state.channel.channel", "ring.node", "ring.replication.replica",
        "ring.submit",
    }  # fmt: skip
    assert hot <= {*compiled} and len(compiled) > 100
    for name in (*cores.EXCEPTIONS, *cores.COLD, *cores.WARM, *cores.SLOTTED):
        path = ROOT / name.replace(".", "/")
        assert path.is_dir() or path.with_suffix(".py").exists(), name


def test_the_copy_follows_the_repository_and_is_compiled_anew_after_a_change_alone(
    cores: ModuleType, sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []
    monkeypatch.setattr(cores, "compile_modules", lambda tree, names: runs.append(names))
    tree = tmp_path / "tree"
    for _ in range(2):
        cores.main(sources, tree)
    assert len(runs) == 1 and (tree / "ring/plain.py").read_text() == SOURCES["ring/plain.py"]
    binary = tree / "ring/plain.cpython-311.so"
    binary.touch()
    (sources / "ring/plain.py").write_text("class Plainer: ...\n")
    (sources / "ring/lone.py").unlink()
    cores.main(sources, tree)
    assert len(runs) == 2 and "ring.lone" not in runs[1]
    assert not binary.exists() and not (tree / "ring/lone.py").exists()
    assert "Plainer" in (tree / "ring/plain.py").read_text()


def test_a_copy_whose_compiling_failed_runs_interpreted_and_is_compiled_again(
    cores: ModuleType, sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(tree: Path, names: list[str]) -> None:
        raise SystemExit("no compiler")

    tree = tmp_path / "tree"
    (tree / "ring").mkdir(parents=True)
    (tree / "ring/plain.cpython-311.so").touch()
    monkeypatch.setattr(cores, "compile_modules", fail)
    with pytest.raises(SystemExit):
        cores.main(sources, tree)
    assert not [*tree.rglob("*.so")] and not (tree / cores.STAMP).exists()
