"""Many addresses guess at one account: how often, and what the account's owner notices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gateway.accounts.credentials import Credentials
from gateway.edge.accounts import verify
from gateway.edge.procedures import run
from gateway.state.throttle.throttle import RULES
from tests.gateway.commands.accounts import Newcomer, log_in, plain, register
from tests.gateway.commands.stage import network, people
from tests.sim.net import Client, Net

STRANGERS = 60


class Guessers:
    """Each guesser comes from a different address, and guesses again as soon as a guess was refused."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self.clients: list[Newcomer] = []
        self.guesses: list[float] = []  # when a password was checked
        for node in net.nodes.values():
            node.core.edge.outside.fits = self._counted(node.core.edge.outside.fits)

    def _counted(self, fits: Callable[..., None]) -> Callable[..., None]:
        def checked(credentials: Credentials, password: str, done: Any) -> None:
            if password.startswith("guess"):
                self.guesses.append(self.net.now)
            fits(credentials, password, done)

        return checked

    def begin(self, name: str = "ann") -> None:
        for number in range(STRANGERS):
            client = Newcomer(self.net, f"n{number % len(self.net.nodes) + 1}")
            client.connection.socket.address = f"10.7.{number}.1"
            self._guess(client, name)
            self.clients.append(client)

    def go_on(self, seconds: float, name: str = "ann") -> None:
        end = self.net.now + seconds
        while self.net.now < end:
            self.net.run(0.5)
            for number, client in enumerate(self.clients):
                if client.closed is not None:
                    self.clients[number] = client = Newcomer(self.net, client.node.name)
                    client.connection.socket.address = f"10.7.{number}.1"
                    self._guess(client, name)
                elif any(" 904 " in line for line in client.lines()):
                    self._guess(client, name)

    def _guess(self, client: Client, name: str) -> None:
        client.lines()
        client.send("AUTHENTICATE PLAIN", f"AUTHENTICATE {plain(name, f'guess{len(self.guesses)}')}")


@pytest.fixture(params=[1, 3])
def net(request: pytest.FixtureRequest) -> Iterator[Net]:
    made = network(request.param)
    (ann,) = people(made, "ann")
    register(ann)
    ann.quit()
    made.run(2)
    yield made


def took(net: Net, client: Newcomer, password: str = "sesame") -> float:
    began = net.now
    assert log_in(client, "ann", password)[-1].startswith("903" if password == "sesame" else "904")
    return net.now - began


def test_sixty_addresses_have_no_more_guesses_than_a_few_and_the_owner_does_not_wait(net: Net) -> None:
    guessers = Guessers(net)
    guessers.begin()
    for _ in range(4):
        guessers.go_on(15)
        assert took(net, Newcomer(net, "n1")) <= 2  # from the address at which ann registered
    guessers.go_on(60)
    for begin in guessers.guesses:
        assert sum(begin <= at < begin + 59 for at in guessers.guesses) <= RULES["account"].crowd


def test_a_guess_at_a_name_that_nobody_has_is_slowed_alike(net: Net) -> None:
    guessers = Guessers(net)
    guessers.begin("nobody")
    guessers.go_on(55, "nobody")
    assert 4 <= len(guessers.guesses) <= RULES["account"].crowd


def test_the_certificate_with_which_somebody_logged_in_goes_first_too(net: Net) -> None:
    phone = Newcomer(net, "n1", certificate="cd" * 32)
    phone.connection.socket.address = "10.9.1.1"
    assert took(net, phone) < 1
    net.run(1)
    guessers = Guessers(net)
    guessers.begin()
    guessers.go_on(20)
    abroad = Newcomer(net, "n1", certificate="cd" * 32)
    abroad.connection.socket.address = "10.9.2.2"
    assert took(net, abroad) <= 2


def test_from_a_known_address_guesses_are_slowed_like_others(net: Net) -> None:
    """Whoever shares the owner's address has no more tries than anybody."""
    times = [took(net, Newcomer(net, "n1"), "mellon") for _ in range(7)]
    assert [round(seconds) for seconds in times] == [1, 1, 1, 1, 2, 4, 8]


def test_who_waits_in_vain_is_told_to_come_again_before_its_client_gives_up(net: Net) -> None:
    guessers = Guessers(net)
    guessers.begin()
    guessers.go_on(25)
    stranger = Newcomer(net, "n1")
    stranger.connection.socket.address = "10.9.3.3"
    began = net.now
    assert log_in(stranger, "ann", "sesame")[-1].startswith(
        ("903", "904 * :SASL authentication failed: try again later")
    )
    assert net.now - began < verify.PATIENCE_S + 3


def test_before_level_1_nobody_is_remembered() -> None:
    net = Net(1, 0, level=0)
    (ann,) = people(net, "ann")
    register(ann)
    net.run(1)
    edge = ann.node.core.edge
    views: list[Any] = []
    run(edge, verify.look_up(edge, "ann"), views.append)
    net.run(1)
    assert views[0].name == "ann" and views[0].sources == ()
    assert verify.sources_of(edge, ann.connection) == ()
