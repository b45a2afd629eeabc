"""An edge's counts of clients' lines, in a simulated network."""

from __future__ import annotations

import pytest

from gateway.edge.traffic import Traffic
from ring.histogram import Histogram
from ring.ids import GroupId
from tests.gateway.commands.stage import network, people, settle
from tests.gateway.edge.client.test_flood import TAGGED, stranger
from tests.settings import edge_settings
from tests.sim.net import Net


def traffic(net: Net, name: str) -> Traffic:
    return net.nodes[name].core.edge.traffic


def reach(histogram: Histogram) -> float:
    """The upper bound of the largest value that was observed."""
    used = [bound for bound, count in zip((*histogram.bounds, float("inf")), histogram.counts, strict=True) if count]
    return used[-1]


def test_lines_and_bytes_are_counted_on_the_client_s_node_alone() -> None:
    net = network(2)
    ann, _ = people(net, "ann", "bob", channel="#c")
    before = [(t.lines_received, t.bytes_received, t.lines_sent) for t in (traffic(net, "n1"), traffic(net, "n2"))]
    ann.send("PRIVMSG #c :one", "PRIVMSG #c :two")
    net.run(1)
    here, there = traffic(net, "n1"), traffic(net, "n2")
    assert here.lines_received - before[0][0] == 2
    assert here.bytes_received - before[0][1] == 2 * len("PRIVMSG #c :one\r\n")
    assert (there.lines_received, there.bytes_received) == before[1][:2]
    assert there.lines_sent - before[1][2] == 2 and here.lines_sent == before[0][2]  # ann wants no echo
    assert there.bytes_sent > there.lines_sent


def test_a_line_is_timed_on_its_edge_to_its_commit_and_to_the_last_client_there() -> None:
    net = Net(3, delay_s=(0.03, 0.03), edge=edge_settings(burst=10_000, rate=10_000, per_address=0))
    ann, bob, eve = people(net, "ann", "bob", "eve", channel="#erlang")  # which n3 masters
    settle(ann, bob, eve)
    before = {
        name: (traffic(net, name).commits["channel"].count, traffic(net, name).deliveries.count) for name in net.nodes
    }
    ann.send(*(f"PRIVMSG #erlang :{number}" for number in range(7)))
    net.run(1)
    here = traffic(net, "n1")
    assert here.commits["channel"].count - before["n1"][0] == 7
    assert here.deliveries.count - before["n1"][1] == 7
    assert reach(here.commits["channel"]) >= 0.06 and reach(here.deliveries) >= 0.06  # to the master, and back
    assert here.commits["channel"].sum / here.commits["channel"].count >= 0.06
    for name in ("n2", "n3"):  # what others say is not timed here, as two clocks would be compared
        assert (traffic(net, name).commits["channel"].count, traffic(net, name).deliveries.count) == before[name]
    assert not here.shown


def test_lines_of_one_read_are_observed_each() -> None:
    counted = Traffic()
    for read_at in (10.0, 10.0, 10.5, 10.0):
        counted.shown["channel"].append(read_at)
    counted.shown["conversation"].append(10.9)
    counted.delivered(11.0, 11.25)
    assert (counted.commits["channel"].count, counted.commits["channel"].sum) == (4, 3.5)
    assert counted.commits["conversation"].sum == pytest.approx(0.1)
    assert (counted.deliveries.count, counted.deliveries.sum) == (5, pytest.approx(4.85))
    counted.delivered(12.0, 12.0)
    assert counted.deliveries.count == 5


def test_commits_are_told_apart_by_the_kind_of_group() -> None:
    net = network(1)
    (ann,) = people(net, "ann")
    ann.ask("NICK anna", "JOIN #c")
    commits = traffic(net, "n1").commits
    assert commits["nick"].count >= 1 and commits["channel"].count == 1


def test_what_failed_is_no_commit() -> None:
    net = network(1)
    ann, _ = people(net, "ann", "bob", channel="#c")
    before = traffic(net, "n1").commits["channel"].count
    net.nodes["n1"].core.engine.stopped.groups[GroupId("channel", "#c")] = None
    assert any("did not answer" in line for line in ann.ask("PRIVMSG #c :lost"))
    assert traffic(net, "n1").commits["channel"].count == before


@pytest.mark.parametrize(
    ("line", "reply"),
    [("PRIVMSG #nowhere :hi", "403"), ("NICK bob", "433"), ("NOSUCH", "421"), ("JOIN", "461")],
)
def test_refused_commands_are_counted_by_their_numeric(line: str, reply: str) -> None:
    net = network(1)
    ann, _ = people(net, "ann", "bob")
    answer = ann.ask(line)
    assert answer[0].startswith(f"{reply} ") and traffic(net, "n1").refused[reply] == 1


def test_clients_that_are_cut_are_counted_by_reason() -> None:
    net = network(1, burst=1, rate=1.0)
    cuts = traffic(net, "n1").cuts
    hasty, slow = stranger(net), stranger(net)
    hasty.send_bytes(f"{TAGGED}\r\n".encode() * 5)
    assert hasty.closed == "Excess Flood" and dict(cuts) == {"flood": 1}
    net.run(net.edge.clients.register_timeout_s + 1)
    assert slow.closed == "Registration timed out" and dict(cuts) == {"flood": 1, "registration_timeout": 1}
