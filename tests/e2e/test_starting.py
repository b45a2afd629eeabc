"""How nodes come into a network of real processes: reasons to hold a node back, its messages, no harm to others."""

from __future__ import annotations

import json
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.e2e.network import Network, free_port, with_tls
from tests.patience import WITHIN_S

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("starting")]


class Beginners(Network):
    """Directories first, nodes one by one, as a test says."""

    def _begin(self, nodes: int, directories: int) -> None:
        return

    def edit(self, file: str, **changes: str) -> None:
        """Replace texts of a file; the keys are words, the values "old => new"."""
        path = self.folder / f"{file}.yaml"
        text = path.read_text()
        for change in changes.values():
            old, new = change.split(" => ")
            assert old in text, text
            text = text.replace(old, new)
        path.write_text(text)

    def events(self, name: str, event: str) -> list[dict[str, Any]]:
        if not (self.folder / f"{name}.log").exists():
            return []
        lines = [json.loads(line) for line in self.log(name).splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    def until(self, condition: Callable[[], object], what: str) -> None:
        end = time.monotonic() + WITHIN_S
        while not condition():
            assert time.monotonic() < end, what + "\n" + "\n".join(map(self.log, self.processes))
            time.sleep(0.05)

    def until_said(self, name: str, event: str) -> dict[str, Any]:
        self.until(lambda: self.events(name, event), f"{name} did not say {event}")
        return self.events(name, event)[0]

    def up(self, *names: str) -> None:
        for name in names:
            self.start(name)
            if name.startswith("node"):
                self.until_said(name, "node_started")
            else:
                self.until_said(name, "directory_started")

    def refuses(self, number: int) -> bool:
        try:
            socket.create_connection((f"127.0.0.{number}", self.port), timeout=5).close()
        except ConnectionRefusedError:
            return True
        return False

    def listed(self) -> list[str]:
        found = self.circlet("nodes", "--json", "--config", str(self.folder / "directory-1.yaml"))
        assert found.returncode == 0, found.stderr
        return [row["name"].partition(".")[0] for row in json.loads(found.stdout)]

    def wrong(self, number: int = 1) -> str:
        return self.circlet("status", "--config", str(self.folder / f"node-{number}.yaml")).stdout


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Beginners]:
    made = Beginners(tmp_path / "net", nodes=3, directories=2)
    try:
        yield made
        for name in made.processes:
            assert "Traceback" not in made.log(name), made.log(name)
    finally:
        made.stop()


def test_a_taken_port_ends_the_process_before_anybody_hears_of_the_node(net: Beginners) -> None:
    net.up("directory-1", "node-1")
    for key, port, words in (("listeners.0", net.port, "listeners: "), ("links", net.link_port, "links: ")):
        with socket.create_server(("127.0.0.2", port)):
            net.start("node-2")
            assert net.processes["node-2"].wait(WITHIN_S) == 1
        reason = net.events("node-2", "start_failed")[-1]["reason"]
        assert reason.startswith(words) and f"{key}.port" in reason and str(port) in reason
    assert net.listed() == ["node-1"] and "node-2" not in net.log("directory-1")
    assert net.circlet("status", "--config", str(net.folder / "node-1.yaml"), "--json").returncode == 2
    assert "missing" not in net.wrong()


def test_a_node_that_knows_nobody_and_hears_no_directory_waits_and_says_so(net: Beginners) -> None:
    net.start("node-1")
    said = net.until_said("node-1", "waiting_for_directory")
    assert "directories" in said["reason"] and net.refuses(1)
    net.terminate("node-1", signal.SIGKILL)  # an interrupted wait is no membership
    net.start("node-1")
    net.until(lambda: len(net.events("node-1", "waiting_for_directory")) == 2, "it did not wait again")
    assert net.refuses(1)
    net.up("directory-2")
    net.until_said("node-1", "node_started")  # an empty list is an answer
    net.client(1, "ann").sync()
    net.terminate("directory-2", signal.SIGKILL)
    assert net.terminate("node-1") == 0
    net.start("node-1")
    net.until(lambda: len(net.events("node-1", "node_started")) == 2, "directories may die")


