"""The HTTP listener of a real node."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.network import free_port
from tests.gateway.io.onenode import OneNode
from tests.gateway.web.samples import samples
from tests.patience import WITHIN_S

pytestmark = pytest.mark.e2e


class Served(OneNode):
    """A node with HTTP."""

    web_port = 0

    def get(self, path: str, method: str = "GET", body: bytes | None = None) -> tuple[int, str, str]:
        """Status, content type and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.web_port, timeout=WITHIN_S)
        connection.request(method, path, body)
        answer = connection.getresponse()
        found = answer.status, answer.getheader("Content-Type", ""), answer.read().decode()
        connection.close()
        return found


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    port = free_port()
    Served.web_port = port
    with Served.started(tmp_path_factory.mktemp("http"), http={"host": "127.0.0.1", "port": port}) as made:
        assert isinstance(made, Served)
        yield made


def test_every_address_answers(node: Served) -> None:
    assert node.get("/healthz") == (200, "application/json; charset=utf-8", '{"status": "ok"}')
    assert json.loads(node.get("/readyz")[2]) == {"ready": True, "why": ""}
    (row,) = json.loads(node.get("/nodes.json")[2])["nodes"]
    assert row["http"] == f"http://127.0.0.1:{Served.web_port}/"
    assert row["irc"] == f"127.0.0.1:{node.port}" and row["alive"] and row["point"] == 3389831382
    located = json.loads(node.get("/locate?name=%23erlang")[2])
    assert located["J"] == 1310262970 and located["nodes"][0]["role"] == "master"
    found = samples(node.get("/metrics")[2])
    assert found[("circlet_clients",)] == 0 and found[("circlet_ready",)] == found[("circlet_healthy",)] == 1
    assert found[("circlet_loop_lag_seconds_count",)] >= 0 and found[("circlet_store_bytes",)] > 0
    status, kind, text = node.get("/?name=%23erlang")
    assert status == 200 and kind.startswith("text/html") and "1310262970" in text


def test_the_page_and_its_files_come_from_the_node_alone(node: Served) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", node.web_port, timeout=WITHIN_S)
    for path, kind in (
        ("/", "html"),
        ("/ring/page.js", "javascript"),
        ("/ring/page.css", "css"),
        ("/ring/icon.svg", "svg"),
    ):
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        policy = answer.getheader("Content-Security-Policy", "")
        assert answer.status == 200 and kind in answer.getheader("Content-Type", "")
        assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    connection.request("GET", "/ring/page.js", headers={"If-None-Match": "x"})
    answer = connection.getresponse()
    answer.read()
    connection.request("GET", "/ring/page.js", headers={"If-None-Match": answer.getheader("ETag", "")})
    same = connection.getresponse()
    assert (answer.status, same.status, same.read()) == (200, 304, b"")
    connection.close()


def test_an_open_page_does_not_hold_up_the_end_of_the_node(tmp_path: Path) -> None:
    port = free_port()
    with OneNode.started(tmp_path, http={"host": "127.0.0.1", "port": port}) as made:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN_S)
        connection.request("GET", "/events")
        answer = connection.getresponse()
        assert answer.status == 200 and answer.readline() == b"retry: 2000\n"
        made.process.terminate()
        while answer.read1():
            pass
        assert made.ended() == 0 and "Traceback" not in made.text and '"bug"' not in made.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/../../etc/passwd", 404),
        ("POST", "/nodes.json", 405),
        ("HEAD", "/events", 405),
        ("POST", "/events", 405),
        ("GET", "/ring/nothing.js", 404),
        ("GET", "/ring/..%2fpage.py", 404),
        ("GET", "/ring/", 404),
        ("GET", "/locate", 400),
        ("GET", "/locate?name=%ff%00", 400),
        ("GET", "/locate?name=" + "a" * 5000, 400),
        ("GET", "/?name=" + "a" * 5000, 200),
    ],
)
def test_bad_requests_are_refused_with_words(node: Served, method: str, path: str, status: int) -> None:
    found, kind, body = node.get(path, method)
    assert found == status
    if status != 200:
        assert kind.startswith("application/json") and (method == "HEAD" or len(json.loads(body)["error"]) > 10)


def test_bytes_that_are_no_http_leave_no_traceback(node: Served) -> None:
    for words in (
        b"NICK ann\r\n\r\n",
        bytes(range(256)),
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nno header\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", Served.web_port), timeout=WITHIN_S) as stranger:
            stranger.sendall(words)
            head, _, body = b"".join(iter(lambda: stranger.recv(4096), b"")).partition(b"\r\n\r\n")
            assert head[:12] in (b"HTTP/1.0 400", b"HTTP/1.1 400") and b"application/json" in head
            assert json.loads(body)["error"].startswith("the request is no HTTP: ")
    assert node.get("/healthz")[0] == 200 and "Traceback" not in node.text


def test_bodies_that_are_broken_off_or_compressed_leave_no_traceback(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(30_000_000))
    port = free_port()
    with OneNode.started(tmp_path, http={"host": "127.0.0.1", "port": port}) as node:
        for words, status in (
            (b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", b"415"),
            (b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(bomb), bomb), b"415"),
            (b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n", b"400"),
            (b"Content-Length: 50\r\n\r\nhello", b""),  # the client goes before the rest
            (b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", b""),
        ):
            with socket.create_connection(("127.0.0.1", port), timeout=WITHIN_S) as stranger:
                stranger.sendall(b"POST /api/v1/messages HTTP/1.1\r\nHost: node\r\n" + words)
                assert not status or stranger.recv(100)[9:12] == status
            with socket.create_connection(("127.0.0.1", port), timeout=WITHIN_S) as other:
                other.sendall(b"GET /healthz HTTP/1.1\r\nHost: node\r\n\r\n")
                assert other.recv(100)[9:12] == b"200", "by now the node has seen that the first one is gone"
    wrong = [record for record in node.records if record.get("level") in ("error", "critical")]
    assert node.records and not wrong, wrong


def test_a_port_that_is_taken_ends_the_start_and_names_the_key(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with OneNode(tmp_path, http={"host": "127.0.0.1", "port": taken.getsockname()[1]}) as made:
            assert made.ended() == 1
            assert made.event("start_failed")["reason"].startswith("http: cannot listen on 127.0.0.1:")
