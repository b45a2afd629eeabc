"""A node's report about itself, over whole networks without sockets."""

from __future__ import annotations

import pytest

from gateway.status import Seen, Status, status
from ring.durations import LATE_S
from ring.links.link import LinkState
from tests.gateway.commands.stage import network, people, settle
from tests.sim.net import Net

SOON_S = 3.0  # less than the time until a silent node counts as dead


def of(net: Net, name: str, links: dict[str, LinkState] | None = None) -> Status:
    found: list[Status] = []
    node = net.nodes[name]
    net.turn(node, lambda: found.append(status(node.core, links or {})))
    return found[0]


def every(net: Net) -> list[Status]:
    return [of(net, name) for name, node in net.nodes.items() if node.up]


def test_a_node_alone() -> None:
    net = network(1)
    (ann,) = people(net, "ann", channel="#erlang")
    net.run(60.0)
    ann.node.core.edge.clients.connect(99, "10.0.0.2", secure=False, now=net.now)
    got = of(net, "n1")
    assert (got.name, got.ring_key, got.version, got.started) == ("n1.sim", "127.0.0.1", "1", 1_700_000_000)
    assert (got.clients, got.users) == (2, 1)
    assert (got.channels_mastered, got.channels_backed_up, got.channels_followed) == (1, 0, 0)
    assert got.up_s == pytest.approx(net.now - got.started, abs=0.2) and got.up_s > 60
    assert got.roster == [Seen("n1.sim", "127.0.0.1", "alive")] and not got.leaving
    assert (got.lagging, got.lag_s, got.searches, got.handing_off) == (0, 0.0, 0, 0)


def test_channels_are_counted_where_they_are_mastered_held_and_followed() -> None:
    """#erlang is mastered by n3 and held by n2; #irc by n1 and n2; #go by n2 and n3."""
    net = network(3)
    ann, bob, cat = people(net, "ann", "bob", "cat")
    ann.ask("JOIN #erlang,#irc")
    bob.ask("JOIN #erlang")
    cat.ask("JOIN #go")
    settle(ann, bob, cat)
    net.run(2.0)
    one, two, three = every(net)
    assert [s.channels_mastered for s in (one, two, three)] == [1, 1, 1]
    assert [s.channels_backed_up for s in (one, two, three)] == [0, 2, 1]
    assert [s.channels_followed for s in (one, two, three)] == [1, 1, 1]
    assert [s.clients for s in (one, two, three)] == [s.users for s in (one, two, three)] == [1, 1, 1]


def test_links_are_given_by_ring_key() -> None:
    found = of(network(1), "n1", {"127.0.0.3": LinkState(12.34, 0.0021), "127.0.0.2": LinkState(0.0)})
    assert found.links == {"127.0.0.2": 0.0, "127.0.0.3": 12.3}
    assert found.round_trips == {"127.0.0.3": 0.0021}  # the other link is not measured yet


def test_takeovers_hand_offs_and_who_is_dead_or_leaving() -> None:
    net = network(3)
    people(net, "ann", "bob", channel="#erlang")
    net.run(2.0)
    first = {s.name: s.hand_offs for s in every(net)}  # the nodes started one after the other
    assert [s.takeovers for s in every(net)] == [0, 0, 0]
    net.kill("n3")
    net.run(3.0)
    assert of(net, "n2").takeovers >= 1
    assert {seen.name: seen.state for seen in of(net, "n1").roster}["n3.sim"] == "dead"
    net.start(3)
    net.run(5.0)
    assert of(net, "n2").hand_offs > first["n2.sim"]
    assert {seen.state for seen in of(net, "n1").roster} == {"alive"}
    core = net.nodes["n2"].core
    before = of(net, "n2").hand_offs
    net.leave("n2")
    assert status(core, {}).leaving and status(core, {}).hand_offs > before


@pytest.mark.parametrize("mute", ["n1", "n2"], ids=["a follower", "a holder"])
def test_lag_is_how_long_somebody_has_not_had_what_was_said(mute: str) -> None:
    """#erlang is mastered by n3 and held by n2; n1 only follows."""
    net = network(3)
    ann, bob, cat = people(net, "ann", "bob", "cat", channel="#erlang")
    net.run(2.0)
    assert all(s.lag_s < LATE_S and s.lagging == 0 for s in every(net))
    acks = net.nodes[mute].core.engine.roles.acks
    acks.send = lambda: None  # type: ignore[method-assign]
    cat.send("PRIVMSG #erlang :anybody?")
    net.run(SOON_S)
    late = of(net, "n3")
    assert late.lagging == 1 and late.lag_s == pytest.approx(SOON_S, abs=0.5)
    assert of(net, "n1").lagging == of(net, "n2").lagging == 0
    del acks.send
    net.run(5.0)
    assert (of(net, "n3").lagging, of(net, "n3").lag_s) == (0, 0.0)
    assert ann.heard("#erlang") == bob.heard("#erlang") == ["anybody?"]


def test_a_new_master_does_not_call_what_was_said_before_it_late() -> None:
    """Until the followers have reported their positions, they might lack all of the log."""
    net = network(3)
    ann, _ = people(net, "ann", "bob", channel="#erlang")
    for _ in range(5):
        ann.ask("PRIVMSG #erlang :hello")
    net.run(20.0)
    net.kill("n3")
    for _ in range(300):
        net.run(0.01)
        assert all(s.lag_s < LATE_S for s in every(net))
    assert of(net, "n2").takeovers >= 1
