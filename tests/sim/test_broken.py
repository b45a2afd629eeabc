"""A mistake of the program in a state machine ends a single command, or stops a single group. The mistake never walks
on and ends every node that takes the group over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from gateway.edge.application import EdgeApplication
from gateway.state.account.account import Account
from gateway.state.channel.channel import Channel
from gateway.status import status
from ring.engine import Engine
from ring.ids import GroupId
from tests.gateway.commands.accounts import Newcomer, register
from tests.gateway.commands.stage import SETTINGS, network, people
from tests.sim.net import Client, Net

RING = GroupId("channel", "#ring")
FAILED = "The server made a mistake with that command: nothing was changed."


def fails(patch: pytest.MonkeyPatch, owner: type, method: str, when: Callable[..., bool] = lambda *_: True) -> None:
    """Let the method raise for poison."""
    original = getattr(owner, method)

    def broken(self: Any, *args: Any, **kwargs: Any) -> Any:
        if "poison" in str(args) and when(self, *args):
            raise KeyError("a mistake")
        return original(self, *args, **kwargs)

    patch.setattr(owner, method, broken)


def noted(net: Net, event: str) -> Counter[str]:
    """Return how often each node has noted the event of the channel."""
    return Counter(node.name for node in net.nodes.values() for _, note in node.notes if note.event == event)


def stage(net: Net, channel: str = "#ring") -> list[Client]:
    net.may_err = True
    return people(net, "ann", "bob", "joe", channel=channel)


def still_talk(*clients: Client, channel: str) -> None:
    """Each is heard by all others."""
    clients[0].net.serial += 1
    end = f"is here, {clients[0].net.serial}"
    for client in clients:
        client.send(f"PRIVMSG {channel} :{client.nick} {end}")
        client.sync()
    for client in clients:
        client.sync()
        others = [f"{other.nick} {end}" for other in clients if other is not client]
        assert [text for text in client.heard(channel) if text.endswith(end)] == others


@pytest.mark.parametrize("nodes", [1, 3])
@pytest.mark.parametrize("speaker", [0, 1, 2])
def test_a_command_that_cannot_be_judged_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, nodes: int, speaker: int
) -> None:
    net = network(nodes)
    clients = stage(net)
    fails(monkeypatch, Channel, "decide")
    ann = clients[speaker]
    ann.send("PRIVMSG #ring :before", "PRIVMSG #ring :poison", "PRIVMSG #ring :after")
    answers = ann.sync()
    assert [FAILED in line for line in answers].count(True) == 1
    for other in clients:
        other.sync()
        if other is not ann:
            assert other.heard("#ring") == ["before", "after"]
    assert sum(noted(net, "bug").values()) == 1
    assert not noted(net, "group_broken")
    still_talk(*clients, channel="#ring")


def test_beside_nodes_of_level_0_the_failure_is_told_in_older_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    net = network(3)
    clients = stage(net)
    fails(monkeypatch, Channel, "decide")
    monkeypatch.setattr(Engine, "level", property(lambda self: 0))
    ann = clients[0]
    ann.send("PRIVMSG #ring :poison", "PRIVMSG #ring :after")
    answers = [line.partition(" ")[2] for line in ann.sync() if FAILED.rstrip(".") in line]
    assert answers == [f"400 ann #ring :{FAILED.rstrip('.')}"]
    still_talk(*clients, channel="#ring")


def test_an_account_whose_command_cannot_be_judged_stays_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    net = Net(3, disks=True, edge=SETTINGS)
    net.may_err = True
    original = Account.decide
    monkeypatch.setattr(Account, "decide", lambda self, command, at: 1 // 0)
    client = Newcomer(net, "n1")
    client.send("NICK ann")
    assert register(client)[0].startswith("FAIL REGISTER TEMPORARILY_UNAVAILABLE ann ")
    monkeypatch.setattr(Account, "decide", original)
    assert register(client)[-1].startswith("REGISTER SUCCESS ann")


@pytest.mark.parametrize("seed", range(5))
def test_an_entry_that_cannot_be_applied_stops_its_group_and_no_node(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """The mistake is met once on each node with the entry; successors do not take the group over again and again."""
    net = network(4, seed=seed)
    clients = stage(net)
    for client in clients:
        client.ask("JOIN #side")
    fails(monkeypatch, Channel, "apply")
    ann = clients[0]
    ann.send("PRIVMSG #ring :poison")
    net.run(15)
    assert noted(net, "group_broken")
    still_talk(*clients, channel="#side")
    ann.send("PRIVMSG #ring :more")
    (said,) = [line for line in ann.sync(15) if " NOTICE " in line]
    stopped = [f"{name}.sim" for name in noted(net, "group_broken")]
    assert "has stopped what your command needs, on " in said and any(name in said for name in stopped)
    for _ in range(2):
        dead = next((name for name in net.nodes if net.nodes[name].up and not net.nodes[name].clients), None)
        master = next((name for name in noted(net, "group_broken") if net.nodes[name].up), dead)
        if master is None or sum(node.up for node in net.nodes.values()) == 1:
            break
        net.kill(master)
        net.run(20)
    alive = [client for client in clients if client.node.up]
    still_talk(*alive, channel="#side")
    assert set(noted(net, "group_broken").values()) == {1}
    stopped = [name for name in noted(net, "group_broken") if net.nodes[name].up]
    for name in stopped:
        core = net.nodes[name].core
        assert status(core, {}).stopped == ["channel:#ring"]
        assert RING not in core.engine.replicas.masters
        assert RING not in core.engine.replicas.followers


@pytest.mark.parametrize("where", ["apply", "show"])
@pytest.mark.parametrize("role", ["backup", "follower"])
def test_a_group_that_stops_on_one_node_goes_on_elsewhere(
    monkeypatch: pytest.MonkeyPatch, where: str, role: str
) -> None:
    """As where only a single machine has the mistake. Each line of the machine's people in this group fails with an
    answer.
    """
    net = network(4)
    net.may_err = True
    clients = people(net, "ann", "bob", "joe", "zoe", channel="#ring")
    (master,) = net.masters(RING)
    backups = [
        name
        for name, node in net.nodes.items()
        if (f := node.core.engine.replicas.followers.get(RING)) is not None and f.is_backup
    ]
    others = [name for name in net.nodes if name != master and name not in backups]
    victim = backups[0] if role == "backup" else others[0]
    core = net.nodes[victim].core
    replica = core.engine.replicas.followers[RING].replica
    if where == "apply":
        fails(monkeypatch, Channel, "apply", lambda state, *_: state is replica.state)
    else:
        fails(monkeypatch, EdgeApplication, "applied", lambda app, *_: app._edge is core.edge)
    here = [client for client in clients if client.node.name != victim]
    there = next(client for client in clients if client.node.name == victim)
    here[0].send("PRIVMSG #ring :poison")
    here[0].sync()
    net.run(3)
    assert noted(net, "group_broken") == {victim: 1}
    still_talk(*here, channel="#ring")
    holders = net.nodes[master].core.engine.replicas.masters[RING].replica.members
    assert net.nodes[victim].key not in holders
    assert len(holders) == 2
    there.send("PRIVMSG #ring :does that work?")
    (said,) = [line for line in there.sync() if " NOTICE " in line]
    assert f"has stopped what your command needs, on {victim}.sim: " in said and "Tell an operator" in said
    net.kill(master)
    alive = [client for client in here if client.node.up]
    net.run(10)
    still_talk(*alive, channel="#ring")
    assert noted(net, "group_broken") == {victim: 1}


def test_a_question_that_meets_a_mistake_is_not_answered_and_ends_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network(3)
    clients = stage(net)
    fails(monkeypatch, EdgeApplication, "asked")
    ann = clients[0]
    ann.ask("WHO poison*", "WHOIS poison")
    still_talk(*clients, channel="#ring")
    assert all(client.closed is None for client in clients)


def test_upkeep_that_meets_a_mistake_is_noted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network(3)
    clients = stage(net)
    monkeypatch.setattr(Channel, "maintenance", lambda self, at, gone: 1 // 0)
    net.run(20)
    assert sum(noted(net, "bug").values()) == 1
    still_talk(*clients, channel="#ring")


def test_a_stopped_group_is_tried_again_in_the_nodes_next_life(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines on disk before the mistake are still there."""
    net = Net(1, disks=True, edge=SETTINGS)
    net.may_err = True
    ann = net.client("n1", "ann")
    ann.ask("JOIN #ring")
    ann.ask("PRIVMSG #ring :before")
    with monkeypatch.context() as patch:
        fails(patch, Channel, "apply")
        ann.send("PRIVMSG #ring :poison")
        net.run(2)
        assert noted(net, "group_broken") == {"n1": 1}
    net.kill("n1")
    net.start(1)
    net.run(3)
    bob = net.client("n1", "bob", "draft/chathistory batch")
    bob.ask("JOIN #ring")
    assert any("before" in line for line in bob.ask("CHATHISTORY LATEST #ring * 10"))
