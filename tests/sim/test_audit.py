"""Acts of operators and suspensions outlive nodes, power cuts and partitions, and no act comes twice."""

from __future__ import annotations

import pytest

from gateway.state.audit.messages import AUDIT
from tests.gateway.commands.accounts import Newcomer, log_in, register
from tests.gateway.commands.stage import OPERATOR
from tests.gateway.services.asking import told
from tests.settings import edge_settings
from tests.sim.net import Client, Net
from tests.sim.stores import MemoryStore
from tests.sim.test_registered import power_cut, start

SETTINGS = edge_settings(burst=10_000, rate=10_000, queued=10_000, per_address=0, operators=(OPERATOR,))


@pytest.fixture
def net() -> Net:
    return Net(3, disks=True, edge=SETTINGS)


def operator(net: Net, node: str, nick: str) -> Client:
    client = net.client(node, nick)
    for each in net.nodes.values():
        each.core.edge.outside.check_password = lambda wanted, given, done: done(wanted == given)
    assert client.ask("OPER root sesame")[0].startswith("381 ")
    return client


def acts(client: Client, act: str = "wallops") -> list[str]:
    """Return the reasons of the kept acts."""
    lines = [line.partition(" :")[2] for line in client.ask(f"AUDIT 500 act={act}") if "NOTICE" in line]
    return [line.rpartition(": ")[2] for line in lines[:-1]]


def holders(net: Net) -> list[str]:
    found = []
    for name, node in net.nodes.items():
        replica = node.core.engine.replicas.newest(AUDIT)
        if node.up and replica is not None and node.key in replica.members:
            found.append(name)
    return found


def test_an_act_outlives_a_power_cut_and_long_silence(net: Net) -> None:
    ann = operator(net, "n1", "ann")
    ann.ask("WALLOPS :one")
    ann.quit()
    net.run(1_000)
    power_cut(net)
    assert acts(operator(net, "n3", "bob")) == ["one"]


@pytest.mark.parametrize("victim", [0, 1])
def test_what_was_answered_is_there_though_a_holder_dies_with_the_answer(net: Net, victim: int) -> None:
    ann = operator(net, "n1", "ann")
    ann.ask("WALLOPS :one")
    net.kill(holders(net)[victim])
    net.run(10)
    alive = next(name for name, node in net.nodes.items() if node.up)
    assert acts(operator(net, alive, "bob")) == ["one"]


@pytest.mark.parametrize("left", [0, 1])
def test_the_disk_of_one_holder_is_enough(net: Net, left: int) -> None:
    operator(net, "n1", "ann").ask("WALLOPS :one")
    lost = holders(net)[1 - left]
    assert net.disks is not None
    for name in net.nodes:
        net.kill(name)
    net.disks[lost] = MemoryStore()
    power_cut(net)
    assert acts(operator(net, "n1", "bob")) == ["one"]


def test_acts_of_both_sides_of_a_partition_are_there_once() -> None:
    net = Net(4, disks=True, edge=SETTINGS)
    ann, bob = operator(net, "n1", "ann"), operator(net, "n4", "bob")
    bob.ask("MODE bob +s o")
    ann.ask("WALLOPS :before")
    net.run(5)
    key = {name: node.key for name, node in net.nodes.items()}
    net.links.isolate({key["n1"], key["n2"]}, {key["n3"], key["n4"]})
    net.run(15)
    ann.ask("WALLOPS :left")
    bob.ask("WALLOPS :right")
    net.links.heal()
    net.run(40)
    assert sorted(acts(ann)) == sorted(acts(bob)) == ["before", "left", "right"]
    told = [line.rpartition(": ")[2] for line in bob.sync() if "*** wallops" in line]
    assert sorted(told or [line.rpartition(": ")[2] for line in bob.got if "*** wallops" in line]) == [
        "before", "left", "right",
    ]  # fmt: skip


def test_acts_while_all_holders_were_away_join_the_acts_before() -> None:
    net = Net(5, disks=True, edge=SETTINGS)
    ann = operator(net, "n1", "ann")
    ann.ask("WALLOPS :one")
    ann.quit()
    net.run(5)
    away = holders(net)
    for name in away:
        net.kill(name)
    net.run(10)
    alive = next(name for name, node in net.nodes.items() if node.up)
    bob = operator(net, alive, "bob")
    bob.ask("WALLOPS :two")
    start(net, *away)
    net.run(40)
    assert acts(bob) == ["one", "two"]


# Suspended accounts ---------------------------------------------------------------------------------------------------


def suspended(net: Net, name: str, by: str) -> Client:
    """Let an operator suspend ann's account on this node; return the operator."""
    oper = operator(net, name, by)
    assert told(oper, "SUSPEND ann spam") == ["The account ann is suspended: spam."]
    return oper


def refused(net: Net, name: str) -> bool:
    client = Newcomer(net, name)
    return any(line.startswith("904") and "suspended" in line for line in log_in(client, "ann", "sesame"))


def test_a_suspension_outlives_a_power_cut_and_the_death_of_a_holder(net: Net) -> None:
    ann = net.client("n1", "ann")
    register(ann)
    suspended(net, "n2", "bob").quit()
    power_cut(net)
    assert refused(net, "n3")
    net.kill("n1")
    net.run(10)
    assert refused(net, "n2")


def test_a_node_that_was_not_told_ends_the_session_once_it_looks() -> None:
    net = Net(4, disks=True, edge=SETTINGS)
    ann = net.client("n1", "ann")
    register(ann)
    ann.sync()
    net.run(5)
    key = {name: node.key for name, node in net.nodes.items()}
    net.links.isolate({key["n1"]}, {key["n2"], key["n3"], key["n4"]})
    net.run(15)
    oper = operator(net, "n3", "bob")
    said = told(oper, "SUSPEND ann spam")
    net.links.heal()
    net.run(20)
    if said != ["The account ann is suspended: spam."]:  # the account's holders were on both sides
        assert told(oper, "SUSPEND ann spam") == ["The account ann is suspended: spam."]
    net.run(130)
    assert ann.closed is not None
    assert refused(net, "n1") and refused(net, "n4")
