"""The build backend (PEP 517): setuptools, but the wheel installs one top-level package, `circlet`.

The folders `config`, `ring` and `gateway` stand at the top of the repository, and their modules import each other by
these names. A wheel of setuptools would install the folders as top-level modules; `config` in particular would meet
other packages of that name. So `build_wheel` moves the folders of the wheel into `circlet/` and rewrites their absolute
imports: `from ring.ids import x` becomes `from circlet.ring.ids import x`. No line is added or removed, so the lines of
a traceback are those of the repository. Editable installs keep the repository's own names.

With the setting `compiled` (`pip wheel . -C compiled=yes`) the wheel has compiled cores, too (cores.py), and fits this
version of Python and this kind of machine alone.
"""

from __future__ import annotations

import ast
import sys
import sysconfig
from importlib import import_module
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, Final

from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
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


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    """The packages needed to build the wheel, beside those in pyproject.toml."""
    requires: list[str] = build_meta.get_requires_for_build_wheel(config_settings)
    return [*requires, "mypy>=2.0"] if _is_compiled(config_settings) else requires


def build_wheel(wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None) -> str:
    """Build the wheel; return its file name in `wheel_directory`."""
    with TemporaryDirectory() as folder:
        name: str = build_meta.build_wheel(folder, config_settings)
        gathered = Path(folder, "gathered", name)
        gathered.parent.mkdir()
        gather(Path(folder, name), gathered)
        if _is_compiled(config_settings):
            return compile_cores(gathered, Path(wheel_directory))
        Path(wheel_directory, name).write_bytes(gathered.read_bytes())
    return name


def _is_compiled(config_settings: Settings) -> bool:
    return bool(config_settings and config_settings.get("compiled"))


def compile_cores(pure: Path, wheel_directory: Path) -> str:
    """Write the wheel `pure` with compiled cores; return the name of the wheel's file in `wheel_directory`."""
    cores: Any = import_module("cores")  # beside this file, as backend-path says
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    tag = f"{python}-{python}-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
    made = wheel_directory / pure.name.replace("py3-none-any", tag)
    with TemporaryDirectory() as folder:
        site = Path(folder)
        with WheelFile(pure) as source:
            source.extractall(site)
        cores.compile_modules(site, [f"{PACKAGE}.{name}" for name in cores.modules(Path.cwd())])
        (about,) = site.glob("*.dist-info/WHEEL")
        text = about.read_text().replace("py3-none-any", tag)
        about.write_text(text.replace("Root-Is-Purelib: true", "Root-Is-Purelib: false"))
        with WheelFile(made, "w") as target:
            target.write_files(str(site))
    return made.name


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
