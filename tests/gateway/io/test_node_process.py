"""A node process and its sockets: TLS, limits of clients, signals, and the log's words about these."""

from __future__ import annotations

import re
import signal
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import trustme

from gateway.edge.client.outputs import CROWD
from gateway.io.passwords import hash_password
from tests.e2e.network import free_port
from tests.gateway.io.onenode import OneNode, Wire
from tests.gateway.io.stories import the_slow_one_is_cut_and_the_others_go_on

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("people")]

NAME = "irc.circlet.local"
NO_FLOOD_CONTROL = {"burst": 1_000_000, "rate": 1_000_000}


def has_ipv6() -> bool:
    if not socket.has_ipv6:
        return False
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True


def no_traceback(node: OneNode) -> None:
    assert "Traceback" not in node.text and '"exception"' not in node.text, node.text


# TLS ------------------------------------------------------------------------------------------------------------------


class Authority:
    """Issues the node's certificates into its folder, and trusts them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ca = trustme.CA()
        self.context = ssl.create_default_context()
        self._ca.configure_trust(self.context)
        self.issue()

    def issue(self) -> None:
        certificate = self._ca.issue_cert(NAME)
        (self.folder / "cert.pem").write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
        certificate.private_key_pem.write_to_path(self.folder / "key.pem")

    def serial(self, node: OneNode, port: int) -> str:
        """Return the serial number of the certificate shown to a new connection; the certificate is verified."""
        wire = node.connect(port=port).tls(self.context, NAME)
        found = cast(ssl.SSLSocket, wire.socket).getpeercert()
        wire.close()
        assert found is not None
        return str(found["serialNumber"])


class Secure:
    """A node with a plain and a TLS port."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.authority = Authority(folder)
        self.port, self.tls_port = free_port(), free_port()
        self.plain = {"host": "127.0.0.1", "port": self.port}
        tls = {"host": "127.0.0.1", "port": self.tls_port, "tls": {"cert": "cert.pem", "key": "key.pem"}}
        self.node = OneNode.started(folder, listeners=[self.plain, tls], **changes)
        self.node.port = self.port

    def client(self, nick: str) -> Wire:
        wire = self.node.connect(port=self.tls_port).tls(self.authority.context, NAME)
        wire.register(nick)
        return wire

    def serial(self) -> str:
        return self.authority.serial(self.node, self.tls_port)


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[Secure]:
    made = Secure(tmp_path, clients={"register_timeout_s": 1})
    with made.node:
        yield made


def test_people_talk_over_tls_and_get_the_new_certificate_after_sighup(secure: Secure) -> None:
    ann, bob = secure.client("ann"), secure.node.client("bob")
    for person in (ann, bob):
        person.join("#c")
    ann.send("PRIVMSG #c :over TLS")
    ann.sync()
    bob.sync()
    assert bob.heard("#c") == ["over TLS"]
    before = secure.serial()
    secure.authority.issue()
    assert secure.serial() == before
    told = secure.node.reload()
    assert told["live"] == ["listeners.1.tls.cert", "listeners.1.tls.key"]
    assert secure.serial() != before
    bob.send("PRIVMSG #c :ann is still here")
    bob.sync()
    ann.sync()
    assert ann.heard("#c") == ["ann is still here"]
    no_traceback(secure.node)


def test_a_broken_certificate_is_told_and_the_old_one_kept(secure: Secure, tmp_path: Path) -> None:
    before = secure.serial()
    (tmp_path / "cert.pem").write_text("not a certificate")
    told = secure.node.reload("reload_refused")
    assert "cert.pem" in told["mistake"] and told["level"] == "error"
    assert secure.serial() == before
    (tmp_path / "cert.pem").unlink()
    secure.node.reload("reload_refused")
    assert secure.serial() == before
    secure.authority.issue()
    secure.node.reload()
    assert secure.serial() != before
    no_traceback(secure.node)


