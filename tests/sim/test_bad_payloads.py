"""A peer's payload may be truncated, doubled, garbled or made up: a bad payload is dropped and counted, never an
exception.
"""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from gateway.edge.rpc.asks import read_reply
from gateway.state.account.messages import Info
from ring.ids import GroupId, Incarnation
from ring.wire.node import Reply
from tests.gateway.commands.stage import network, people, settle
from tests.sim.net import Net, Node


def traffic(net: Net) -> list[tuple[Incarnation, str, bytes]]:
    """Return all payloads between nodes while people talk, come and go: (sender, name of the receiver, payload)."""
    seen: list[tuple[Incarnation, str, bytes]] = []
    deliver = net.deliver

    def record(sender: Incarnation, node: Node, payload: bytes) -> None:
        seen.append((sender, node.name, payload))
        deliver(sender, node, payload)

    net.deliver = record  # type: ignore[method-assign]
    ann, bob, cat = people(net, "ann", "bob", "cat", channel="#c", caps="draft/chathistory")
    ann.ask("TOPIC #c :x", "MODE #c +v bob", "MODE #c +b x", "WHOIS cat", "LIST", "WHO *", "MONITOR + bob", "AWAY :y")
    bob.ask("NICK rob", "PRIVMSG #c :hi", "PRIVMSG cat :hi", "PART #c", "JOIN #c")
    for place in ("LATEST #c *", "BEFORE #c timestamp=2099-01-01T00:00:00.000Z", "AROUND #c msgid=other"):
        for person in (ann, bob, cat):
            person.ask(f"CHATHISTORY {place} 5")
    net.start(4)
    net.run(3)
    cat.ask("PRIVMSG #c :bye")
    net.leave("n4")
    settle(ann, bob, cat)
    net.deliver = deliver  # type: ignore[method-assign]
    return seen


@pytest.fixture(scope="module")
def recorded() -> list[tuple[Incarnation, str, bytes]]:
    return traffic(network(3, disks=True))


def garble(payload: bytes, chance: random.Random) -> bytes:
    kind = chance.randrange(4)
    if kind == 0:
        return payload[: chance.randrange(len(payload))]
    if kind == 1:
        at = chance.randrange(len(payload))
        return payload[:at] + bytes((chance.randrange(256),)) + payload[at + 1 :]
    value = msgspec.msgpack.decode(payload)
    for _ in range(chance.randint(1, 3)):
        _twist(value, chance)
    return msgspec.msgpack.encode(value)


def _twist(value: list[Any], chance: random.Random) -> None:
    """Replace one leaf, or a whole branch, by something of another size, sign or type."""
    while value:
        at = chance.randrange(len(value))
        inner = value[at]
        if isinstance(inner, list) and inner and chance.random() < 0.8:
            value = inner
            continue
        odd = [None, -1, 0, 2**63 - 1, "", "x" * 300, b"\xff", [], [1, 2], {}, True, inner, [inner], "#c", "0ghost"]
        value[at] = chance.choice(odd)
        return


@pytest.mark.parametrize("seed", range(60))
def test_no_payload_raises(seed: int, recorded: list[tuple[Incarnation, str, bytes]]) -> None:
    chance = random.Random(seed)
    net = network(3, disks=True)
    people(net, "ann", "bob", "cat", channel="#c")
    here = [(sender, net.nodes[name], payload) for sender, name, payload in recorded if name in net.nodes]
    for _ in range(150):
        sender, node, payload = chance.choice(here)
        data = garble(payload, chance)
        net.deliver(sender, node, data)
        net.run(chance.choice((0.0, 0.0, 0.05)))
    net.run(2)


def test_rubbish_is_counted() -> None:
    net = network(2)
    node, other = net.nodes["n1"], net.nodes["n2"]
    for rubbish in (b"", b"\xc1", b"\x91" * 5000, b"\x00" * 100, b"\xff" * 100, b"[[[["):
        net.deliver(other.id, node, rubbish)
    assert node.core.engine.counters["unreadable"] == 6


def test_a_node_that_is_known_to_have_begun_anew_is_not_heard_in_its_old_life() -> None:
    net = network(2)
    node, other = net.nodes["n1"], net.nodes["n2"]
    net.deliver(Incarnation(other.key, other.id.number - 1), node, b"\x90")
    assert node.core.engine.counters["stale_incarnation"] == 1


def test_who_begins_anew_is_not_answered_what_it_asked_in_its_old_life() -> None:
    """The number of the old question is another question's now: an answer might tell the node another person's
    password.
    """
    net = network(3)
    asker, owner = net.nodes["n1"].core.engine, net.nodes["n2"]
    group = next(g for g in (GroupId("account", f"a{i}") for i in range(99)) if asker.target(g) == owner.key)
    net.kill("n3", dark=True)  # so the owner cannot tell until the group is sure
    net.turn(net.nodes["n1"], lambda: asker.ask(group, Info(), lambda _: None))
    net.run(0.3)
    net.kill("n1")
    anew = net.start(1).core.engine
    anew._handlers[Reply] = lambda _sender, message: read_reply(message.body)  # questions to nodes, not to groups
    net.run(20)
    assert not anew.counters["unreadable"]
