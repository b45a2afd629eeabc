"""One address's share of a node's ports: connections are counted on arrival, before TLS."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from gateway.edge.client.admission import limits_of
from gateway.io import descriptors
from ring.links.admission import Admission, Limits
from tests.e2e.network import free_port
from tests.gateway.io.onenode import OneNode
from tests.gateway.io.test_node_process import Secure, has_ipv6, no_traceback
from tests.patience import WITHIN_S
from tests.settings import edge_settings

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("people")]

STRANGER = "127.0.9.9"


def silent(port: int, count: int, from_ip: str = STRANGER) -> list[socket.socket]:
    """Open so many silent TCP connections."""
    made = []
    for _ in range(count):
        sock = socket.socket()
        sock.bind((from_ip, 0))
        sock.settimeout(WITHIN_S)
        with suppress(ConnectionResetError):  # refused before this process has looked
            sock.connect(("127.0.0.1", port))
        made.append(sock)
    return made


def still_open(socks: list[socket.socket]) -> int:
    """How many the node has not closed."""
    count = 0
    for sock in socks:
        sock.settimeout(0)
        try:
            while data := sock.recv(4096):
                assert data.startswith(b"ERROR")
        except BlockingIOError:
            count += 1
        except OSError:
            pass
    return count


def until(what: Any, within_s: float = WITHIN_S) -> None:
    end = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_silent_connections_of_one_address_take_neither_port_under_1024_descriptors(tmp_path: Path) -> None:
    """The soft limit is 512 and the hard limit 1024; the address opens 500 connections to each port."""
    made = Secure(tmp_path, descriptors=1024, clients={"per_address": 20})
    with made.node as node:
        told = node.event("clients_total_does_not_fit", level="warning")
        assert (told["total"], told["descriptors"], told["room"]) == (20_000, 1024, 768)
        bob = node.client("bob")
        for port in (made.port, made.tls_port, node.config["links"]["port"]):
            socks = silent(port, 500)
            if port == made.port:
                until(lambda socks=socks: still_open(socks) <= 20)
            made.client("ann").close()
            bob.sync()
            for sock in socks:
                sock.close()
        assert not [record for record in node.records if record["event"] == "descriptors_exhausted"]
        no_traceback(node)


def test_connections_count_before_tls_and_give_their_place_back(tmp_path: Path) -> None:
    made = Secure(tmp_path, clients={"per_address": 5, "connects_per_minute": 0})
    with made.node as node:
        mute = silent(made.tls_port, 12)
        until(lambda: still_open(mute) == 5)
        for sock in silent(made.port, 3):
            assert b"(Too many connections from your address)" in sock.recv(1000)
        for sock in mute:
            sock.close()
        until(lambda: still_open(silent(made.tls_port, 1)) == 1)
        made.client("ann").sync()  # another address
        no_traceback(node)


def test_a_rate_for_each_address_and_one_log_line_with_a_number(tmp_path: Path) -> None:
    made = Secure(tmp_path, clients={"per_address": 1000, "connects_per_minute": 1})
    with made.node as node:
        for _ in range(4):
            for sock in silent(made.tls_port, 50):
                sock.close()
        for sock in silent(made.port, 1):
            assert b"(You connect too often: try again in a minute)" in sock.recv(1000)
        told = node.event("clients_refused", level="warning")
        assert told["most_from"] == STRANGER and told["too_fast"] == told["number"] > 0
        made.client("ann").sync()
        assert len([r for r in node.records if r["event"] == "clients_refused"]) == 1
        assert len([r for r in node.records if r.get("address") == STRANGER]) <= 2
        no_traceback(node)


def test_a_node_without_descriptors_says_so_once_and_goes_on(tmp_path: Path) -> None:
    with OneNode.started(tmp_path, descriptors=64) as node:
        bob = node.client("bob")
        socks = silent(node.port, 100)
        node.event("descriptors_exhausted", level="error", limit=64)
        bob.sync()
        for sock in socks:
            sock.close()
        node.client("ann").sync()
        assert len([r for r in node.records if r["event"] == "descriptors_exhausted"]) == 1
        no_traceback(node)


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
def test_the_limits_of_ipv6_connections(tmp_path: Path) -> None:
    port = free_port()
    with OneNode.started(
        tmp_path, listeners=[{"host": "::1", "port": port}], clients={"per_address": 2, "connects_per_minute": 0}
    ) as node:
        first = [node.connect(host="::1", port=port) for _ in range(2)]
        assert (
            "0::1 (Too many" in (told := node.connect(host="::1", port=port).until_closed()) or "::1 (Too many" in told
        )
        first[0].close()
        node.event("client_disconnected")
        node.connect(host="::1", port=port).register("ann")


def test_addresses_of_one_ipv6_network_count_as_one_unless_the_setting_says_otherwise() -> None:
    for prefix, taken in ((64, 2), (128, 3)):
        admission = Admission(limits_of(edge_settings(per_address=2, ipv6_prefix=prefix)))
        verdicts = [admission.admit(f"2001:db8::{number}", 0.0) for number in range(3)]
        assert sum(not isinstance(verdict, str) for verdict in verdicts) == taken


def test_without_a_limit_for_each_address_there_is_no_rate_either() -> None:
    assert limits_of(edge_settings(per_address=0)) == Limits(0, 20_000)
    assert limits_of(edge_settings(per_address=7)) == Limits(7, 20_000, 1.0, 60)


@pytest.mark.parametrize(("limit", "clients"), [(64, 48), (1024, 768), (20_000, 19_744)])
def test_clients_do_not_get_all_descriptors(limit: int, clients: int) -> None:
    assert descriptors.room(limit) == clients
