"""The command line: what it writes, prints, refuses, and with which exit code."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from config import load
from gateway.cli.main import main
from gateway.io.passwords import verify
from tests.e2e.network import free_port


def yaml_of(path: Path) -> Any:
    return YAML(typ="safe").load(path)


def circlet(*words: str | Path, stdin: str | bytes | None = None) -> Result:
    result = CliRunner().invoke(main, [str(word) for word in words], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def net(tmp_path: Path) -> Path:
    folder = tmp_path / "net"
    assert circlet("init", folder, "--nodes", "2", "--directories", "1").exit_code == 0
    return folder


# init -----------------------------------------------------------------------------------------------------------------


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
        "directory-1.yaml",
        "directory-2.yaml",
        "network.key",
        "node-1.yaml",
        "node-2.yaml",
        "node-3.yaml",
    ]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert sorted(Path(line).name for line in result.output.splitlines()) == names
    assert stat.S_IMODE((folder / "network.key").stat().st_mode) == 0o600
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


# check and schema -----------------------------------------------------------------------------------------------------


def test_check_tells_every_mistake_of_every_file(net: Path) -> None:
    first, second = net / "node-1.yaml", net / "node-2.yaml"
    text = first.read_text()
    first.write_text(text.replace("6667", "66677").replace("7600", "'x'"))
    second.write_text(second.read_text() + "\ncolour: blue\n")
    result = circlet("check", first, second, net / "directory-1.yaml", net / "nowhere.yaml")
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert [line for line in lines if "node-1.yaml" in line and "listeners" in line and "66677" in line]
    assert [line for line in lines if "node-1.yaml" in line and "links.port" in line and 'found "x"' in line]
    assert [line for line in lines if "node-2.yaml" in line and "colour" in line]
    assert [line for line in lines if "nowhere.yaml" in line]
    assert f"{net / 'directory-1.yaml'}: good" in lines


def test_the_schema_fits_what_init_writes(net: Path) -> None:
    schema = json.loads(circlet("schema").output)
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    for path in net.glob("*.yaml"):
        validator(schema).validate(yaml_of(path))
    with pytest.raises(jsonschema.ValidationError):
        validator(schema).validate({**yaml_of(net / "node-1.yaml"), "colour": "blue"})


# hash-password --------------------------------------------------------------------------------------------------------


def test_hash_password_prints_a_hash_that_fits(net: Path) -> None:
    hashed = circlet("hash-password", stdin="sesame\n").output.strip()
    assert hashed.startswith("$argon2id$") and verify(hashed, "sesame") and not verify(hashed, "sesame ")
    path = net / "node-1.yaml"
    entry = f"operators: [{{name: root, password_hash: '{hashed}'}}]\n"
    path.write_text(re.sub(r"^operators:.*\n", "", path.read_text(), flags=re.MULTILINE) + entry)
    assert circlet("check", path).exit_code == 0


@pytest.mark.parametrize("password", ["", "\n", "x" * 1001, b"\xff\n"])
def test_hash_password_refuses_what_is_no_password(password: str | bytes) -> None:
    result = circlet("hash-password", stdin=password)
    assert result.exit_code == 1 and "1 to 1,000 bytes" in result.output


def test_hash_password_takes_any_letters() -> None:
    assert circlet("hash-password", stdin="päss wörd\r\n").exit_code == 0


# nodes and locate, with nobody to ask ---------------------------------------------------------------------------------


@pytest.fixture
def alone(net: Path) -> Path:
    """A node's file whose directory does not run."""
    path = net / "node-1.yaml"
    path.write_text(path.read_text().replace("7700", str(free_port())))
    return path


@pytest.mark.parametrize("command", [("nodes",), ("locate", "#erlang")])
def test_without_a_directory_it_says_whom_it_asked(alone: Path, command: tuple[str, ...]) -> None:
    result = circlet(*command, "--config", alone)
    assert result.exit_code == 1
    assert "no directory answered within 2 s" in result.output and "127.0.0.1" in result.output


def test_locate_on_a_network_of_one_shows_the_whole_sum(tmp_path: Path) -> None:
    circlet("init", tmp_path / "one", "--nodes", "1", "--directories", "0")
    path = tmp_path / "one" / "node-1.yaml"
    result = circlet("locate", "#Erlang", "--config", path)
    assert result.exit_code == 0
    assert "J = md5('#erlang') mod 2^32 = 1310262970" in result.output
    assert re.search(r"master +node-1\S* +127.0.0.1 +3389831382 +2079568412", result.output)
    found = json.loads(circlet("locate", "#Erlang", "--config", path, "--json").output)
    assert found["J"] == 1310262970 and [row["distance"] for row in found["nodes"]] == [2079568412]
    asked = circlet("nodes", "--config", path)
    assert asked.exit_code == 1 and "directories" in asked.output


def test_locate_needs_the_file_of_a_node(net: Path) -> None:
    result = circlet("locate", "#erlang", "--config", net / "directory-1.yaml")
    assert result.exit_code == 1 and "a node's file is needed" in result.output


# The wrong file, the wrong words --------------------------------------------------------------------------------------


def test_a_file_of_the_other_kind_is_told(net: Path) -> None:
    for kind, other in (("node", "directory"), ("directory", "node")):
        path = net / f"{other}-1.yaml"
        result = circlet(kind, path)
        assert result.exit_code == 1 and f"circlet {other} {path}" in result.output


@pytest.mark.parametrize("command", ["node", "directory", "check"])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, command: str) -> None:
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(bytes(range(256)))
    for path in (tmp_path / "nowhere.yaml", tmp_path, binary):
        result = circlet(command, path)
        assert result.exit_code == 1 and str(path) in result.output


def test_up_without_files_or_with_broken_ones_starts_nothing(net: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = circlet("up", tmp_path / "empty")
    assert result.exit_code == 1 and "circlet init" in result.output
    for path in net.glob("node-*.yaml"):
        path.write_text(path.read_text().replace("6667", "six"))
    result = circlet("up", net)
    assert result.exit_code == 1 and "node-1.yaml" in result.output and "node-2.yaml" in result.output


def test_help_names_every_command() -> None:
    text = circlet("--help").output
    for name in ("check", "directory", "hash-password", "init", "locate", "node", "nodes", "schema", "status", "up"):
        assert re.search(rf"^  {name} +\S", text, flags=re.MULTILINE)
        assert circlet(name, "--help").exit_code == 0
    assert circlet("--version").output.startswith("circlet, version ")


@pytest.mark.parametrize(
    "words", [("status",), ("top",), ("trace", "#erlang"), ("account", "list"), ("webhook", "list"), ("backup", "x")]
)
def test_a_command_that_needs_a_nodes_file_says_what_to_give(words: tuple[str, ...]) -> None:
    result = circlet(*words)
    said = " ".join(result.output.split())
    assert (
        result.exit_code != 0 and "node's file: --config run/net/node-1.yaml. `circlet init` writes such files." in said
    )
    assert "Traceback" not in result.output


def test_another_missing_word_is_told_as_ever() -> None:
    assert "Missing argument 'FILE'" in circlet("node").output
