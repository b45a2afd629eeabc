"""The files of `circlet init --nodes-at`, copied to their machines and started there; the machines are of loopback."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.network import Client, free_port
from tests.gateway.cli.test_up import Up

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("network")]

MACHINES = ("127.0.0.11", "127.0.0.12", "127.0.0.13")
PORTS = (6667, 7600, 7700, 8067, 8071, 8072, 8073)


def circlet(*words: str) -> str:
    command = [sys.executable, "-m", "gateway.cli.main", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[list[Up]]:
    """A running `circlet up` for each machine, in a copy of its folder, on ports that are free here."""
    circlet("init", str(tmp_path / "net"), "--nodes-at", ",".join(MACHINES), "--name", "irc.example.net")
    free = {port: free_port() for port in PORTS}
    with ExitStack() as stack:
        ups = []
        for number in range(1, len(MACHINES) + 1):
            place = tmp_path / f"etc-{number}"
            shutil.copytree(tmp_path / "net" / f"machine-{number}", place)
            for path in place.glob("*.yaml"):
                text = path.read_text()
                for port in PORTS:
                    text = re.sub(rf"\b{port}\b", str(free[port]), text)
                path.write_text(text)
            ups.append(Up(place, free[6667]))
            stack.callback(ups[-1].stop)
        yield ups


def test_a_network_of_machines_runs_from_its_files(machines: list[Up]) -> None:
    for up in machines:
        up.until("The network runs")
    ann, bob = (Client(ip, machines[0].port, nick) for ip, nick in ((MACHINES[0], "ann"), (MACHINES[2], "bob")))
    for person in (ann, bob):
        person.send("JOIN #erlang")
        person.expect(" 366 ")
    ann.send("PRIVMSG #erlang :between machines")
    ann.sync()
    bob.sync()
    assert bob.heard("#erlang") == ["between machines"]
    nodes = json.loads(circlet("nodes", "--json", "--config", str(machines[1].folder / "directory-2.yaml")))
    assert [(node["name"], node["ip"]) for node in nodes] == [
        (f"node-{number}.irc.example.net", ip) for number, ip in enumerate(MACHINES, 1)
    ]
    for client in (ann, bob):
        client.close()