def test_a_listener_that_left_the_file_keeps_its_certificate_whatever_becomes_of_it(
    secure: Secure, tmp_path: Path
) -> None:
    """Until the restart removes the listener; an unfitting key must not spoil half of the certificate."""
    before, certificate = secure.serial(), (tmp_path / "cert.pem").read_bytes()
    key = (tmp_path / "key.pem").read_bytes()
    secure.authority.issue()
    (tmp_path / "key.pem").write_bytes(key)
    told = secure.node.reload("certificate_reload_failed", listeners=[secure.plain])
    assert told["file"].endswith("cert.pem")
    assert secure.node.event("reloaded")["needs_restart"] == ["listeners"]
    assert secure.serial() == before
    (tmp_path / "cert.pem").write_bytes(certificate)


SPEECH = [f"PRIVMSG #end :line {number}" for number in range(40)]
"""More than flood control lets pass at once."""


@pytest.mark.parametrize("end", ["half closed", "closed", "closed under TLS"])
def test_what_was_said_before_the_end_of_input_is_heard(secure: Secure, end: str) -> None:
    """As `printf 'NICK..USER..JOIN..PRIVMSG..'
    nc -N` ends, and a client that closes its socket.
    """
    bob = secure.node.client("bob")
    bob.join("#end")
    wire = secure.node.connect()
    if end == "closed under TLS":
        wire = secure.node.connect(port=secure.tls_port).tls(secure.authority.context, NAME)
    wire.send("NICK script", "USER script 0 * :script", "JOIN #end", *SPEECH)
    if end == "half closed":
        wire.socket.shutdown(socket.SHUT_WR)
        assert "ERROR :Closing Link: 127.0.0.1 (Connection closed)" in wire.until_closed()
    else:
        wire.close()
    for line in SPEECH:
        bob.expect(line)
    bob.expect(":script!~script@127.0.0.1 QUIT ")
    bob.close()
    no_traceback(secure.node)


def test_a_tls_handshake_that_never_ends_is_cut_in_time(secure: Secure) -> None:
    mute, plain = secure.node.connect(port=secure.tls_port), secure.node.connect(port=secure.tls_port)
    plain.send("NICK ann", "USER ann 0 * :in the clear")
    plain.until_closed()
    mute.until_closed()
    no_traceback(secure.node)


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
def test_ipv6(tmp_path: Path) -> None:
    port = free_port()
    both = [{"host": "127.0.0.1", "port": port}, {"host": "::1", "port": port}]
    with OneNode.started(tmp_path, listeners=both) as node:
        ann, bob = node.client("ann", host="::1", port=port), node.client("bob", port=port)
        for person in (ann, bob):
            person.join("#c")
        ann.send("PRIVMSG #c :from six to four")
        ann.sync()
        bob.sync()
        assert bob.heard("#c") == ["from six to four"]
        assert node.event("client_connected", address="::1")
        assert ":ann!~ann@0::1 PRIVMSG #c :from six to four" in bob.got
        no_traceback(node)


# Clients that take too much -------------------------------------------------------------------------------------------


def test_a_client_that_does_not_read_is_cut_and_the_others_go_on(tmp_path: Path) -> None:
    with OneNode.started(tmp_path, clients={"sendq": "16KiB", "flood": NO_FLOOD_CONTROL}) as node:
        slow = node.client("slow", rcvbuf=4096)
        ann, bob = node.client("ann"), node.client("bob")
        the_slow_one_is_cut_and_the_others_go_on(node, slow, ann, bob)
        slow.until_closed()
        no_traceback(node)


def test_a_flood_is_slowed_then_cut(tmp_path: Path) -> None:
    with OneNode.started(tmp_path, clients={"flood": {"burst": 6, "rate": 10, "queued": 20}}) as node:
        ann = node.client("ann")
        began = time.monotonic()
        ann.send(*(f"PING {number}" for number in range(10)))
        ann.expect("PONG .*9$")
        assert time.monotonic() - began > 0.4
        ann.send(*(f"PING {number}" for number in range(60)))
        assert "ERROR :Closing Link: 127.0.0.1 (Excess Flood)" in ann.until_closed()
        assert node.event("client_disconnected")["reason"] == "Excess Flood"
        bob = node.client("bob")
        bob.sync()


LONG = b"@+a=" + b"x" * 4000 + b" PRIVMSG #c :" + b"y" * 480 + b"\r\n"


