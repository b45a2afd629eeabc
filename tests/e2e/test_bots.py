"""Python clients that others wrote: TLS, SASL, join, talk, and back by themselves after their node died."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.network import Client, Network
from tests.patience import WITHIN_S

BOTS = Path(__file__).parent / "bots"
PASSWORD = "correct horse"

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("people")]


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    net = Network(tmp_path / "net", tls=True)
    try:
        yield net
    finally:
        net.stop()


@pytest.mark.parametrize("library", ["irc", "pydle"])
def test_a_bot(network: Network, tmp_path: Path, library: str) -> None:
    bob = network.client(1, "bob")
    bob.send("JOIN #room")
    bob.expect(" 366 ")
    robot = network.client(3, "robot")
    robot.send(f"REGISTER * * :{PASSWORD}")
    robot.expect("REGISTER SUCCESS robot")
    robot.send("QUIT")
    robot.close()
    words = ["127.0.0.2", str(network.tls_port), str(network.folder / "ca.pem"), "robot@bot", PASSWORD]
    with (tmp_path / "bot.log").open("ab") as log:
        bot = subprocess.Popen(
            [sys.executable, str(BOTS / f"{library}_bot.py"), *words],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
    try:
        bob.expect(r":robot!\S+ JOIN #room")
        talk(bob, "one")
        bob.send("WHOIS robot")
        assert bob.expect(" (330|318) ").endswith(" 330 bob robot robot :is logged in as")
        assert " 671 " in bob.expect(" (671|318) ")
        network.terminate("node-2", signal.SIGKILL)
        network.start("node-2")
        network.wait_open(2)
        talk(bob, "two")
        talk(bob, "three")
        seen = [line for line in bob.got if ":robot!" in line and (" JOIN " in line or " QUIT " in line)]
        assert len(seen) == 1, seen
    except AssertionError as problem:
        raise AssertionError(f"{problem}\n{(tmp_path / 'bot.log').read_text()[-3000:]}") from problem
    finally:
        bot.kill()
        bot.wait()


def talk(bob: Client, text: str, within_s: float = WITHIN_S) -> None:
    bob.send(f"PRIVMSG #room :{text}")
    bob.expect(rf":robot!\S+ PRIVMSG #room :robot has heard: {text}$", within_s)
