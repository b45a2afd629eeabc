"""The main job with real processes: three directories, three supernodes, people on each."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.e2e.network import Client, Network
from tests.patience import WITHIN_S

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("network")]


def no_traceback(network: Network) -> None:
    for name in network.processes:
        assert "Traceback" not in network.log(name), network.log(name)


def joined(network: Network, *people: tuple[int, str], channel: str = "#erlang") -> list[Client]:
    clients = [network.client(number, nick) for number, nick in people]
    for client in clients:
        client.send(f"JOIN {channel}")
        client.expect(f" 366 {client.nick} {channel} ")
    for client in clients:
        client.sync()
    return clients


def test_people_on_different_nodes_talk_and_operators_see_why(network: Network) -> None:
    ann, bob = joined(network, (1, "ann"), (2, "bob"))
    ann.send("PRIVMSG #erlang :hello bob")
    ann.sync()
    bob.sync()
    assert bob.heard("#erlang") == ["hello bob"]
    bob.send("WHOIS ann")
    assert "~ann" in bob.expect(" 311 bob ann ")
    assert bob.expect(" 317 bob ann ")
    config = str(network.folder / "node-1.yaml")
    nodes = json.loads(network.circlet("nodes", "--config", config, "--json").stdout)
    assert [(n["ip"], n["point"]) for n in nodes] == [
        ("127.0.0.1", 3389831382),
        ("127.0.0.2", 2757477982),
        ("127.0.0.3", 2119147761),
    ]
    for node in nodes:
        with urlopen(node["http"] + "nodes.json", timeout=WITHIN_S) as answer:
            assert [row["http"] for row in json.load(answer)["nodes"]] == [one["http"] for one in nodes]
    located = json.loads(network.circlet("locate", "#Erlang", "--config", config, "--json").stdout)
    assert located["J"] == 1310262970
    assert located["nodes"][0] == {
        "role": "master",
        "name": "node-3.circlet.local",
        "ring_key": "127.0.0.3",
        "K": 2119147761,
        "distance": 808884791,
    }
    for table in (network.circlet("nodes", "--config", config), network.circlet("locate", "#e", "--config", config)):
        assert table.returncode == 0 and "node-1" in table.stdout
    no_traceback(network)


def test_the_master_stops_and_nobody_else_notices(network: Network) -> None:
    """SIGTERM of #erlang's master: its group is handed over, the talk goes on, its own people quit."""
    ann, bob, cat = joined(network, (1, "ann"), (2, "bob"), (3, "cat"))
    ann.send("TOPIC #erlang :kept", "PRIVMSG #erlang :one")
    ann.sync()
    assert network.terminate("node-3") == 0
    cat.expect(r" NOTICE cat :This node is stopping\. Other nodes of the network: 127\.0\.0\.[12]:\d+, 127")
    cat.expect("ERROR :Closing Link")
    ann.send("PRIVMSG #erlang :two")
    ann.sync()
    bob.send("PRIVMSG #erlang :three", "TOPIC #erlang")
    assert bob.expect(" 332 bob #erlang ").endswith("kept")
    bob.sync()
    ann.sync()
    assert bob.heard("#erlang") == ["one", "two"]
    assert ann.heard("#erlang") == ["three"]
    for person in (ann, bob):
        quits = [line for line in person.got if " QUIT " in line]
        assert len(quits) == 1 and quits[0].startswith(":cat!")
        assert not [line for line in person.got if " MODE #" in line or " PART " in line]
    network.start("node-3")
    network.wait_open(3)
    dan = network.client(3, "dan")
    dan.send("JOIN #erlang")
    assert dan.expect(" 332 dan #erlang ").endswith("kept")
    dan.send("PRIVMSG #erlang :back")
    dan.sync()
    ann.sync()
    assert ann.heard("#erlang") == ["three", "back"]
    no_traceback(network)


def test_the_master_is_killed_and_the_followers_carry_on(network: Network) -> None:
    ann, bob = joined(network, (1, "ann"), (2, "bob"))
    ann.send("TOPIC #erlang :kept", "MODE #erlang +b troll")
    ann.sync()
    network.terminate("node-3", signal.SIGKILL)
    for number in range(20):
        (ann, bob)[number % 2].send(f"PRIVMSG #erlang :{number}")
    ann.sync()
    bob.sync()
    ann.sync()
    assert ann.heard("#erlang") == [str(n) for n in range(1, 20, 2)]
    assert bob.heard("#erlang") == [str(n) for n in range(0, 20, 2)]
    bob.send("MODE #erlang b", "TOPIC #erlang")
    assert "troll" in bob.expect(" 367 bob #erlang ")
    assert not [line for line in ann.got + bob.got if " QUIT " in line]
    no_traceback(network)


def test_directories_may_die_and_come_back(network: Network) -> None:
    ann, bob = joined(network, (1, "ann"), (2, "bob"))
    for number in (1, 2, 3):
        network.terminate(f"directory-{number}", signal.SIGKILL)
    ann.send("PRIVMSG #erlang :no directories")
    ann.sync()
    bob.sync()
    assert bob.heard("#erlang") == ["no directories"]
    assert network.terminate("node-2") == 0
    network.start("node-2")
    network.wait_open(2)
    (cat,) = joined(network, (2, "cat"))
    cat.send("PRIVMSG #erlang :found them by the saved roster")
    cat.sync()
    ann.sync()
    assert ann.heard("#erlang") == ["found them by the saved roster"]
    network.start("directory-2")
    answer = network.circlet("nodes", "--config", str(network.folder / "node-1.yaml"), "--json")
    while len(json.loads(answer.stdout or "[]")) < 3:
        answer = network.circlet("nodes", "--config", str(network.folder / "node-1.yaml"), "--json")
    no_traceback(network)


class Fresh(Network):
    """A network of new Python processes."""

    fresh = True


def test_everything_stops_cleanly(tmp_path: Path) -> None:
    network = Fresh(tmp_path / "net")
    try:
        joined(network, (1, "ann"), (2, "bob"))
        for name in list(network.processes):
            assert network.terminate(name) == 0, network.log(name)
        no_traceback(network)
    finally:
        network.stop()


def test_one_node_without_directories_is_a_plain_server(tmp_path: Path) -> None:
    network = Network(tmp_path / "net", nodes=1, directories=0)
    try:
        ann, bob = joined(network, (1, "ann"), (1, "bob"))
        ann.send("PRIVMSG #erlang :alone together")
        ann.sync()
        bob.sync()
        assert bob.heard("#erlang") == ["alone together"]
        assert network.terminate("node-1") == 0
        no_traceback(network)
    finally:
        network.stop()
