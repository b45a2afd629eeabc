"""A client certificate is added at NickServ on one node, and logs in on another."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.network import Client, Network
from tests.gateway.io.test_client_tls import client_context, own_certificate

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("people")]


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    net = Network(tmp_path / "net", directories=1, tls=True)
    try:
        yield net
    finally:
        net.stop()


def external(network: Network, number: int, shown: ssl.SSLContext) -> tuple[Client, str]:
    """Make a client that logs in by certificate before registration; return the outcome, too."""
    client = Client(f"127.0.0.{number}", network.tls_port, "ann2", "sasl", tls=shown, registers=False)
    client.expect("CAP .* ACK")
    client.send("AUTHENTICATE EXTERNAL")
    client.expect(r"AUTHENTICATE \+")
    client.send("AUTHENTICATE +")
    return client, client.expect(r" 90[34] ")


def test_a_certificate_logs_in_until_it_is_removed(network: Network, tmp_path: Path) -> None:
    mark = own_certificate(network.folder, "ann")
    shown = client_context(network.folder, "ann")
    ann = Client("127.0.0.1", network.tls_port, "ann", tls=shown)
    stranger, answer = external(network, 3, shown)
    assert " 904 " in answer
    stranger.close()
    for line, told in (
        ("REGISTER sesame", "Account ann is registered, and you are logged in to it"),
        ("CERT ADD", f"{mark} logs in to ann"),
        ("CERT LIST", mark),
    ):
        ann.send(f"PRIVMSG NickServ :{line}")
        ann.expect(f":NickServ!NickServ@irc.circlet.local NOTICE ann :{told}")
    known, answer = external(network, 2, shown)
    assert " 903 " in answer
    known.close()
    ann.send("NS CERT DEL")
    ann.expect(f"NOTICE ann :{mark} does not log in to ann")
    again, answer = external(network, 3, shown)
    assert " 904 " in answer
    for client in (again, ann):
        client.close()
    assert not [name for name in network.processes if "sesame" in network.log(name)]
