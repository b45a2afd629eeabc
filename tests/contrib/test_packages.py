"""The wheel, the source package and the units of systemd are as installed by a user."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from ruamel.yaml import YAML

from config import load_directory, load_node
from ring.placement import hash32
from tests.e2e.network import Client, configured
from tests.patience import WITHIN_S

ROOT = Path(__file__).parents[2]
PARTS = ("config", "contrib", "gateway", "ring", "pyproject.toml", "README.md", "LICENSE")
NOT_THERE = shutil.ignore_patterns("__pycache__", "*.egg-info")

CALL = """
import sys
sys.path.insert(0, "contrib/packaging")
import backend
print(getattr(backend, sys.argv[1])(sys.argv[2]))
"""

CALL_COMPILED = """
import sys
sys.path.insert(0, "contrib/packaging")
import backend, cores
cores.modules = lambda root: ["ring.agenda", "ring.placement"]
hook, out, settings = getattr(backend, sys.argv[1]), sys.argv[2], {"compiled": "yes"}
assert any(word.startswith("mypy") for word in backend.get_requires_for_build_wheel(settings))
print(hook(out, settings))
"""
"""Builds a wheel with two compiled modules: to compile all cores takes minutes."""

IMPORT_ALL = """
import pkgutil, sys, circlet
names = [found.name for found in pkgutil.walk_packages(circlet.__path__, "circlet.")]
for name in names:
    name.endswith("__main__") or __import__(name)
