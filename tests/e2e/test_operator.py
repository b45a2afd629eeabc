"""An operator's commands against real processes: circlet account and circlet forget."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from base64 import b64encode

import pytest

from tests.e2e.network import Client, Network
from tests.patience import WITHIN_S

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("network")]

LONG = "Ж" * 500
"""1,000 bytes."""


def circlet(network: Network, *words: str, stdin: str = "", node: int = 1) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gateway.cli.main", *words, "--config", str(network.folder / f"node-{node}.yaml")]
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, encoding="utf-8", timeout=WITHIN_S, check=False
    )


def log_in(network: Network, number: int, name: str, password: str) -> tuple[Client, str]:
    """Connected and, if the password fits, logged in; and the numeric that says which."""
    client = Client(f"127.0.0.{number}", network.port, name, "sasl", registers=False)
    client.expect(" ACK ")
    client.send("AUTHENTICATE PLAIN")
    client.expect("AUTHENTICATE \\+")
    payload = b64encode(f"\0{name}\0{password}".encode()).decode()
    chunks = [payload[at : at + 400] for at in range(0, len(payload), 400)]
    client.send(*(f"AUTHENTICATE {chunk}" for chunk in chunks), *(["AUTHENTICATE +"] if len(chunks[-1]) == 400 else []))
    return client, client.expect(" 90[345] ").split(" ")[1]


def test_accounts(network: Network) -> None:
    added = circlet(network, "account", "add", "Joe", stdin=f"{LONG}\n")
    assert (added.returncode, added.stdout) == (0, "account Joe is there\n"), added.stderr
    assert circlet(network, "account", "add", "joe", stdin="x\n").stderr == "there is an account Joe already\n"
    joe, numeric = log_in(network, 2, "joe", LONG)
    assert numeric == "903"
    joe.send("CAP END", "NICK joe", "USER joe 0 * :joe")
    joe.expect(" 221 ")
    joe.send("NS SET ALWAYS-ON on")
    joe.expect("ALWAYS-ON is on")
    changed = circlet(network, "account", "passwd", "JOE", stdin="пароль из слов\n", node=3)
    assert changed.returncode == 0, changed.stderr
    assert log_in(network, 1, "joe", LONG)[1] == "904"
    assert log_in(network, 3, "joe", "пароль из слов")[1] == "903"
    listed = json.loads(circlet(network, "account", "list", "--json", node=2).stdout)
    assert [(one["name"], one["always_on"]) for one in listed["accounts"]] == [("Joe", True)]
    assert "Joe" in circlet(network, "account", "list").stdout
    joe.close()  # the user stays
    bob = network.client(3, "bob")
    bob.send("WHOIS joe")
    assert bob.expect(" (330|401|318) ").split(" ")[1] == "330"
    dropped = circlet(network, "account", "drop", "joe")
    assert dropped.returncode == 0, dropped.stderr
    bob.send("MONITOR + joe")
    end = time.monotonic() + WITHIN_S
    while True:
        bob.send("WHOIS joe")
        if " 401 " in bob.expect(" (330|401) "):
            break
        assert time.monotonic() < end, "the user of a dropped account is still there"
    assert log_in(network, 2, "joe", "пароль из слов")[1] == "904"


def test_a_node_that_will_not_come_back(network: Network) -> None:
    assert "is alive: stop the node first" in circlet(network, "forget", "127.0.0.3").stderr
    network.terminate("node-3", signal.SIGKILL)
    end = time.monotonic() + WITHIN_S
    while (told := circlet(network, "forget", "node-3.circlet.local")).returncode:
        assert time.monotonic() < end, told.stderr
    assert [line.split(":")[0] for line in told.stdout.splitlines()] == [
        f"node-{number}.circlet.local" for number in (1, 2)
    ]
    roster = network.folder / "state" / "node-1" / "roster.json"
    while [*json.loads(roster.read_text()).get("given_up", [])] != ["127.0.0.3"]:  # written with the node's next tick
        assert time.monotonic() < end, roster.read_text()
        time.sleep(0.05)
    network.start("node-3")  # it comes back nevertheless
    network.wait_open(3)
    ann, bob = network.client(3, "ann"), network.client(1, "bob")
    for person in (ann, bob):
        person.send("JOIN #again")
        person.expect(" 366 ")
    ann.send("PRIVMSG #again :hello")
    ann.sync()
    bob.sync()
    assert bob.heard("#again") == ["hello"]
