"""Compile cores with mypyc: in a copy of the repository (`make compiled`), and in a wheel (backend.py).

The Python sources stay the only sources. A compiled module stands beside the copy of the module's source, in
`build/compiled` or in the wheel, and never in the repository: an edited source runs as edited.

`modules` chooses by rule: a core (the contract "cores do no input or output" in pyproject.toml) without reasons against
compiling the core (`why_interpreted`).
"""

from __future__ import annotations

import ast
import contextlib
import os
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence, Set
from functools import partial
from hashlib import sha256
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any, Final, NamedTuple

from setuptools import Distribution
from setuptools.command.build_ext import build_ext

CONTRACT: Final = "cores do no input or output"

COLD: Final = (
    "gateway.accounts", "gateway.admin", "gateway.admin_clients", "gateway.commands", "gateway.edge.accounts",
    "gateway.edge.cursors", "gateway.edge.rpc", "gateway.edge.sessions", "gateway.findings", "gateway.happenings",
    "gateway.load", "gateway.look", "gateway.recording", "gateway.services", "gateway.state.account",
    "gateway.state.session", "gateway.state.throttle", "gateway.status", "gateway.survey", "gateway.trace",
    "gateway.web", "gateway.webhooks", "gateway.words", "ring.history", "ring.membership.directory",
    "ring.replication.absent", "ring.replication.broken", "ring.replication.forks", "ring.replication.handoff",
    "ring.replication.hearsay", "ring.replication.incoming", "ring.replication.merge", "ring.replication.mistakes",
    "ring.replication.promises", "ring.replication.recovery", "ring.replication.restore",
    "ring.replication.returning", "ring.replication.silent", "ring.replication.thin",
)  # fmt: skip
"""Packages and modules that no message of the hot path passes: to compile these gains nothing, and takes minutes."""

WARM: Final = ("gateway.commands.joining", "gateway.commands.messages", "gateway.commands.table")
"""Modules in packages of COLD that are compiled for all that."""

EXCEPTIONS: Final = {
    "ring.membership.failure_detector": "Hearing is a port",
    "ring.replication.log": "mypyc compiles no subclass of list",
    "ring.replication.state_machine": "KindBase and StateBase have subclasses in interpreted modules",
}
"""Modules with a reason of their own to stay interpreted."""

SLOTTED: Final = ("gateway.edge.client.slots",)
"""Compiled modules that import abc: classes below have slots, and no port is there."""

STRUCT: Final = "msgspec.Struct"


def modules(root: Path) -> list[str]:
    """The names of the modules to compile, sorted. root: the repository, or an unpacked source package."""
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (cores,) = (contract["source_modules"] for contract in contracts if contract["name"] == CONTRACT)
    trees = {name: ast.parse(path.read_bytes()) for name, path in _sources(root)}
    classes = _classes(trees)
    structs = {_module(name) for name in classes if _is_struct(name, classes)}
    structs |= _tuples_of(structs, trees, classes)
    chosen = {name for name in trees if _is_in(name, cores) and not why_interpreted(name, trees[name], structs)}
    while stuck := _stuck(classes, chosen):
        chosen -= stuck
    return sorted(chosen)


def why_interpreted(name: str, tree: ast.Module, structs: Set[str]) -> str:
    """The reason to leave a core interpreted, in words; empty: the core is compiled."""
    if _is_in(name, COLD) and name not in WARM:
        return "no message of the hot path passes the module"
    if name in EXCEPTIONS:
        return EXCEPTIONS[name]
    if name in structs:
        return "msgspec reads the annotations of structs and of the named tuples in structs: mypyc drops annotations"
    imports = (node.module for node in tree.body if isinstance(node, ast.ImportFrom))
    if "abc" in imports and name not in SLOTTED:
        return "a port: interpreted modules have implementations, with attributes of narrower types"
    return ""


class Class(NamedTuple):
    """A class of a source. bases: full names."""

    bases: set[str]
    has_slots: bool
    is_called: bool


def _stuck(classes: Mapping[str, Class], chosen: Set[str]) -> set[str]:
    """The chosen modules that mypyc cannot compile: a class there has an interpreted class below, or has slots and an
    interpreted base, or is called and has a compiled base that is not (mypyc 2.4: the layouts of the two differ).
    """
    found: set[str] = set()
    for name, described in classes.items():
        for base in described.bases & classes.keys():
            if _module(name) not in chosen:
                found.add(_module(base))
            elif _module(base) not in chosen:
                found |= {_module(name)} if described.has_slots else set()
            elif described.is_called and not classes[base].is_called:
                found.add(_module(name))
    return found & chosen


def _module(name: str) -> str:
    return name.rpartition(".")[0]


def _tuples_of(structs: Set[str], trees: Mapping[str, ast.Module], classes: Mapping[str, Class]) -> set[str]:
    """The modules of the named tuples that modules with structs import, and that these modules import in turn."""
    found: set[str] = set()
    while (
        more := {
            _module(full)
            for name in structs | found
            for _, full in _imported(trees[name])
            if full in classes and "typing.NamedTuple" in classes[full].bases
        }
        - found
    ):
        found |= more
    return found


def _is_struct(name: str, classes: Mapping[str, Class]) -> bool:
    bases = classes[name].bases if name in classes else ()
    return any(base == STRUCT or _is_struct(base, classes) for base in bases)


