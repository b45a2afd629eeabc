"""The HTTP listener of a real directory, beside a real node."""

from __future__ import annotations

import http.client
import json
import re
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

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
    another(net, "directory-3", http=False)
    end = time.monotonic() + WITHIN_S
    while "directory_started" not in net.log("directory-3"):
        assert time.monotonic() < end, net.log("directory-3")
        time.sleep(0.05)
    assert net.terminate("directory-3") == 0
    assert [line["event"] for line in events(net, "directory-3")] == ["directory_started", "directory_stopped"]


def another(net: Network, name: str, *, http: bool = True) -> None:
    """Start one more directory, on a UDP port of its own and with the HTTP port of the first, or none."""
    text = (net.folder / "directory-1.yaml").read_text()
    text = re.sub(r"port: \d+ # UDP", f"port: {free_port(socket.SOCK_DGRAM)} # UDP", text)
    (net.folder / f"{name}.yaml").write_text(text if http else re.sub(r"\nhttp:.*\n(  .*\n)+", "\n", text))
    net.start(name)


def events(net: Network, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in net.log(name).splitlines()]
