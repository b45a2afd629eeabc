"""circlet status against real processes: all is well, a node dies, the directories die, a terminal stays."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.e2e.network import Network
from tests.patience import WITHIN_S

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("network")]

NAMES = [f"node-{number}.circlet.local" for number in (1, 2, 3)]


def status(network: Network, *options: str, node: int = 1) -> subprocess.CompletedProcess[str]:
    return network.circlet("status", "--config", str(network.folder / f"node-{node}.yaml"), *options)


def report(network: Network, *options: str, node: int = 1) -> Any:
    """Return the output of `status --json`; the output fits the schema printed by `circlet schema status`."""
    found = json.loads(status(network, "--json", *options, node=node).stdout)
    jsonschema.validate(found, json.loads(network.circlet("schema", "status").stdout))
    return found


def nodes(network: Network, *options: str) -> subprocess.CompletedProcess[str]:
    return network.circlet("nodes", "--config", str(network.folder / "node-1.yaml"), *options)


def until_well(network: Network) -> None:
    """Nodes started together know each other a moment later."""
    until(lambda: status(network).returncode == 0)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < end, "it did not happen"


def no_traceback(network: Network) -> None:
    for name in network.processes:
        assert "Traceback" not in network.log(name), network.log(name)


def test_a_healthy_network(network: Network) -> None:
    until_well(network)
    ann, bob, cat = (network.client(number, nick) for number, nick in ((1, "ann"), (2, "bob"), (2, "cat")))
    for person in (ann, bob, cat):
        person.send("JOIN #erlang")
        person.expect(" 366 ")
        person.sync()
    result = status(network)
    assert result.returncode == 0, result.stdout
    rows = {line.split()[0]: line.split() for line in result.stdout.splitlines() if " node-" in f" {line.strip()}"}
    assert sorted(rows) == NAMES
    assert [rows[name][3] for name in NAMES] == ["1", "2", "0"]
    assert [rows[name][4] for name in NAMES] == ["0", "0", "1"]  # #erlang is node-3's
    assert result.stdout.endswith("Nothing is wrong.\n")
    found = report(network)
    assert found["wrong"] == [] and [node["name"] for node in found["nodes"]] == NAMES
    assert [node["status"]["users"] for node in found["nodes"]] == [1, 2, 0]
    assert [node["status"]["channels_followed"] for node in found["nodes"]] == [1, 1, 0]
    assert sum(node["status"]["channels_backed_up"] for node in found["nodes"]) == 1
    assert "127.0.0.2" in found["nodes"][0]["status"]["links"]
    no_traceback(network)


def test_a_node_that_was_killed_is_named(network: Network) -> None:
    until_well(network)
    network.terminate("node-3", signal.SIGKILL)
    result = status(network, node=3)  # the node's own file names the node, as long as the directories need
    assert result.returncode == 2
    assert re.search(r"node-3.circlet.local +no answer", result.stdout)
    assert re.search(
        r"^node-3\.circlet\.local does not answer \(127\.0\.0\.3:\d+: connection refused\)$", result.stdout, re.M
    )
    assert [node["status"] is None for node in report(network, node=3)["nodes"]] == [False, False, True]
    for name in NAMES[:2]:
        assert re.search(rf"{name} +\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d +0 ", result.stdout)
    no_traceback(network)


def test_with_all_directories_dead_the_saved_roster_is_asked(network: Network) -> None:
    until_well(network)
    for number in (1, 2, 3):
        network.terminate(f"directory-{number}", signal.SIGKILL)
    found = report(network)
    assert [node["name"] for node in found["nodes"] if node["status"] is not None] == NAMES
    (line,) = found["wrong"]
    assert line.startswith("no directory answers (127.0.0.1 port ") and "saved roster" in line
    no_traceback(network)


def test_another_networks_key_opens_nothing(network: Network, tmp_path: Path) -> None:
    other = tmp_path / "other.key"
    other.write_text("ab" * 32 + "\n")
    other.chmod(0o600)
    path = network.folder / "node-1.yaml"
    guest = network.folder / "guest.yaml"
    guest.write_text(path.read_text().replace("key_file: network.key", f"key_file: {other}"))
    result = network.circlet("status", "--config", str(guest))
    assert result.returncode == 2
    assert result.stdout.count("network.key_file differs") == 3
    assert "link_refused" in network.log("node-2") and "network.key_file differs" in network.log("node-2")
    no_traceback(network)


def test_on_a_terminal_it_stays_until_ctrl_c(network: Network) -> None:
    until_well(network)
    ours, theirs = pty.openpty()
    words = ["status", "--watch", "--config", str(network.folder / "node-1.yaml")]
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway.cli.main", *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "200"},
    )
    os.close(theirs)
    try:
        shown = b""
        while shown.count(b"Nothing is wrong.") < 2:
            shown += os.read(ours, 65536)
        process.send_signal(signal.SIGINT)
        with suppress(OSError):  # the end of a terminal; until then read on, or the writer would wait
            while data := os.read(ours, 65536):
                shown += data
        assert process.wait(WITHIN_S) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert b"channels mastered" in shown and b"Traceback" not in shown
    no_traceback(network)


def test_a_node_that_was_killed_is_missing_until_it_is_forgotten_over_restarts_of_the_others(network: Network) -> None:
    until_well(network)
    network.terminate("node-3", signal.SIGKILL)
    until(lambda: len(json.loads(nodes(network, "--json").stdout)) == 2)  # the directories have let go of the node
    until(lambda: "has been missing since" in status(network).stdout)
    for number in (1, 2):
        network.terminate(f"node-{number}", signal.SIGKILL)
    for number in (1, 2):
        network.start(f"node-{number}")
    for number in (1, 2):
        network.wait_open(number)
    result = status(network)
    assert result.returncode == 2
    assert re.search(r"^ +node-3.circlet.local +missing since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", result.stdout, re.M)
    assert "node-3.circlet.local (127.0.0.3) has been missing since" in result.stdout
    told = network.circlet("forget", "node-3.circlet.local", "--config", str(network.folder / "node-1.yaml"))
    assert told.returncode == 0, told.stdout + told.stderr
    until_well(network)
    no_traceback(network)


def test_a_node_that_left_in_order_is_not_missed(network: Network) -> None:
    until_well(network)
    assert network.terminate("node-3") == 0
    until_well(network)
    assert "node-3" not in status(network).stdout
    no_traceback(network)


def test_nodes_and_locate_need_neither_file_nor_key(network: Network, tmp_path: Path) -> None:
    until_well(network)
    file = network.folder / "node-1.yaml"
    ports = re.findall(r"  - 127\.0\.0\.1:(\d+)", file.read_text())
    places = [word for port in ports for word in ("--directory", f"localhost:{port}")]
    found = json.loads(network.circlet("nodes", "--json", *places).stdout)
    assert [row["name"] for row in found] == NAMES and [row["ring_key"] for row in found][2] == "127.0.0.3"
    asked = network.circlet("locate", "#Erlang", *places)
    told = network.circlet("locate", "#Erlang", "--config", str(file))
    assert asked.returncode == 0 and asked.stdout == told.stdout and "master   node-3.circlet.local" in asked.stdout
    one = network.circlet("locate", "#erlang", "--json", "--directory", f"127.0.0.1:{ports[0]}")
    assert json.loads(one.stdout)["J"] == 1310262970
    for wrong, words in (
        ((), "--config FILE, or --directory HOST:PORT"),
        (("--directory", "127.0.0.1"), "an address and a port"),
        (("--directory", "no.such.host.invalid:7700"), "the host is not found"),
        (("--directory", "127.0.0.1:7", "--config", str(file)), "--config FILE, or --directory HOST:PORT"),
    ):
        for command in (("nodes",), ("locate", "#erlang")):
            refused = network.circlet(*command, *wrong)
            assert refused.returncode != 0 and words in refused.stderr, refused
    no_traceback(network)


def test_the_documented_question_of_a_client_is_answered(network: Network, tmp_path: Path) -> None:
    until_well(network)
    page = Path(__file__).parents[2] / "contrib" / "docs" / "finding-a-node.md"
    (program,) = re.findall(r"```python\n(.*?)```", page.read_text(), re.S)
    (tmp_path / "ask.py").write_text(program)
    ports = re.findall(r"  - 127\.0\.0\.1:(\d+)", (network.folder / "node-1.yaml").read_text())
    for port in ports:
        asked = subprocess.run(
            [sys.executable, tmp_path / "ask.py", "127.0.0.1", port],
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert asked.stdout.split() == [f"127.0.0.{number}:{network.port}" for number in (1, 2, 3)], asked.stderr
    no_traceback(network)