def _sources(root: Path) -> Iterator[tuple[str, Path]]:
    """Names and files of all modules of ring and gateway, without the packages' own."""
    for folder in ("ring", "gateway"):
        for path in (root / folder).rglob("*.py"):
            if path.name != "__init__.py":
                yield ".".join(path.relative_to(root).with_suffix("").parts), path


def _is_in(name: str, packages: Sequence[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def _classes(trees: Mapping[str, ast.Module]) -> dict[str, Class]:
    """All classes, by full name."""
    classes: dict[str, Class] = {}
    for name, tree in trees.items():
        imported = dict(_imported(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                names = {named.id for line in node.body for named in ast.walk(line) if isinstance(named, ast.Name)}
                defined = {line.name for line in node.body if isinstance(line, ast.FunctionDef)}
                bases = {_full_name(name, base, imported) for base in node.bases}
                classes[f"{name}.{node.name}"] = Class(bases, "__slots__" in names, "__call__" in defined)
    return classes


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.asname or alias.name, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)


def _full_name(module: str, base: ast.expr, imported: Mapping[str, str]) -> str:
    if isinstance(base, ast.Subscript):
        return _full_name(module, base.value, imported)
    if isinstance(base, ast.Attribute):
        return f"{_full_name(module, base.value, imported)}.{base.attr}"
    return imported.get(base.id, f"{module}.{base.id}") if isinstance(base, ast.Name) else ""


def compile_modules(tree: Path, names: Sequence[str]) -> None:
    """Compile the modules, and put each beside the module's source. tree: folder of the top-level packages.

    Raises SystemExit with mypy's or the C compiler's words.
    """
    from mypyc.build import mypycify  # not needed where wheels are not compiled

    if "CC" not in os.environ and shutil.which("ccache"):
        os.environ["CC"] = "ccache cc"
    paths = [f"{name.replace('.', '/')}.py" for name in names]
    with contextlib.chdir(tree), tempfile.TemporaryDirectory() as work:
        options = ["--config-file", os.devnull, "--cache-dir", f"{work}/mypy", "--ignore-missing-imports"]
        extensions = mypycify(
            [*options, *paths], opt_level=os.environ.get("OPT_LEVEL", "1"), debug_level="0", multi_file=True,
            target_dir=work, group_name="circlet_cores",
        )  # fmt: skip
        command = _Parallel(Distribution({"ext_modules": extensions}))
        command.build_lib, command.build_temp = str(tree.resolve()), work
        command.ensure_finalized()
        command.run()


class _Parallel(build_ext):  # type: ignore[misc]  # setuptools has no types
    """Compiles the C files of an extension on all processors: nearly all C files belong to a single extension."""

    def build_extensions(self) -> None:
        self.compiler.compile = partial(_compile, self.compiler)
        super().build_extensions()


def _compile(compiler: Any, sources: list[str], **given: Any) -> list[str]:
    """What `compile` of a compiler of setuptools does, with several files at a time."""
    after, depends = given.get("extra_postargs"), given.get("depends")
    _, objects, after, options, todo = compiler._setup_compile(
        given.get("output_dir"), given.get("macros"), given.get("include_dirs"), sources, depends, after
    )
    before = compiler._get_cc_args(options, given.get("debug"), given.get("extra_preargs"))
    jobs = [(made, *todo[made], before, after, options) for made in objects if made in todo]
    with ThreadPool(len(os.sched_getaffinity(0))) as pool:
        pool.starmap(compiler._compile, jobs, chunksize=1)
    return list(objects)


# A copy of the repository with compiled cores ------------------------------------------------------------------------

PARTS: Final = (
    ".ci", ".dockerignore", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md",
    "config", "constraints.txt", "contrib", "gateway", "pyproject.toml", "ring", "tests",
)  # fmt: skip
"""What tests with compiled cores need of the repository."""

BINARIES: Final = "*.so"
STAMP: Final = ".compiled"
"""The file in the copy that names the compiled sources, by a sum over all of them."""


def main(root: Path, tree: Path) -> None:
    """Bring the copy up to date, and compile the cores anew if a source has changed."""
    _copy(root, tree)
    names = modules(tree)
    total = sha256(repr((sys.version, names)).encode())
    for _, path in sorted(_sources(tree)):
        total.update(path.read_bytes())
    stamp = tree / STAMP
    if not stamp.exists() or stamp.read_text() != total.hexdigest():
        for binary in tree.rglob(BINARIES):
            binary.unlink()
        stamp.unlink(missing_ok=True)
        compile_modules(tree, names)
        stamp.write_text(total.hexdigest())
    sys.stdout.write(f"{len(names)} compiled modules in {tree}\n")


def _copy(root: Path, tree: Path) -> None:
    """Make the files of the copy those of the repository."""
    parts = [root / part for part in PARTS]
    files = [path for part in parts for path in ([part] if part.is_file() else part.rglob("*")) if path.is_file()]
    wanted = {path.relative_to(root): path for path in files if "__pycache__" not in path.parts}
    for name, path in wanted.items():
        copied = tree / name
        if not copied.exists() or copied.read_bytes() != path.read_bytes():
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copied)
    for path in tree.rglob("*.py"):
        if path.relative_to(tree) not in wanted:
            path.unlink()


if __name__ == "__main__":
    main(Path.cwd(), Path.cwd() / "build/compiled")
