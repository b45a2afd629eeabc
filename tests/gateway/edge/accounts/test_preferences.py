"""Preferences of an account: kept by the account, and applied to the session at once."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.edge.accounts.preferences import choose
from gateway.edge.accounts.proof import Login
from gateway.state.account.messages import Accepted, Denied
from tests.gateway.commands.accounts import register
from tests.gateway.commands.stage import network, people
from tests.sim.net import Client, Net


def ann_of(net: Net) -> Client:
    (ann,) = people(net, "ann")
    register(ann)
    return ann


def chosen(net: Net, ann: Client, changes: dict[str, Any], life: str = "") -> Any:
    outcomes: list[Any] = []
    login = ann.connection.login
    assert login is not None
    login = Login(login.name, life or login.life)
    net.turn(ann.node, lambda: choose(ann.node.core.edge, login, changes, outcomes.append))
    assert net.until(lambda: bool(outcomes), 10)
    return outcomes[0]


@pytest.mark.parametrize("nodes", [1, 3])
def test_a_choice_is_kept_and_applied(nodes: int) -> None:
    net = network(nodes)
    ann = ann_of(net)
    assert chosen(net, ann, {"always_on": True}) == Accepted("ann")
    net.turn(ann.node, lambda: ann.node.core.edge.clients.lost(ann.connection, "gone"))
    net.run(2)
    assert any(node.core.edge.sessions.users.get("ann") for node in net.nodes.values())


@pytest.mark.parametrize("changes", [{"no_such": True}, {"always_on": "yes"}, {"playback": -1}])
def test_invalid_choices_are_denied(changes: dict[str, Any]) -> None:
    net = network(1)
    assert chosen(net, ann_of(net), changes) == Denied("invalid")


def test_a_login_of_an_earlier_registration_changes_nothing() -> None:
    net = network(1)
    assert chosen(net, ann_of(net), {"always_on": True}, life="0old") == Denied("unknown")
