"""A guest's TLS certificate speaks for the guest after the death of its node: real processes, real handshakes (P29)."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.network import Client, Network
from tests.gateway.io.test_client_tls import client_context, own_certificate
from tests.patience import WITHIN_S

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("people")]

RING = "#ring"


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Network]:
    made = Network(tmp_path / "net", nodes=2, directories=1, tls=True)
    for name in ("joe", "other"):
        own_certificate(made.folder, name)
    try:
        made.wait_level()  # below the level, nothing is known of a guest's certificate
        yield made
    finally:
        made.stop()


def guest(net: Network, node: int, certificate: str) -> Client:
    """joe, with this certificate or ("") without one. The node may not have found the other node dead yet."""
    end = time.monotonic() + WITHIN_S
    while True:
        client = Client(
            f"127.0.0.{node}", net.tls_port, "joe", tls=client_context(net.folder, certificate), registers=False
        )
        client.send("NICK joe", "USER joe 0 * :joe")
        if " 433 " not in client.expect(" (221|433) ") or time.monotonic() > end:
            return client
        client.close()


def story(net: Network) -> tuple[Client, int]:
    """joe has made a channel on node 1, and eve on node 2 is there, too. Then node 1 is killed.

    Returns eve, and how many lines eve had read before the kill.
    """
    joe, eve = guest(net, 1, "joe"), net.client(2, "eve")
    joe.send(f"JOIN {RING}", f"TOPIC {RING} :mine", "JOIN #alone")
    joe.sync()
    eve.send(f"JOIN {RING}")
    eve.sync()
    shown = len(eve.got)
    net.terminate("node-1", signal.SIGKILL)
    joe.close()
    return eve, shown


def test_a_guest_with_the_same_certificate_has_its_seats_and_ranks_on_the_other_node(net: Network) -> None:
    eve, shown = story(net)
    back = guest(net, 2, "joe")
    seated = {back.expect(r":joe!~joe@\S+ JOIN #").split()[-1] for _ in range(2)}
    assert seated == {RING, "#alone"}
    back.send(f"MODE {RING} +m", f"PRIVMSG {RING} :here again", f"NAMES {RING}")
    back.expect(f" 353 joe = {RING} :.*@joe")
    eve.expect(rf":joe!~joe@\S+ MODE {RING} \+m")
    eve.expect(rf":joe!~joe@\S+ PRIVMSG {RING} :here again")
    eve.sync()
    assert not [
        line for line in eve.got[shown:] if any(f" {verb} " in line for verb in ("QUIT", "JOIN", "NICK", "PART"))
    ]


@pytest.mark.parametrize("certificate", ["other", ""])
def test_whoever_else_takes_the_nick_is_a_new_user(net: Network, certificate: str) -> None:
    eve, _ = story(net)
    newcomer = guest(net, 2, certificate)
    assert any(" 221 " in line for line in newcomer.got), newcomer.got[-3:]
    quit_line = eve.expect(r":joe!~joe@\S+ QUIT ")
    newcomer.send(f"JOIN {RING}", "JOIN #alone", f"NAMES {RING}")
    newcomer.sync()
    eve.expect(rf":joe!~joe@\S+ JOIN {RING}")
    assert not any("@joe" in line for line in newcomer.got if f" 353 joe = {RING}" in line)
    newcomer.send(f"MODE {RING} +m")
    newcomer.expect(" 482 ")
    assert quit_line.endswith(":Connection lost")
