"""A group with nothing to keep is about to be forgotten, and is used again just then (P13, P37)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway.accounts.credentials import Credentials
from gateway.admin_clients.requests import AddAccount, Done, Request, SetPassword, answer, encode, read_reply
from gateway.edge.accounts.verify import look_up
from gateway.edge.procedures import run
from ring.ids import GroupId
from ring.replication.progress import Master
from tests.sim.net import Net, Node

ANN = GroupId("account", "ann")


def ask(net: Net, node: Node, request: Request) -> list[Any]:
    """The list has the answer as soon as the answer has come."""
    replies: list[Any] = []
    net.turn(node, lambda: answer(node.core, {}, encode(request), lambda data: replies.append(read_reply(data))))
    return replies


def spent(net: Net) -> tuple[Node, Master]:
    """Somebody would change a missing account: the account's group begins, and has nothing to keep."""
    replies = ask(net, net.nodes["n1"], SetPassword("ann", Credentials("plain mellon")))
    assert net.until(lambda: bool(replies), 5)
    (name,) = net.masters(ANN)
    return net.nodes[name], net.nodes[name].core.engine.replicas.masters[ANN]


def is_letting_go(m: Master) -> bool:
    """The backup is about to be let go."""
    return len(m.targets) == 1 and bool(m.replica.pending)


def is_alone(m: Master) -> bool:
    """Return whether the backup has been let go; the backup's node may not know so yet."""
    return len(m.replica.members) == 1 and not m.replica.pending


def password(net: Net, node: Node) -> str | None:
    """The password of the account, as the node is told."""
    found: list[Any] = []
    net.turn(node, lambda: run(node.core.edge, look_up(node.core.edge, "ann"), found.append))
    assert net.until(lambda: bool(found), 15)
    return None if found[0].credentials is None else found[0].credentials.password_hash


@pytest.mark.parametrize("moment", [is_letting_go, is_alone])
@pytest.mark.parametrize("nodes", [3, 4])
def test_what_is_registered_while_its_group_is_about_to_be_forgotten_outlives_a_node(
    moment: Callable[[Master], bool], nodes: int
) -> None:
    """P37: the master alone would confirm on one disk."""
    net = Net(nodes, disks=True)
    master, m = spent(net)
    assert net.until(lambda: moment(m), 5)
    replies = ask(net, master, AddAccount("ann", Credentials("plain sesame")))
    assert net.until(lambda: bool(replies), 5)
    assert isinstance(replies[0], Done)
    net.kill(master.name)
    net.run(5)
    assert {password(net, node) for node in net.nodes.values() if node.up} == {"plain sesame"}


@pytest.mark.parametrize("moment", [is_letting_go, is_alone])
def test_nothing_is_registered_in_such_a_group_while_all_other_nodes_are_missing(
    moment: Callable[[Master], bool],
) -> None:
    """P37: these nodes may begin the group anew, and would not know."""
    net = Net(3, disks=True)
    master, m = spent(net)
    assert net.until(lambda: moment(m), 5)
    for node in net.nodes.values():
        if node is not master:
            net.kill(node.name)
    replies = ask(net, master, AddAccount("ann", Credentials("plain sesame")))
    net.run(30)
    assert not isinstance(replies[0], Done)
    for node in list(net.nodes.values()):
        if node is not master:
            net.start(int(node.name[1:]), [node.core.engine.peers.me for node in net.nodes.values()])
    net.run(10)
    assert len({password(net, node) for node in net.nodes.values()}) == 1