@pytest.mark.parametrize("tls", [False, True])
def test_a_slowed_client_is_not_read_on_and_its_lines_wait_with_it(tmp_path: Path, tls: bool) -> None:
    """203 lines of 4.6 KB before registration: node and kernel take a bounded number of these."""
    made = Secure(tmp_path)
    with made.node as node:
        wire = node.connect(port=made.tls_port if tls else made.port)
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16 * 1024)
        if tls:
            wire = wire.tls(made.authority.context, NAME)
        bob = node.client("bob")
        wire.socket.settimeout(1)
        sent = 0
        with pytest.raises(TimeoutError):
            while sent < 203:
                wire.socket.sendall(LONG)
                sent += 1
        assert sent < 100
        bob.sync()
        no_traceback(node)


@pytest.mark.parametrize("tls", [False, True])
def test_what_a_slowed_client_sends_meanwhile_is_read_when_its_turn_comes(tmp_path: Path, tls: bool) -> None:
    flood = {"burst": 6, "rate": 200, "queued": 2000}
    made = Secure(tmp_path, clients={"flood": flood})
    with made.node as node:
        ann = made.client("ann") if tls else node.client("ann")
        ann.socket.sendall(b"".join(b"PING :%d %s\r\n" % (number, b"x" * 400) for number in range(300)))
        ann.expect("PONG .* :299 x")
        answered = [line for line in ann.got if " PONG " in line]
        assert [int(line.split(" :")[1].split()[0]) for line in answered[-300:]] == list(range(300))
        no_traceback(node)


def test_limits_say_why_and_change_on_sighup(tmp_path: Path) -> None:
    with OneNode.started(tmp_path, clients={"total": 2}) as node:
        ann, bob = node.client("ann"), node.client("bob")
        full = "ERROR :Closing Link: 127.0.0.1 (This server is full: try another node)"
        assert full in node.connect().until_closed()
        node.reload(clients={"total": 0, "per_address": 2})
        assert "127.0.0.1 (Too many connections from your address)" in node.connect().until_closed()
        node.client("cat", from_ip="127.0.0.2").sync()
        ann.send("QUIT")
        ann.until_closed()
        node.event("client_disconnected", reason="Quit")
        node.client("dan").sync()
        bob.sync()
        no_traceback(node)


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneNode]:
    """Return a node without patience for anybody."""
    times = {"register_timeout_s": 1, "ping_every_s": 1, "ping_timeout_s": 1}
    with OneNode.started(tmp_path_factory.mktemp("hasty"), clients=times) as node:
        yield node


def test_who_does_not_register_is_cut_in_time(hasty: OneNode) -> None:
    mute, half = hasty.connect(), hasty.connect()
    half.send("NICK half")
    for wire in (mute, half):
        assert "(Registration timed out)" in wire.until_closed(5)


def test_who_does_not_answer_ping_is_cut_and_who_does_stays(hasty: OneNode) -> None:
    ann, bob = hasty.client("ann"), hasty.client("bob")
    ann.join("#c")
    bob.join("#c")
    assert bob.expect(" QUIT ").startswith(":ann!~ann@127.0.0.1 QUIT :Ping timeout: ")
    heard = ann.until_closed(5)
    assert f"PING {NAME}" in heard.replace(":", "")
    assert re.search(r"ERROR :Closing Link: 127.0.0.1 \(Ping timeout: [23] seconds\)", heard)


def test_half_closed_and_reset_connections_leave_nothing(hasty: OneNode) -> None:
    since = len(hasty.records)
    half = hasty.client("half")
    half.socket.shutdown(socket.SHUT_WR)
    half.until_closed(5)
    reset = hasty.client("reset")
    reset.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    reset.close()
    hasty.event("client_disconnected", since, reason="Connection closed")
    hasty.event("client_disconnected", since, reason="Connection reset by peer")
    hasty.client("half")
    hasty.client("reset")
    no_traceback(hasty)


# Signals --------------------------------------------------------------------------------------------------------------


