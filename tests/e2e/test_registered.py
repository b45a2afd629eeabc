"""A registered channel: the access of an account counts on every node, after a kill -9 and after a restart of all."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from tests.e2e.network import Client, Network
from tests.e2e.terminal import Terminal
from tests.e2e.test_accounts import PASSWORD, with_account

pytestmark = [pytest.mark.e2e, pytest.mark.clients, pytest.mark.xdist_group("people")]

WORD = "correct-horse"
BACK_S = 60.0
"""Enough for a node that has started to be known to all."""


def ask(client: Client, text: str, answer: str) -> None:
    client.send(f"CS {text}")
    client.expect(answer)


def enters(network: Network, folder: Path, number: int, eve: Client) -> None:
    """bob comes with irssi, logs in, and enters as operator; eve, who was there before, sees so."""
    irssi = Terminal(folder, "bob", "irssi", f"--home={folder}/irssi", "-n", "bob")
    try:
        irssi.type(
            f'/network add -sasl_username bob -sasl_password "{PASSWORD}" -sasl_mechanism PLAIN circlet',
            f"/connect -network circlet 127.0.0.{number} {network.port}",
        )
        irssi.sees("SASL authentication succeeded|SASL authentication successful")
        irssi.sees(r"Mode change \[\+i\] for user bob|Your user mode is")
        irssi.type("/join #erlang")
        irssi.sees(r"bob \[\S+\] has joined #erlang", within_s=BACK_S)
        eve.send("NAMES #erlang")
        eve.expect(r" 353 eve . #erlang :.*@bob", BACK_S)
    finally:
        irssi.close()


def test_an_account_is_operator_on_any_node_whatever_has_died(network: Network, tmp_path: Path) -> None:
    network.wait_level()
    with_account(network, "bob")
    ann = network.client(1, "ann")
    ann.send(f"NS REGISTER {WORD}")
    ann.expect("Account ann is registered")
    ann.send("JOIN #erlang", "TOPIC #erlang :ours for good")
    ann.sync()
    ask(ann, "REGISTER #erlang", "#erlang is registered to ann")
    ask(ann, "FLAGS #erlang bob AOP", "bob has the flags")
    network.terminate("node-1", signal.SIGKILL)
    ann.close()
    eve = network.client(2, "eve")
    eve.send("JOIN #erlang")
    eve.expect(" 332 eve #erlang :ours for good", BACK_S)
    enters(network, tmp_path / "first", 3, eve)
    eve.close()
    for number in (2, 3):
        network.terminate(f"node-{number}", signal.SIGKILL)
    for number in (1, 2, 3):
        network.start(f"node-{number}")
    for number in (1, 2, 3):
        network.wait_open(number)
    eve = network.client(1, "eve")
    eve.send("JOIN #erlang")
    eve.expect(" 332 eve #erlang :ours for good", BACK_S)
    assert not re.search("[~&@]eve", eve.expect(" 353 eve . #erlang "))
    enters(network, tmp_path / "second", 2, eve)
    eve.close()
