"""circlet init: what it writes, says and refuses."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from config import load
from tests.gateway.cli.invoking import circlet, yaml_of


def test_init_for_machines_says_what_to_copy_and_what_to_run(tmp_path: Path) -> None:
    folder = tmp_path / "my net"
    result = circlet(
        "init", folder, "--nodes-at", "192.0.2.1,192.0.2.2,2001:db8::7,192.0.2.4", "--name", "irc.example.net"
    )
    assert result.exit_code == 0
    assert f"scp -r '{folder}/machine-1'/. root@192.0.2.1:/etc/circlet/" in result.output
    assert f"scp -r '{folder}/machine-3'/. root@[2001:db8::7]:/etc/circlet/" in result.output
    assert (
        "ssh root@192.0.2.2 '" in result.output
        and "circlet-directory@directory-2 circlet-node@node-2'" in result.output
    )
    assert "systemctl enable --now circlet-node@node-4'" in result.output
    assert "on 192.0.2.1, 192.0.2.2 and 2001:db8::7\n   also UDP 7700" in result.output
    assert circlet("check", *sorted(folder.glob("*/*.yaml"))).exit_code == 0


def test_init_for_a_trial_of_machines_says_what_to_run_here(tmp_path: Path) -> None:
    result = circlet("init", tmp_path / "net", "--nodes-at", "127.0.0.11,127.0.0.12", "--name", "irc.example.net")
    assert result.exit_code == 0 and f"circlet up {tmp_path}/net/machine-2" in result.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--nodes-at", "192.0.2.1"), "needs --name"),
        (("--name", "irc.example.net"), "--name goes with --nodes-at"),
        (("--nodes-at", "192.0.2.1", "--name", "irc.example.net", "--nodes", "3"), "leave out --nodes"),
        (("--nodes-at", "192.0.2.1", "--name", "irc.example.net", "--directories", "1"), "leave out --nodes"),
        (("--nodes-at", "192.0.2.1,nowhere", "--name", "irc.example.net"), "nowhere is not an IP address"),
        (("--nodes-at", "192.0.2.1", "--name", "irc"), "irc is no name for a network"),
    ],
)
def test_init_for_machines_refuses_what_does_not_fit(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    result = circlet("init", tmp_path / "net", *words)
    assert result.exit_code != 0 and said in " ".join(result.output.split())
    assert not (tmp_path / "net").exists()


def test_init_writes_a_network_that_is_ready_to_run(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "net"
    result = circlet("init", folder, "--nodes", "3", "--directories", "2")
    assert result.exit_code == 0
    names = [
        "circlet.schema.json",
        "cloak.key",
        "directory-1.yaml",
        "directory-2.yaml",
        "network.key",
        "node-1.yaml",
        "node-2.yaml",
        "node-3.yaml",
    ]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert sorted(Path(line).name for line in result.output.splitlines()) == names
    for key in ("network.key", "cloak.key"):
        assert stat.S_IMODE((folder / key).stat().st_mode) == 0o600
    assert (folder / "network.key").read_text() != (folder / "cloak.key").read_text()
    node = yaml_of(folder / "node-3.yaml")
    assert node["listeners"] == [{"host": "127.0.0.3", "port": 6667}]
    assert node["links"]["port"] == 7600 and node["node"]["ip"] == "127.0.0.3"
    assert node["directories"] == ["127.0.0.1:7700", "127.0.0.1:7701"]
    assert load(folder / "node-3.yaml").node.state_dir == folder / "state" / "node-3"  # type: ignore[union-attr]
    for path in folder.glob("*.yaml"):
        assert circlet("check", path).exit_code == 0
        assert path.read_text().startswith("# yaml-language-server: $schema=")
        assert path.read_text().count("#") > 5


def test_init_overwrites_nothing(net: Path) -> None:
    before = {path: path.read_bytes() for path in net.iterdir()}
    result = circlet("init", net)
    assert result.exit_code == 1 and str(net) in result.output
    assert {path: path.read_bytes() for path in net.iterdir()} == before


@pytest.mark.parametrize("options", [("--nodes", "0"), ("--nodes", "-1"), ("--directories", "-2"), ("--nodes", "many")])
def test_init_refuses_numbers_that_make_no_network(tmp_path: Path, options: tuple[str, ...]) -> None:
    result = circlet("init", tmp_path / "net", *options)
    assert result.exit_code in (1, 2) and result.output
    assert not (tmp_path / "net").exists()


def test_init_into_a_file_or_a_forbidden_folder_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", Path("/proc/circlet")):
        result = circlet("init", folder)
        assert result.exit_code == 1 and str(folder) in result.output
