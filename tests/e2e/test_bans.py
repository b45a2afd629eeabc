"""Bans of the network with real processes: by address, by network and by account, over kill -9 and a restart of all."""

from __future__ import annotations

import re
import signal
import socket
from contextlib import suppress
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from tests.e2e.network import Client, Network
from tests.patience import WITHIN_S

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("people")]

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
BACK_S = 60.0


class Operated(Network):
    """A network with an operator, root."""

    def _begin(self, nodes: int, directories: int) -> None:
        hashed = QUICK.hash("sesame")
        operators = f"\noperators:\n  - name: root\n    password_hash: '{hashed}'\n    hosts: ['*@*']\n"
        for path in self.folder.glob("node-*.yaml"):
            path.write_text(re.sub(r"(?m)^operators:.*\n", "", path.read_text()) + operators)
        super()._begin(nodes, directories)


def refused(network: Network, number: int, from_ip: str) -> str:
    """What a connection from the address reads at once; "" if the node says nothing."""
    with socket.socket() as sock:
        sock.bind((from_ip, 0))
        sock.settimeout(WITHIN_S)
        sock.connect((f"127.0.0.{number}", network.port))
        sock.settimeout(1.0)
        with suppress(TimeoutError):
            return sock.recv(4096).decode()
        return ""


def operator(network: Network, number: int, nick: str) -> Client:
    root = network.client(number, nick)
    root.send("OPER root sesame")
    root.expect(" 381 ")
    return root


def test_bans_hold_on_every_node_whatever_dies(tmp_path: Path) -> None:
    network = Operated(tmp_path / "net")
    try:
        network.wait_level()
        bob = network.client(3, "bob")
        bob.send("NS REGISTER correct-horse")
        bob.expect("Account bob is registered")
        root = operator(network, 1, "root")
        root.send("DLINE 127.0.9.0/24 :attack", "KLINE 1d *@127.0.8.7/24 :spam", "KLINE ~account:bob :no")
        for word in ("DLINE 127.0.9.0/24", r"KLINE \*@127.0.8.0/24", "KLINE ~account:bob"):
            root.expect(f"NOTICE root :{word} added")
        bob.expect(r" 465 bob :You are banned from this network \(K-lined: no\)")
        bob.expect(r"^ERROR :Closing Link: \S+ \(K-lined: no\)")
        # A node may hear of the ban a moment after the connection: then 465 comes before ERROR.
        assert refused(network, 3, "127.0.9.9").endswith("ERROR :Closing Link: 127.0.9.9 (D-lined: attack)\r\n")
        assert refused(network, 2, "127.0.8.1").endswith("ERROR :Closing Link: 127.0.8.1 (K-lined: spam)\r\n")
        assert refused(network, 2, "127.0.7.1") == ""
        root.send("DEFCON 3 1h :raid")
        root.expect("The network is at DEFCON 3 for 1h")
        guest = Client("127.0.0.3", network.port, "guest", registers=False)
        guest.send("NICK guest", "USER guest 0 * :guest")
        guest.expect(r"^ERROR :Closing Link: \S+ \(The network takes people with an account alone")
        root.send("DEFCON 5")
        root.expect("The network is at DEFCON 5")
        network.terminate("node-1", signal.SIGKILL)
        root.close()  # the nick stays for those who may come back
        root = operator(network, 2, "boss")
        root.send("UNKLINE *@127.0.8.0/24")
        root.expect(r"KLINE \*@127.0.8.0/24 lifted", BACK_S)
        root.close()
        for number in (2, 3):
            network.terminate(f"node-{number}", signal.SIGKILL)
        for number in (1, 2, 3):
            network.start(f"node-{number}")
        for number in (1, 2, 3):
            network.wait_open(number)
            assert refused(network, number, "127.0.9.9").endswith("(D-lined: attack)\r\n")
            assert refused(network, number, "127.0.8.1") == ""
        bob = Client("127.0.0.2", network.port, "bob", registers=False)
        bob.send("PASS bob:correct-horse", "NICK bob", "USER bob 0 * :bob")
        bob.expect(r"^ERROR :Closing Link: \S+ \(K-lined: no\)", BACK_S)
    finally:
        network.stop()