def test_a_node_that_is_told_to_stop_while_it_waits_ends_at_once(net: Beginners) -> None:
    net.start("node-1")
    net.until_said("node-1", "waiting_for_directory")
    assert net.terminate("node-1") == 0
    assert net.events("node-1", "node_stopped") and not net.events("node-1", "drain_started")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("limits: {nick_len: 20}", "limits.nick_len"),
        ("ring: {copies: 3}", "ring.copies"),
        ("network.key => other.key", "network.key_file differs"),
        ("name: Circlet => name: Other", "network.name"),
        ("irc.circlet.local => irc.other.local", "network.server_name"),
    ],
)
def test_a_node_that_does_not_fit_its_peers_serves_nobody_and_says_what_to_change(
    net: Beginners, change: str, words: str
) -> None:
    net.up("directory-1", "directory-2", "node-1", "node-2")
    (net.folder / "other.key").write_text("ab" * 32 + "\n")
    (net.folder / "other.key").chmod(0o600)
    path = net.folder / "node-3.yaml"
    first, *rest = path.read_text().split("\n", 1)
    old, arrow, new = change.partition(" => ")
    path.write_text("\n".join([first, *rest]).replace(old, new, 1) if arrow else "\n".join([first, *rest, change, ""]))
    net.start("node-3")
    said = net.until_said("node-3", "start_refused")
    assert words in said["reason"], said
    assert net.refuses(3) and net.processes["node-3"].poll() is None
    assert net.listed() == ["node-1", "node-2"]
    if not words.startswith("network.name"):  # of another network the peers hear nothing
        net.until(
            lambda: re.search(rf"refuse node-3\S* at 127\.0\.0\.3: .*{words}", net.wrong()), "status does not say it"
        )
    ann, bob = net.client(1, "ann"), net.client(2, "bob")
    for person in (ann, bob):
        person.send("JOIN #erlang")  # 127.0.0.3's, if 127.0.0.3 were there
        person.expect(" 366 ")
    ann.send("PRIVMSG #erlang :hello")
    bob.expect("PRIVMSG #erlang :?hello")
    assert net.terminate("node-3") == 0
    assert net.listed() == ["node-1", "node-2"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "node-3. => node-1."}, "node.name"),
        ({"key": "  ip: 127.0.0.3 => '  ip: 127.0.0.3\n  ring_key: \"127.0.0.1\"'"}, "node.ring_key"),
    ],
    ids=["name", "ring_key"],
)
def test_a_duplicate_serves_nobody_until_the_first_has_gone_and_harms_nobody(
    net: Beginners, change: dict[str, str], words: str
) -> None:
    net.up("directory-1", "directory-2", "node-1", "node-2")
    net.edit("node-3", **{key: text.replace("'", "") for key, text in change.items()})
    net.start("node-3")
    said = net.until_said("node-3", "start_refused")
    assert words in said["reason"] and "directory" in said["by"]
    assert net.refuses(3)
    net.until(lambda: "the directories refuse" in net.wrong(), "status does not say it")
    assert words in net.wrong()
    assert net.terminate("node-3") == 0  # the twin's farewell does not unlist the living node
    assert net.listed() == ["node-1", "node-2"]
    net.start("node-3")
    net.until(lambda: len(net.events("node-3", "start_refused")) == 2, "refused again")
    assert net.terminate("node-1") == 0
    net.until_said("node-3", "node_started")
    net.client(3, "cat").sync()


def test_two_nodes_of_one_port_that_start_together(net: Beginners) -> None:
    """At most one of the nodes serves there, and the other node says which setting to change."""
    net.edit("node-2", ip="127.0.0.2 => 127.0.0.1", links=f"port: {net.link_port} => port: {free_port()}")
    text = (net.folder / "node-2.yaml").read_text()
    text = re.sub(r"(http:.*?port: )\d+", rf"\g<1>{free_port()}", text, flags=re.DOTALL)
    (net.folder / "node-2.yaml").write_text(text.replace("  ip: 127.0.0.1", "  ip: 127.0.0.1\n  ring_key: second", 1))
    net.up("directory-1", "directory-2")
    net.start("node-1")
    net.start("node-2")
    both = ("node-1", "node-2")
    net.until(lambda: any(net.processes[name].poll() is not None for name in both), "neither ended")
    (loser,) = [name for name in both if net.processes[name].poll() is not None]
    (winner,) = set(both) - {loser}
    assert "listeners.0.port" in net.events(loser, "start_failed")[0]["reason"]
    net.until_said(winner, "node_started")
    net.until(lambda: net.listed() == [winner], "the loser took its leave")


def test_a_first_node_whose_key_is_not_the_directories_waits_and_says_so(net: Beginners) -> None:
    net.up("directory-1", "directory-2")
    (net.folder / "other.key").write_text("ab" * 32 + "\n")
    (net.folder / "other.key").chmod(0o600)
    net.edit("node-1", key="network.key => other.key")
    net.start("node-1")
    said = net.until_said("node-1", "start_refused")
    assert "network.key_file" in said["reason"] and said["by"] == "the directories"
    assert net.refuses(1) and net.listed() == []


def test_status_says_which_certificates_end_soon(net: Beginners) -> None:
    port = with_tls(net.folder)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "irc.example.org")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(13.5)
    )
    pem = made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    (net.folder / "cert.pem").write_bytes(pem)
    (net.folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    net.up("directory-1", "directory-2", "node-1")
    found = net.circlet("status", "--config", str(net.folder / "node-1.yaml"))
    assert found.returncode == 2
    told = (
        rf"cert\.pem of the listener 127\.0\.0\.1:{port} ends in 13 days, on \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d: replace"
    )
    assert re.search(told, found.stdout), found.stdout
    assert re.search(r"node-1.circlet.local: the certificate ", found.stdout)
