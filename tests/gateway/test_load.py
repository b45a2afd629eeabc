"""The load of a node and of the node's channels. n3 masters #erlang, n1 #irc, n2 #go."""

from __future__ import annotations

from gateway.admin_clients.requests import LoadAsk, answer, encode, read_reply
from gateway.load import LATELY_S, MOST, Load, load
from gateway.status import Around
from tests.gateway.commands.stage import network, people, settle
from tests.sim.net import Net


def of(net: Net, name: str, channels: int = 20) -> Load:
    replies: list[bytes] = []
    node = net.nodes[name]
    net.turn(node, lambda: answer(node.core, {}, encode(LoadAsk(channels)), replies.append))
    found = read_reply(replies[0])
    assert isinstance(found, Load)
    return found


def test_channels_are_told_by_their_master_the_busiest_first() -> None:
    net = network(1)
    ann, bob = people(net, "ann", "bob", channel="#a,#b,#c")
    net.run(LATELY_S + 1)
    assert [(one.name, one.members, one.rate) for one in of(net, "n1").channels] == [
        ("#c", 2, 0.0), ("#b", 2, 0.0), ("#a", 2, 0.0),
    ]  # fmt: skip
    for _ in range(5):
        ann.send("PRIVMSG #b :hello")
        bob.send("PRIVMSG #b :hello", "PRIVMSG #a :hello")
    settle(ann, bob)
    found = of(net, "n1", 2).channels
    assert [(one.name, one.rate) for one in found] == [("#b", 1.0), ("#a", 0.5)]
    net.run(LATELY_S + 1)
    assert {one.rate for one in of(net, "n1").channels} == {0.0}
    assert of(net, "n1").at == round(net.nodes["n1"].core.engine.now, 3)


def test_a_follower_does_not_tell_the_channel_and_lag_is_in_entries() -> None:
    net = network(3)
    ann, _, _ = people(net, "ann", "bob", "cat", channel="#erlang")
    net.run(2.0)
    assert of(net, "n1").channels == of(net, "n2").channels == []
    (erlang,) = of(net, "n3").channels
    assert (erlang.name, erlang.members, erlang.nodes, erlang.lag) == ("#erlang", 3, 2, 0)
    acks = net.nodes["n1"].core.engine.roles.acks
    acks.send = lambda: None  # type: ignore[method-assign]
    for _ in range(4):
        ann.send("PRIVMSG #erlang :hello")
    net.run(1.0)
    assert of(net, "n3").channels[0].lag == 4
    del acks.send


def test_lines_and_bytes_of_clients_are_counted() -> None:
    net = network(1)
    (ann,) = people(net, "ann", channel="#a")
    before = of(net, "n1")
    ann.send("PRIVMSG #a :hello", "PRIVMSG #a :hello")
    ann.sync()
    now = of(net, "n1")
    assert now.lines_received - before.lines_received == 3  # and PING
    assert now.bytes_received > before.bytes_received
    assert now.groups_mastered >= 2 and now.status.clients == 1


def test_an_answer_is_bounded_and_tells_the_memory_that_the_shell_knows() -> None:
    net = network(1)
    (ann,) = people(net, "ann")
    for number in range(MOST + 5):
        ann.send(f"JOIN #c{number}")
    ann.sync()
    core = net.nodes["n1"].core
    assert len(load(core, {}, Around(memory=7), 10**9).channels) == MOST
    assert load(core, {}, Around(memory=7), -1).channels == [] and load(core, {}, Around(memory=7), 0).memory == 7
