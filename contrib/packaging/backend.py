"""The build backend (PEP 517): setuptools, but the wheel installs one top-level package, `circlet`.

The folders `config`, `ring` and `gateway` stand at the top of the repository, and their modules import each other by
these names. A wheel of setuptools would install the folders as top-level modules; `config` in particular would meet
other packages of that name. So `build_wheel` moves the folders of the wheel into `circlet/` and rewrites their absolute
imports: `from ring.ids import x` becomes `from circlet.ring.ids import x`. No line is added or removed, so the lines of
a traceback are those of the repository. Editable installs keep the repository's own names.
"""

from __future__ import annotations

import ast
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, Final

from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
)
from setuptools.command.egg_info import manifest_maker
from wheel.wheelfile import WheelFile

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

Settings = dict[str, Any] | None

PACKAGE: Final = "circlet"
FOLDERS: Final = frozenset(("config", "gateway", "ring"))
INIT: Final = '"""An IRC network made of supernodes on a hash ring. The program is `circlet`."""\n'
MAIN: Final = f'"""python -m {PACKAGE}"""\n\nfrom {PACKAGE}.gateway.cli.main import main\n\nmain()\n'

manifest_maker.template = "contrib/packaging/MANIFEST.in"  # a source package needs this backend, too


def build_wheel(wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None) -> str:
    """Build the wheel; return its file name in `wheel_directory`."""
    with TemporaryDirectory() as folder:
        name: str = build_meta.build_wheel(folder, config_settings)
        gather(Path(folder, name), Path(wheel_directory, name))
    return name


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: Settings = None) -> str:
    """The metadata that the wheel will have; return the folder's name in `metadata_directory`."""
    name: str = build_meta.prepare_metadata_for_build_wheel(metadata_directory, config_settings)
    for path in Path(metadata_directory, name).iterdir():
        if path.is_file():
            path.write_bytes(_metadata(path.name, path.read_bytes()))
    return name


def gather(plain: Path, gathered: Path) -> None:
    """Write the wheel `gathered`: `plain` with all folders in one package. Raises ValueError (`rename_imports`)."""
    with WheelFile(plain) as source, WheelFile(gathered, "w") as target:
        target.writestr(f"{PACKAGE}/__init__.py", INIT)
        target.writestr(f"{PACKAGE}/__main__.py", MAIN)
        for entry in source.infolist():
            path, data = PurePosixPath(entry.filename), source.read(entry)
            if path.name == "RECORD":  # written anew, with the new names and sums
                continue
            if path.parts[0] not in FOLDERS:
                target.writestr(entry.filename, _metadata(path.name, data))
            else:
                text = rename_imports(data.decode(), entry.filename) if path.suffix == ".py" else data
                target.writestr(f"{PACKAGE}/{entry.filename}", text)


def rename_imports(source: str, name: str) -> str:
    """The module's text with its imports of this program's folders below `circlet`. Raises ValueError."""
    lines = source.splitlines(keepends=True)
    for node in ast.walk(ast.parse(source, name)):
        if isinstance(node, ast.Import) and any(_is_ours(alias.name) for alias in node.names):
            raise ValueError(
                f"{name}:{node.lineno}: write `from package import module`: `import package` has no new name"
            )
        if isinstance(node, ast.ImportFrom) and node.level == 0 and _is_ours(node.module or ""):
            place = node.lineno - 1
            lines[place] = lines[place].replace(f"from {node.module}", f"from {PACKAGE}.{node.module}", 1)
    return "".join(lines)


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in FOLDERS


def _metadata(name: str, data: bytes) -> bytes:
    """The content of a file of the wheel's dist-info."""
    if name == "entry_points.txt":
        return data.replace(b"= gateway.", f"= {PACKAGE}.gateway.".encode())
    return f"{PACKAGE}\n".encode() if name == "top_level.txt" else data
