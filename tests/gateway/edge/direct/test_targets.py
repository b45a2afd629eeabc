"""Which group a name means, for a person who asks for history."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gateway.edge.direct.targets import is_target
from tests.gateway.commands.accounts import register
from tests.gateway.commands.stage import network, people
from tests.sim.net import Client, Net

NONE = "FAIL CHATHISTORY INVALID_TARGET LATEST"


@pytest.mark.parametrize(
    ("name", "fits"), [("#c", True), ("bob", True), ("#a b", False), ("2bad", False), ("", False), ("*", False)]
)
def test_channels_and_nicks_are_targets(name: str, fits: bool) -> None:
    edge = network(1).nodes["n1"].core.edge
    call: Any = SimpleNamespace(edge=edge)
    assert is_target(call, name) is fits


def latest(client: Client, name: str) -> list[str]:
    lines = client.ask(f"CHATHISTORY LATEST {name} * 10")
    return [line.rpartition(" :")[2] for line in lines if " PRIVMSG " in line] or lines


@pytest.fixture
def talked() -> tuple[Net, Client, Client]:
    """ann and bob have accounts, and ann has written to bob."""
    net = network(2)
    ann, bob = people(net, "ann", "bob", caps="batch draft/chathistory")
    for client in (ann, bob):
        register(client)
    ann.ask("PRIVMSG bob :hello")
    net.run(1)
    return net, ann, bob


def test_a_nick_means_the_account_of_its_holder(talked: Any) -> None:
    _, ann, bob = talked
    assert latest(ann, "bob") == ["hello"] == latest(bob, "ann") == latest(ann, "BOB")


def test_after_a_rename_the_new_nick_means_the_same_account(talked: Any) -> None:
    _, ann, bob = talked
    bob.ask("NICK robert")
    assert latest(ann, "robert") == ["hello"]


def test_if_nobody_has_the_nick_the_account_of_the_name_is_meant(talked: Any) -> None:
    net, ann, bob = talked
    bob.quit()
    net.run(2)
    assert latest(ann, "bob") == ["hello"]


def test_without_a_conversation_there_is_no_history(talked: Any) -> None:
    net, ann, _ = talked
    people(net, "cat")
    for name in ("cat", "nobody"):
        assert latest(ann, name)[0].startswith(NONE)