print(len(names), sorted({"config", "gateway", "ring"} & sys.modules.keys()))
"""


def call(sources: Path, hook: str, out: Path, script: str = CALL) -> str:
    """Return the result of a build backend's hook; each hook has a process of its own (PEP 517)."""
    done = subprocess.run(
        [sys.executable, "-c", script, hook, str(out)],
        cwd=sources,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources."""
    copy = tmp_path_factory.mktemp("copy")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, copy / part, ignore=NOT_THERE)
        else:
            shutil.copy(ROOT / part, copy)
    return copy


@pytest.fixture(scope="module")
def built(copy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both packages, made from a copy of the sources, and `site`, the wheel unpacked."""
    out = tmp_path_factory.mktemp("built")
    wheel, _, metadata = (
        call(copy, hook, out) for hook in ("build_wheel", "build_sdist", "prepare_metadata_for_build_wheel")
    )
    with zipfile.ZipFile(out / wheel) as archive:
        archive.extractall(out / "site")
        for name in ("entry_points.txt", "top_level.txt"):  # the announced metadata are the built metadata
            assert archive.read(f"{metadata}/{name}") == (out / metadata / name).read_bytes()
    return out


def run(built: Path, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Python with the unpacked wheel, and without this repository at hand."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(built / "site")},
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )


def test_the_wheel_installs_one_top_level_package_with_the_command(built: Path) -> None:
    (metadata,) = (built / "site").glob("*.dist-info")
    assert {path.name for path in (built / "site").iterdir()} == {"circlet", metadata.name}
    assert "circlet = circlet.gateway.cli.main:main" in (metadata / "entry_points.txt").read_text()
    assert (metadata / "top_level.txt").read_text() == "circlet\n"
    for name in ("config/node.example.yaml", "config/py.typed"):
        assert (built / "site/circlet" / name).read_bytes() == (ROOT / name).read_bytes()


def test_every_module_of_the_wheel_imports_its_neighbours_by_their_new_names(built: Path, tmp_path: Path) -> None:
    done = run(built, "-c", IMPORT_ALL, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    number, strangers = done.stdout.strip().split(" ", 1)
    assert int(number) > 300 and strangers == "[]"


@pytest.mark.e2e
def test_a_network_runs_from_the_wheel(built: Path, tmp_path: Path) -> None:
    net = tmp_path / "net"
    port = configured(net, 2, 1)
    up = subprocess.Popen(
        [sys.executable, "-m", "circlet", "up", str(net)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(built / "site"), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert up.stdout is not None
        while "127.0.0.2" not in up.stdout.readline():  # the greeting, when both nodes take clients
            assert up.poll() is None
        ann, bob = Client("127.0.0.1", port, "ann"), Client("127.0.0.2", port, "bob")
        for person in (ann, bob):
            person.send("JOIN #erlang")
            person.expect(" 366 ")
        ann.send("PRIVMSG #erlang :hello")
        ann.sync()
        bob.sync()
        assert bob.heard("#erlang") == ["hello"]
        assert run(built, "-m", "circlet", "status", "--config", str(net / "node-1.yaml"), cwd=tmp_path).returncode == 0
        assert run(built, "-m", "circlet", "stop", "all", str(net), cwd=tmp_path).returncode == 0
        assert up.wait(WITHIN_S) == 0
    finally:
        up.kill()
        up.wait()


def test_a_wheel_may_have_compiled_cores(copy: Path, tmp_path: Path) -> None:
    name = call(copy, "build_wheel", tmp_path, CALL_COMPILED)
    assert name.startswith("circlet-") and f"-cp3{sys.version_info.minor}-" in name and "none-any" not in name
    with zipfile.ZipFile(tmp_path / name) as archive:
        archive.extractall(tmp_path / "site")
        (about,) = (name for name in archive.namelist() if name.endswith("/WHEEL"))
        assert "Root-Is-Purelib: false" in archive.read(about).decode()
    told = run(tmp_path, "-m", "circlet", "version", "--modules", cwd=tmp_path)
    assert told.stdout.splitlines()[1:] == ["cores: compiled (2 modules)", "ring.agenda", "ring.placement"], told.stderr
    script = "from circlet.ring import placement; print(placement.__file__, placement.hash32('#erlang'))"
    file, point = run(tmp_path, "-c", script, cwd=tmp_path).stdout.split()
    assert not file.endswith(".py") and int(point) == hash32("#erlang")


def test_the_source_package_can_build_the_wheel_again(built: Path) -> None:
    (source,) = built.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        names = {Path(*Path(name).parts[1:]).as_posix() for name in archive.getnames()}
    assert {"contrib/packaging/backend.py", "pyproject.toml", "ring/ids.py", "config/node.example.yaml"} <= names


@pytest.fixture(scope="module")
def backend() -> ModuleType:
    spec = importlib.util.spec_from_file_location("backend", ROOT / "contrib/packaging/backend.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_imports_are_renamed_and_nothing_else(backend: ModuleType) -> None:
    source = (
        '"""from ring.ids import x"""\nfrom ring.ids import (\n    Id,\n)\nfrom ringing import bell\n'
        "from config import load\ndef f():\n    from gateway.irc import line\nfrom . import config\n"
        "from os import path\n"
    )
    assert backend.rename_imports(source, "m.py") == (
        '"""from ring.ids import x"""\nfrom circlet.ring.ids import (\n    Id,\n)\nfrom ringing import bell\n'
        "from circlet.config import load\ndef f():\n    from circlet.gateway.irc import line\nfrom . import config\n"
        "from os import path\n"
    )


@pytest.mark.parametrize("source", ["import ring\n", "import os, ring.ids\n", "import config as c\n"])
def test_an_import_that_has_no_new_name_stops_the_build(backend: ModuleType, source: str) -> None:
    with pytest.raises(ValueError, match=r"m\.py:1: write `from package import module`"):
        backend.rename_imports(source, "m.py")


@pytest.mark.parametrize("kind", ["node", "directory"])
def test_systemd_takes_the_units_and_finds_them_confined(kind: str, tmp_path: Path) -> None:
    text = (ROOT / f"contrib/systemd/circlet-{kind}@.service").read_text()
    assert f"/usr/local/bin/circlet {kind} /etc/circlet/%i.yaml" in text
    unit = tmp_path / f"circlet-{kind}@.service"
    unit.write_text(text.replace("/usr/local/bin/circlet", sys.executable))  # systemd asks for an existing program
    for words in (["verify"], ["security", "--offline=yes", "--threshold=20", "--no-pager"]):
        done = subprocess.run(
            ["systemd-analyze", *words, str(unit)], capture_output=True, text=True, timeout=WITHIN_S, check=False
        )
        assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr


COMPOSE = ROOT / "contrib/container/compose.yaml"


def test_the_compose_file_runs_what_its_files_describe(tmp_path: Path) -> None:
    """The first service writes the files; every address and command of the other services fits the files."""
    compose = YAML(typ="safe").load(COMPOSE)
    services = compose["services"]
    (script,) = services["files"]["command"]
    program = tmp_path / "bin" / "circlet"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m gateway.cli.main "$@"\n')
    program.chmod(0o755)
    subprocess.run(
        ["sh", "-euc", script.replace("/etc/circlet", str(tmp_path))],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)},
        timeout=WITHIN_S,
        check=True,
    )
    for number in (1, 2, 3):
        node, directory = services[f"node-{number}"], services[f"directory-{number}"]
        config = load_node(tmp_path / Path(node["command"][1]).relative_to("/etc/circlet"))
        address = node["networks"]["ring"]["ipv4_address"]
        assert config.node.ip == address and config.http is not None and config.http.host == address
        assert str(config.node.state_dir).startswith("/var/lib/circlet/")
        assert f"http://{address}:{config.http.port}/readyz" in node["healthcheck"]["test"][-1]
        assert [port.split(":")[-1] for port in node["ports"]] == [
            str(config.listeners[0].port),
            str(config.http.port),
        ]
        described = load_directory(tmp_path / Path(directory["command"][1]).relative_to("/etc/circlet"))
        assert described.address in config.directories and described.address.host == address
        assert directory["network_mode"] == f"service:node-{number}"
    for service in services.values():
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert all(volume.partition(":")[0] in compose["volumes"] for volume in service["volumes"])


def test_the_image_is_built_from_files_that_are_there_and_runs_as_nobody_special() -> None:
    lines = (ROOT / "contrib/container/Containerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("USER")] == ["USER circlet"]
    wanted = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert {*PARTS, "constraints.txt", "contrib/packaging"} - {"contrib"} == {*wanted}
    assert all((ROOT / path).exists() for path in wanted)