def test_sighup_applies_what_is_live_and_says_what_needs_a_restart(tmp_path: Path) -> None:
    (tmp_path / "motd.txt").write_text("the old motd\n")
    with OneNode.started(tmp_path, motd_file="motd.txt") as node:
        ann = node.client("ann")
        ann.send("MOTD", "OPER root sesame")
        assert ann.expect(" 372 ").endswith("the old motd")
        assert ann.expect(" (491|464) ")
        (tmp_path / "motd.txt").write_text("the new motd\n")
        told = node.reload(
            operators=[{"name": "root", "password_hash": hash_password("sesame")}],
            admin={"email": "root@circlet.test"},
            links={"port": free_port()},
            grace_s=7,
        )
        assert sorted(told["live"]) == ["admin.email", "motd_file", "operators"]
        assert sorted(told["needs_restart"]) == ["grace_s", "links.port"]
        ann.send("MOTD", "OPER root sesame")
        assert ann.expect(" 372 ").endswith("the new motd")
        assert ann.expect(" 381 ")  # on a slow machine a later command does not wait as long as a password may take
        ann.send("ADMIN")
        assert ann.expect("root@circlet.test")
        no_traceback(node)


def test_a_changed_network_key_needs_a_restart_and_is_said_until_then(tmp_path: Path) -> None:
    with OneNode.started(tmp_path) as node:
        (tmp_path / "network.key").write_text("ab" * 32 + "\n")
        for _ in range(2):
            told = node.reload()
            assert (told["needs_restart"], told["level"]) == (["network.key_file"], "warning")


def test_the_level_of_the_log_is_live_and_a_needed_restart_is_said_at_level_warning(tmp_path: Path) -> None:
    with OneNode.started(tmp_path) as node:
        told = node.reload(log={"level": "warning"}, grace_s=7)
        assert told["level"] == "warning" and told["needs_restart"] == ["grace_s"]
        seen = len(node.records)
        ann = node.client("ann")  # and stays: a departure must not be logged in between
        ann.sync()
        node.write(log={"level": "info"}, grace_s=8)
        node.reload()
        node.client("bob").sync()
        events = [r["event"] for r in node.records[seen:] if r["event"] != "level_raised"]  # at any time
        assert events[:2] == ["reloaded", "client_connected"]


def test_sighup_with_a_broken_file_is_refused_with_every_mistake(tmp_path: Path) -> None:
    with OneNode.started(tmp_path, motd="the motd") as node:
        ann = node.client("ann")
        good = dict(node.config)
        node.reload("reload_refused", motd=7, links={"port": 70000}, colour="blue", clients={"sendq": "much"})
        for key in ("motd", "links.port", "colour", "clients.sendq"):
            node.until(lambda key=key: key in " ".join(mistakes(node)), key)
        for text in ("{{{", "\0\0", ""):
            node.path.write_text(text)
            node.reload("reload_refused")
        node.path.unlink()
        node.reload("reload_refused")
        assert not [r for r in node.records if r["event"] == "reloaded"]
        ann.send("MOTD")
        assert ann.expect(" 372 ").endswith("the motd")
        node.client("bob").sync()
        node.config = good
        node.reload(motd="the new motd")
        node.reload(motd="")
        ann.send("MOTD")
        ann.expect(" 422 ")
        no_traceback(node)


