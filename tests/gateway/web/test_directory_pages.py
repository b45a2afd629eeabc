"""The HTTP listener of a real directory, beside a real node."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import signal
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from config import DirectoryConfig, NodeConfig, load
from tests.e2e.network import Network, free_port
from tests.patience import WITHIN_S

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("network")]


class Pages:
    """One HTTP listener of a network."""

    def __init__(self, net: Network, name: str) -> None:
        config = load(net.folder / f"{name}.yaml")
        assert isinstance(config, NodeConfig | DirectoryConfig) and config.http is not None
        self.address = config.http.address
        self.url = config.http.url

    def get(self, path: str, method: str = "GET") -> tuple[int, str, str]:
        """Status, content type and body."""
        connection = http.client.HTTPConnection(*self.address, timeout=WITHIN_S)
        connection.request(method, path)
        answer = connection.getresponse()
        found = answer.status, answer.getheader("Content-Type", ""), answer.read().decode()
        connection.close()
        return found

    def json(self, path: str) -> Any:
        return json.loads(self.get(path)[2])


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    made = Network(tmp_path_factory.mktemp("pages"), nodes=1, directories=1)
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def pages(net: Network) -> Pages:
    return Pages(net, "directory-1")


def test_a_directory_tells_what_its_node_tells(net: Network, pages: Pages) -> None:
    node = Pages(net, "node-1")
    (row,) = pages.json("/nodes.json")["nodes"]
    assert [row] == node.json("/nodes.json")["nodes"] and row["http"] == node.url
    assert pages.json("/locate?name=%23Erlang") == node.json("/locate?name=%23Erlang")
    status, kind, text = pages.get("/?name=%23erlang")
    assert status == 200 and kind.startswith("text/html")
    assert "1310262970" in text and "node-1.circlet.local" in text and "directory 127.0.0.1:" in text


def test_a_directory_is_healthy_and_soon_ready(pages: Pages) -> None:
    assert pages.get("/healthz")[:2] == (200, "application/json; charset=utf-8")
    end = time.monotonic() + WITHIN_S
    while (found := pages.get("/readyz"))[0] == 503:
        assert "announce themselves" in json.loads(found[2])["why"] and time.monotonic() < end
        time.sleep(0.2)
    assert json.loads(found[2]) == {"ready": True, "why": ""}
    assert "circlet_directory_leases 1.0" in pages.get("/metrics")[2]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/chat", 404),
        ("GET", "/irc", 404),
        ("GET", "/api/v1/accounts", 404),
        ("GET", "/%2e%2e/etc/passwd", 404),
        ("POST", "/nodes.json", 405),
        ("DELETE", "/", 405),
        ("GET", "/locate", 400),
        ("GET", "/locate?name=%ff%00", 400),
        ("GET", "/locate?name=" + "a" * 5000, 400),
    ],
)
def test_bad_requests_are_refused_with_words(pages: Pages, method: str, path: str, status: int) -> None:
    found, kind, body = pages.get(path, method)
    assert found == status
    assert kind.startswith("application/json") and len(json.loads(body)["error"]) > 10


def test_the_port_of_a_directory_that_is_taken_ends_the_start_and_names_the_key(net: Network, pages: Pages) -> None:
    another(net, "directory-2")
    assert net.processes["directory-2"].wait(WITHIN_S) == 1
    (failed,) = [line for line in events(net, "directory-2") if line["event"] == "start_failed"]
    assert failed["reason"].startswith(f"http: cannot listen on {pages.address}:")
    assert "Traceback" not in net.log("directory-2")


def test_a_directory_without_the_section_has_no_http(net: Network) -> None:
    another(net, "directory-3", page="")
    until(lambda: "directory_started" in net.log("directory-3"), "it does not start")
    assert net.terminate("directory-3") == 0
    assert [line["event"] for line in events(net, "directory-3")] == ["directory_started", "directory_stopped"]


def test_a_reload_takes_limits_and_certificates_and_says_what_needs_a_restart(net: Network, tmp_path: Path) -> None:
    authority = trustme.CA()
    for name in ("first", "second"):
        leaf = authority.issue_cert("127.0.0.1")
        leaf.private_key_pem.write_to_path(tmp_path / f"{name}.key")
        leaf.cert_chain_pems[0].write_to_path(tmp_path / f"{name}.pem")
    cert, key = net.folder / "cert.pem", net.folder / "key.pem"
    for name, path in (("first.pem", cert), ("first.key", key)):
        shutil.copy(tmp_path / name, path)
    port = free_port()
    another(net, "directory-4", page=f"{{port: {port}, tls: {{cert: cert.pem, key: key.pem}}}}")
    until(lambda: "http_listening" in net.log("directory-4"), "it does not listen")
    before = ssl.get_server_certificate(("127.0.0.1", port), timeout=WITHIN_S)
    for name, path in (("second.pem", cert), ("second.key", key)):
        shutil.copy(tmp_path / name, path)
    path = net.folder / "directory-4.yaml"
    path.write_text(path.read_text().replace("{port:", "{per_address: 3, host: 127.0.0.2, port:"))
    net.processes["directory-4"].send_signal(signal.SIGHUP)
    until(lambda: '"reloaded"' in net.log("directory-4"), "it does not reload")
    (told,) = [line for line in events(net, "directory-4") if line["event"] == "reloaded"]
    assert told["live"] == ["http.per_address", "http.tls.cert", "http.tls.key"]
    assert told["needs_restart"] == ["http.host"]
    assert ssl.get_server_certificate(("127.0.0.1", port), timeout=WITHIN_S) != before


def until(happened: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + WITHIN_S
    while not happened():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def another(net: Network, name: str, page: str | None = None) -> None:
    """Start one more directory, on a UDP port of its own. page: the section `http`; None: the section of the first
    directory.
    """
    text = (net.folder / "directory-1.yaml").read_text()
    text = re.sub(r"port: \d+ # UDP", f"port: {free_port(socket.SOCK_DGRAM)} # UDP", text)
    if page is not None:
        text = re.sub(r"\nhttp:.*\n(  .*\n)+", f"\nhttp: {page}\n" if page else "\n", text)
    (net.folder / f"{name}.yaml").write_text(text)
    net.start(name)


def events(net: Network, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in net.log(name).splitlines()]
