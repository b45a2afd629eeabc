"""Users log in and out with all of their connections, and the login ends with the registration."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gateway.edge.accounts.login import CHECK_S, expel_all, if_dropped, other
from gateway.edge.accounts.proof import Login
from gateway.state.account.messages import Drop
from tests.gateway.commands.accounts import Newcomer, register
from tests.gateway.commands.stage import network, people
from tests.sim.net import Client, Net


@pytest.fixture
def net() -> Net:
    return network(2)


def registered(net: Net, nick: str = "ann", caps: str = "") -> Client:
    (client,) = people(net, nick, caps=caps)
    register(client)
    client.sync()
    return client


def logged_in(net: Net, node: str, nick: str, name: str = "ann") -> Newcomer:
    client = Newcomer(net, node)
    assert client.log_in(name, "sesame")[-1].startswith("903")
    client.enter(nick)
    client.sync()
    return client


def life(client: Client) -> str:
    assert client.connection.login is not None
    return client.connection.login.life


@pytest.mark.parametrize(
    ("has", "life", "found"),
    [(None, "1", None), (Login("ann", "1"), "1", None), (Login("ann", "1"), "2", Login("ann", "1"))],
)
def test_only_another_registration_is_another_login(has: Login | None, life: str, found: Login | None) -> None:
    connection: Any = SimpleNamespace(login=has)
    assert other(connection, life) == found


def test_all_clients_of_a_user_read_of_the_logout_and_none_is_logged_in(net: Net) -> None:
    ann = registered(net)
    second = logged_in(net, "n1", "ann2")
    assert second.connection.user is ann.connection.user
    ann.ask("NS LOGOUT")
    second.sync()
    for client in (ann, second):
        assert client.connection.login is None
        found = [line.split(" ")[1] for line in client.got if " 901 " in line or line.endswith("MODE ann -r")]
        assert found == ["901", "MODE"]


def test_a_login_tells_the_channels_of_the_account(net: Net) -> None:
    registered(net, "joe").quit()
    net.run(1)
    ann, bob = people(net, "ann", "bob", channel="#c", caps="account-notify")
    ann.ask("NS IDENTIFY joe sesame")
    assert [line.split(" ", 1)[1] for line in bob.sync() if " ACCOUNT " in line] == ["ACCOUNT joe"]
    ann.ask("NS LOGOUT")
    assert [line.split(" ", 1)[1] for line in bob.sync() if " ACCOUNT " in line] == ["ACCOUNT *"]


def test_expelling_counts_connections_and_spares_other_registrations(net: Net) -> None:
    ann, joe = registered(net), registered(net, "joe")
    logged_in(net, "n1", "ann2")
    edge, gone = ann.node.core.edge, life(ann)
    found: list[int] = []
    net.turn(ann.node, lambda: found.append(expel_all(edge, "nobody's")))
    net.turn(ann.node, lambda: found.append(expel_all(edge, gone)))
    assert found == [0, 2]
    net.run(1)
    assert ann.connection.login is None and joe.connection.login is not None
    assert any(" 901 ann " in line for line in ann.sync()) and not any(" 901 " in line for line in joe.sync())


def test_whoever_is_expelled_before_registration_reads_901_without_a_mode(net: Net) -> None:
    ann = registered(net)
    client = Newcomer(net, "n1")
    client.log_in("ann", "sesame")
    net.turn(client.node, lambda: expel_all(client.node.core.edge, life(ann)))
    assert [line.split(" ")[1:3] for line in client.lines()] == [["901", "*"]]


def test_a_registration_counts_as_dropped_by_the_groups_word_alone(net: Net) -> None:
    ann = registered(net)
    edge, dropped = ann.node.core.edge, list[str]()
    for mine in (life(ann), "gone"):
        net.turn(ann.node, lambda mine=mine: if_dropped(edge, "ann", mine, lambda: dropped.append(mine)))
        net.run(1)
    assert dropped == ["gone"]


def test_a_drop_that_missed_this_node_is_noticed(net: Net) -> None:
    ann = registered(net)
    edge = ann.node.core.edge
    net.run(CHECK_S + 2)  # the first check has found nothing
    net.turn(ann.node, lambda: edge.network.submit(edge.account("ann"), Drop(life(ann))))
    net.run(1)
    assert ann.connection.login is not None
    net.run(CHECK_S + 2)
    assert ann.connection.login is None and any(" 901 " in line for line in ann.got)