def mistakes(node: OneNode) -> list[str]:
    return [r["mistake"] for r in node.records if r["event"] == "reload_refused"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_node_cleanly(tmp_path: Path, number: int) -> None:
    with OneNode.started(tmp_path) as node:
        ann, mute = node.client("ann"), node.connect()
        assert node.ended(number) == 0
        for wire in (ann, mute):
            assert "ERROR :Closing Link: 127.0.0.1 (Server is shutting down)" in wire.until_closed()
        assert [r["event"] for r in node.records if r["event"].startswith(("drain", "node_s"))] == [
            "node_started", "drain_started", "drain_finished", "node_stopped",
        ]  # fmt: skip
        no_traceback(node)


def test_a_node_that_checks_passwords_ends_as_cleanly(tmp_path: Path) -> None:
    operators = [{"name": "root", "password_hash": hash_password("sesame")}]
    with OneNode.started(tmp_path, operators=operators, clients={"flood": NO_FLOOD_CONTROL}) as node:
        people = [node.client(f"ann{number}") for number in range(10)]
        for person in people:
            person.send(*["OPER root wrong"] * 20)
        people[0].expect(" 464 ")
        assert node.ended(signal.SIGTERM) == 0
        no_traceback(node)


@pytest.mark.parametrize("which", ["listeners", "links"])
def test_a_port_in_use_is_told_plainly(tmp_path: Path, which: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        changes = {
            "listeners": {"listeners": [{"host": "127.0.0.1", "port": port}]},
            "links": {"links": {"port": port}},
        }
        with OneNode(tmp_path, **changes[which]) as node:
            assert node.ended() == 1
            (told,) = [r for r in node.records if r["event"] == "start_failed"]
            assert told["reason"].startswith(f"{which}: cannot listen on 127.0.0.1") and str(port) in told["reason"]
            assert "Traceback" not in node.text and len(node.records) < 4


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"node": {"state_dir": "/proc/circlet/state"}}, "/proc/circlet"),
        ({"log": {"file": "no/such/folder/node.log"}}, "no/such/folder"),
        ({"listeners": [{"host": "192.0.2.1", "port": 6667}]}, "192.0.2.1"),
    ],
)
def test_what_cannot_be_had_ends_the_start_plainly(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with OneNode(tmp_path, **changes) as node:
        assert node.ended() == 1
        assert words in node.text and "Traceback" not in node.text and node.text.count("\n") < 4


# The log --------------------------------------------------------------------------------------------------------------

SECRET = "sentinel7391"


def test_the_log_is_json_with_constant_names_and_without_what_people_say(tmp_path: Path) -> None:
    operators = [{"name": "root", "password_hash": hash_password(f"{SECRET}-oper")}]
    door = hash_password(f"{SECRET}-door")
    with OneNode.started(tmp_path, server_password_hash=door, operators=operators, log={"level": "debug"}) as node:
        for password in ("wrong", "door"):
            ann = node.connect()
            ann.send(f"PASS {SECRET}-{password}", "NICK ann", f"USER ann 0 * :{SECRET}")
            ann.expect(" (464|221) ")
        ann.nick = "ann"
        ann.send(
            f"JOIN #c {SECRET}", f"PRIVMSG #c :{SECRET}", f"NOTICE ann :{SECRET}", f"TOPIC #c :{SECRET}",
            f"MODE #c +k {SECRET}", f"AWAY :{SECRET}", f"OPER root {SECRET}-no", f"OPER root {SECRET}-oper",
            f"WALLOPS :{SECRET}", f"{SECRET} {SECRET}",
        )  # fmt: skip
        ann.expect(" 381 ")
        ann.sync()
        ann.send(f"PART #c :{SECRET}", f"QUIT :{SECRET}")
        ann.until_closed()
        node.event("client_disconnected", reason="Quit")
        assert node.ended(signal.SIGTERM) == 0
        assert SECRET not in node.text and "argon2id" not in node.text
        assert len(node.records) > 8
        for record in node.records:
            assert re.fullmatch(r"[a-z][a-z0-9_]+", record["event"]), record
            assert record["level"] in ("debug", "info", "warning", "error") and record["timestamp"].endswith("Z")
            assert record["node"] == "node-1.circlet.local"


# A client's socket, alone ---------------------------------------------------------------------------------------------


# A crowd --------------------------------------------------------------------------------------------------------------


def test_a_silent_member_reads_each_join_of_a_crowd(tmp_path: Path) -> None:
    """JOINs of a crowd wait for each other; a member that says nothing is written all of them."""
    with OneNode.started(tmp_path) as node:
        silent = node.connect()
        silent.register("silent")
        silent.join("#c")
        crowd = [node.connect() for _ in range(3 * CROWD)]
        for number, wire in enumerate(crowd):
            wire.send(f"NICK u{number}", f"USER u{number} 0 * :u", "JOIN #c")
        come = {silent.expect(r"^:u\d+!\S+ JOIN ").partition("!")[0] for _ in crowd}
        assert len(come) == len(crowd)
        for wire in crowd:
            wire.close()
