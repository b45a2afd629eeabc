"""People log in with the real irssi and WeeChat, on other nodes than the one that their account was made on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.network import Client, Network
from tests.e2e.terminal import Terminal

PASSWORD = "correct horse, battery"

pytestmark = [pytest.mark.e2e, pytest.mark.clients, pytest.mark.xdist_group("people")]


def with_account(network: Network, nick: str) -> None:
    client = Client("127.0.0.1", network.port, nick)
    client.send(f"REGISTER * * :{PASSWORD}")
    client.expect(f"REGISTER SUCCESS {nick}")
    client.send("QUIT")
    client.close()


class Started:
    """Clients, which end with the test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._all: list[Terminal] = []

    def weechat(self, nick: str, address: str, **options: str) -> Terminal:
        """options: of the server, after `irc.server.net.`"""
        home = self._folder / nick
        say = [f"/server add net {address} -notls -nicks={nick}"]
        say += [f"/set irc.server.net.{name} {value}" for name, value in options.items()]
        words = [word for line in [*say, "/connect net"] for word in ("-r", line)]
        return self._run(Terminal(home, nick, "weechat", "-d", f"{home}/weechat", *words))

    def irssi(self, nick: str) -> Terminal:
        """Not connected yet."""
        home = self._folder / nick
        return self._run(Terminal(home, nick, "irssi", f"--home={home}/irssi", "-n", nick))

    def _run(self, terminal: Terminal) -> Terminal:
        self._all.append(terminal)
        return terminal

    def close(self) -> None:
        for terminal in self._all:
            terminal.close()


@pytest.fixture
def clients(tmp_path: Path) -> Iterator[Started]:
    made = Started(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("mechanism", ["plain", "scram-sha-256"])
def test_weechat_logs_in(network: Network, clients: Started, mechanism: str) -> None:
    with_account(network, "ann")
    login = {"sasl_mechanism": mechanism, "sasl_username": "ann", "sasl_password": f'"{PASSWORD}"'}
    weechat = clients.weechat("ann", f"127.0.0.2/{network.port}", **login)
    weechat.sees("You are now logged in as ann")
    weechat.sees("SASL authentication successful")
    weechat.sees("End of /MOTD command|MOTD File is missing")
    other = Client("127.0.0.3", network.port, "dan")
    other.send("WHOIS ann")
    other.expect(" 330 dan ann ann ")
    other.close()


def test_irssi_logs_in(network: Network, clients: Started) -> None:
    with_account(network, "bob")
    irssi = clients.irssi("bob")
    irssi.type(
        f'/network add -sasl_username bob -sasl_password "{PASSWORD}" -sasl_mechanism PLAIN circlet',
        f"/connect -network circlet 127.0.0.3 {network.port}",
    )
    irssi.sees("SASL authentication succeeded|SASL authentication successful")
    irssi.sees(r"Mode change \[\+i\] for user bob")
    other = Client("127.0.0.1", network.port, "dan")
    other.send("WHOIS bob")
    other.expect(" 330 dan bob bob ")
    other.close()


def test_weechat_is_told_of_a_wrong_password(network: Network, clients: Started) -> None:
    with_account(network, "ann")
    weechat = clients.weechat("ann", f"127.0.0.2/{network.port}", sasl_username="ann", sasl_password="mellon")
    weechat.sees("SASL authentication failed: Account and password do not fit")
