"""The HTTP listener of a real node: slow connections, and the listener's certificate."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme

from tests.gateway.io.onenode import OneNode, free_port
from tests.patience import WITHIN_S

pytestmark = pytest.mark.e2e

NAME = "127.0.0.1"


class Served(OneNode):
    """A node with HTTP."""

    @property
    def page(self) -> tuple[str, int]:
        return "127.0.0.1", int(self.config["http"]["port"])

    def visit(self, data: bytes = b"") -> socket.socket:
        made = socket.create_connection(self.page, timeout=WITHIN_S)
        made.sendall(data)
        return made

    def get(self, path: str) -> int:
        connection = http.client.HTTPConnection(*self.page, timeout=WITHIN_S)
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
        return status


def started(folder: Path, **settings: object) -> Served:
    made = Served.started(folder, http={"host": "127.0.0.1", "port": free_port(), **settings})
    assert isinstance(made, Served)
    return made


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Served]:
    with started(tmp_path) as made:
        yield made


def read_all(stranger: socket.socket) -> bytes:
    """What comes until the node closes the connection."""
    data = b""
    try:
        while more := stranger.recv(65536):
            data += more
    except ConnectionResetError:
        pass
    return data


def test_talk_goes_on_beside_300_silent_connections_from_one_address(node: Served) -> None:
    with ExitStack() as stack:
        silent = [stack.enter_context(node.visit()) for _ in range(300)]
        ann, bob = node.client("ann"), node.client("bob")
        for person in (ann, bob):
            person.send("JOIN #erlang")
            person.expect(" 366 ")
        ann.send("PRIVMSG #erlang :all is well")
        ann.sync()
        bob.expect("PRIVMSG #erlang :all is well")
        refused = read_all(silent[-1])
        assert refused.startswith(b"HTTP/1.1 429 ") and b'{"error": "too many connections from your address' in refused
        told = node.event("http_refused")
        assert told["most_from"] == "127.0.0.1" and told["per_address"] >= 1
        assert read_all(silent[0]) == b""  # the node has closed it by itself
    assert node.get("/healthz") == 200
    assert "Traceback" not in node.text


def test_the_limit_for_all_is_told_and_can_be_raised_while_the_node_runs(tmp_path: Path) -> None:
    with started(tmp_path, total=2, per_address=0) as node, node.visit(), node.visit():
        with node.visit() as third:
            assert read_all(third).startswith(b"HTTP/1.1 503 Service Unavailable")
        told = node.reload(http={"total": 100})
        assert (told["live"], told["needs_restart"]) == (["http.total"], [])
        assert node.get("/healthz") == 200


HALVES = [
    (b"", b""),
    (b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: ", b""),
    (b"POST /nodes.json HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf", b"HTTP/1.1 408 "),
    (b"POST /nodes.json HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal", b"HTTP/1.1 408 "),
    (b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 "),  # and then silence
]
"""What slow clients say, and how the answer to each begins. The clients wait side by side."""


def test_half_a_request_does_not_hold_a_connection_for_ever(node: Served) -> None:
    with ExitStack() as stack:
        waiting = [(half, stack.enter_context(node.visit(half)), status) for half, status in HALVES]
        creeping = stack.enter_context(node.visit(b"GET / HTTP/1.1\r\n"))
        creep_to_the_end(creeping)
        for half, slow, status in waiting:
            answer = read_all(slow)
            assert answer.startswith(status) and bool(answer) == bool(status), half
    assert "Traceback" not in node.text


def creep_to_the_end(slow: socket.socket) -> None:
    """Send a head in small pieces, until the node closes the connection."""
    slow.settimeout(0.5)
    closed = False
    while not closed:
        try:
            slow.sendall(b"X: y\r\n")
            closed = slow.recv(100) == b""
        except TimeoutError:
            continue
        except ConnectionError:
            closed = True


def test_a_client_that_does_not_read_its_answers_is_cut(node: Served) -> None:
    request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    with node.visit() as greedy:
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with pytest.raises(ConnectionError):
            while True:  # until the node cuts the connection: it reads no more requests than it answers
                greedy.sendall(request * 100)
    assert node.get("/healthz") == 200


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 70000\r\n\r\n" + bytes(70000), b"413"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: no\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
        (
            b"POST /nodes.json HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Encoding: gzip\r\n"
            b"Content-Length: 3\r\n\r\nabc",
            b"415",
        ),
    ],
    ids=["too long", "no length", "no chunk", "compressed"],
)
def test_bodies_that_will_not_do_are_refused(node: Served, request_: bytes, status: bytes) -> None:
    with node.visit(request_) as stranger:
        assert read_all(stranger)[9:12] == status
    assert "Traceback" not in node.text and not [r for r in node.records if r["event"] == "bug"]


# The certificate ------------------------------------------------------------------------------------------------------


def issue(folder: Path) -> str:
    """A new pair in the files of the node; returns the path of its authority."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    leaf = authority.issue_cert(NAME)
    leaf.private_key_pem.write_to_path(folder / "key.pem")
    leaf.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    return str(folder / "ca.pem")


def status_over_tls(node: Served, authority: str) -> int:
    context = ssl.create_default_context(cafile=authority)
    connection = http.client.HTTPSConnection(*node.page, timeout=WITHIN_S, context=context)
    connection.request("GET", "/healthz")
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[Served]:
    issue(tmp_path)
    with started(tmp_path, tls={"cert": "cert.pem", "key": "key.pem"}) as made:
        yield made


def test_a_reload_takes_a_new_certificate_and_keeps_the_old_one_if_the_new_one_is_none(secure: Served) -> None:
    first = (secure.folder / "ca.pem").rename(secure.folder / "first.pem")
    assert status_over_tls(secure, str(first)) == 200
    second = issue(secure.folder)
    told = secure.reload()
    assert (told["live"], told["needs_restart"]) == (["http.tls.cert", "http.tls.key"], [])
    assert status_over_tls(secure, second) == 200
    with pytest.raises(ssl.SSLCertVerificationError):
        status_over_tls(secure, str(first))
    (secure.folder / "cert.pem").write_text("nonsense")
    told = secure.reload("reload_refused")
    assert "not a PEM certificate" in told["mistake"]
    assert status_over_tls(secure, second) == 200


def test_what_needs_a_restart_is_said(secure: Served) -> None:
    told = secure.reload(http={"port": free_port(), "per_address": 7})
    assert (told["live"], told["needs_restart"]) == (["http.per_address"], ["http.port"])
    told = secure.reload("reload_refused", http={"total": 0})
    assert re.search(r"http\.total .*: at least 1", told["mistake"]), told["mistake"]


def test_a_silent_client_ends_before_tls_begins(secure: Served) -> None:
    with secure.visit() as silent:
        assert read_all(silent) == b""
    with secure.visit(b"GET / HTTP/1.1\r\n\r\n") as plain:
        read_all(plain)
    assert status_over_tls(secure, str(secure.folder / "ca.pem")) == 200
    assert "Traceback" not in secure.text


def test_status_tells_when_the_certificate_ends(secure: Served) -> None:
    words = [sys.executable, "-m", "gateway.cli.main", "status", "--json", "--config", str(secure.path)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=WITHIN_S)
    (node,) = json.loads(done.stdout)["nodes"]
    (shown,) = node["status"]["certificates"]
    assert shown["listener"] == f"127.0.0.1:{secure.page[1]}" and shown["file"].endswith("cert.pem")
    assert shown["ends"] > time.time()
