"""A person put out of a channel stays out, even if the session's node is dead or on the other side of a partition."""

from __future__ import annotations

import pytest

from ring.ids import GroupId
from tests.gateway.commands.accounts import Newcomer
from tests.sim.net import Client, Net
from tests.sim.test_sessions import cut, login, made

CHANNELS = {"#irc": "n1", "#go": "n2", "#erlang": "n3"}
"""Channels and their masters, of three nodes."""


def people(channel: str, *, always_on: bool, boss: str = "n3") -> tuple[Net, Client, Newcomer]:
    """Make an operator on that node, and ann's laptop on n1, the node of ann's session."""
    net = Net(3, disks=True)
    made(net, always_on=always_on)
    bob = net.client(boss, "bob")
    bob.ask(f"JOIN {channel}")
    laptop = login(net, "n1", "laptop")
    laptop.ask(f"JOIN {channel}")
    net.run(2)
    assert net.masters(GroupId("channel", channel)) == [CHANNELS[channel]]
    return net, bob, laptop


def kicks(client: Client) -> list[str]:
    return [line for line in client.got if " KICK " in line or "You were kicked" in line]


def members(client: Client, channel: str) -> str:
    (names,) = (line.partition(" :")[2] for line in client.ask(f"NAMES {channel}") if line.startswith("353 "))
    return names


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("always_on", [True, False])
def test_who_is_kicked_while_the_node_of_its_session_is_dead_stays_out(channel: str, always_on: bool) -> None:
    net, bob, laptop = people(channel, always_on=always_on)
    net.kill("n1")
    bob.ask(f"KICK {channel} ann :enough", f"MODE {channel} +b ann!*@*")
    laptop = login(net, "n2", "laptop")
    net.run(8)
    assert members(bob, channel) == "@bob"
    (told,) = kicks(laptop)
    assert f"You were kicked from {channel} by bob!~bob@10.0.0.1 at 20" in told and told.endswith(": enough")
    assert f"JOIN {channel}" not in " ".join(laptop.got)
    laptop.send("QUIT")
    net.run(1)
    assert kicks(login(net, "n3", "laptop")) == []


@pytest.mark.parametrize("channel", CHANNELS)
def test_whoever_is_attached_elsewhere_when_it_is_kicked_and_its_node_dead_sees_it(channel: str) -> None:
    net, bob, _ = people(channel, always_on=True)
    phone = login(net, "n2", "phone")
    net.run(2)
    net.kill("n1")
    bob.ask(f"KICK {channel} ann :enough")
    net.run(8)
    assert members(bob, channel) == "@bob"
    (told,) = kicks(phone)
    assert told.endswith(f" KICK {channel} ann :enough")


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("alone", ["n1", "n3"])
@pytest.mark.parametrize("moves", [True, False])
def test_who_is_kicked_on_one_side_of_a_partition_stays_out(channel: str, alone: str, moves: bool) -> None:
    """moves: the other side takes the session up."""
    net, bob, laptop = people(channel, always_on=True)
    cut(net, alone)
    bob.ask(f"KICK {channel} ann :enough", f"MODE {channel} +b ann!*@*")
    if moves:
        phone = login(net, "n2", "phone")
    net.run(8)
    net.links.heal()
    net.run(20)
    assert members(bob, channel) == "@bob"
    for device in (laptop, *([phone] if moves else ())):
        (told,) = kicks(device)
        assert ": enough" in told or told.endswith(":enough")


@pytest.mark.parametrize("channel", CHANNELS)
def test_whoever_has_no_session_is_shown_who_has_put_it_out_on_the_other_side(channel: str) -> None:
    net, bob, _ = people(channel, always_on=False)
    joe, sue = net.client("n1", "joe"), net.client("n1", "sue")
    for client in (joe, sue):
        client.ask(f"JOIN {channel}")
    cut(net, "n1")
    bob.ask(f"KICK {channel} joe :enough")
    net.links.heal()
    net.run(20)
    for client in (joe, sue):
        assert [line.split(" ", 1)[1] for line in kicks(client)] == [f"KICK {channel} joe :enough"]
    assert sorted(members(joe, channel).split()) == ["@bob", "ann", "sue"]
