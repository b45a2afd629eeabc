"""circlet version."""

from __future__ import annotations

import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from gateway.io import version
from tests.gateway.cli.invoking import circlet


def test_the_version_names_how_the_cores_run() -> None:
    """A module runs compiled exactly if the module's file is no Python source."""
    first, cores, *names = circlet("version", "--modules").output.splitlines()
    assert first == f"circlet {version.VERSION}"
    loaded = {name for name, module in sys.modules.items() if _is_core(name) and not _is_source(module)}
    assert loaded <= {*names}
    assert cores == (f"cores: compiled ({len(names)} modules)" if names else "cores: interpreted")
    assert circlet("version").output.splitlines() == [first, cores]


def _is_core(name: str) -> bool:
    return name.startswith(("ring.", "gateway."))


def _is_source(module: object) -> bool:
    return str(getattr(module, "__file__", "")).endswith(".py")


def test_each_compiled_file_is_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ring/ids", "ring/wire/codec", "gateway/io/version"):
        path = tmp_path / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        path.with_suffix(EXTENSION_SUFFIXES[0]).touch()
    (tmp_path / "ring/node.py").touch()
    monkeypatch.setattr(version, "__file__", str(tmp_path / "gateway/io/version.py"))
    version.compiled_modules.cache_clear()
    assert version.compiled_modules() == ("gateway.io.version", "ring.ids", "ring.wire.codec")
    assert circlet("version").output.endswith("cores: compiled (3 modules)\n")
    version.compiled_modules.cache_clear()
