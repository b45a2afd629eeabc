"""The sum of a large network's counts: along a tree, right again after any change, and read by LUSERS."""

from __future__ import annotations

from collections import Counter

import pytest

from gateway.edge.rpc import census
from gateway.edge.rpc.asks import Counts, SumAsk
from gateway.edge.rpc.sums import OLD_S, SUM_S, NetworkSum, added, parent
from tests.gateway.commands.stage import network, people
from tests.sim.meter import Meter
from tests.sim.net import Net


def keys(count: int) -> list[str]:
    return [f"10.0.{number // 250}.{number % 250}" for number in range(count)]


@pytest.mark.parametrize("count", [1, 2, 17, 300, 1000])
def test_every_node_leads_to_one_node_in_few_steps(count: int) -> None:
    above = {key: parent(key, keys(count)) for key in keys(count)}
    assert list(above.values()).count(None) == 1
    for key in above:
        steps, at = 0, above[key]
        while at is not None:
            steps, at = steps + 1, above[at]
        assert steps <= 4
    assert max(Counter(above.values()).values()) <= 48  # sixteen at each step


def test_a_death_moves_only_the_nodes_below() -> None:
    everybody = keys(300)
    before = {key: parent(key, everybody) for key in everybody}
    dead = next(key for key in everybody if before[key] is not None and key in before.values())
    rest = [key for key in everybody if key != dead]
    moved = {key for key in rest if parent(key, rest) != before[key]}
    # The leader of a part that the dead node led takes the dead node's place, too.
    assert {key for key in rest if before[key] == dead} >= {key for key in moved if before[key] == dead}
    assert len(moved) <= 40


def test_counts_are_added_and_the_most_is_the_highest() -> None:
    assert added([Counts(1, 1, 0, 2, 3, 9), Counts(2, 0, 1, 0, 4, 5)]) == Counts(3, 1, 1, 2, 7, 9)
    assert added([]) == Counts(0, 0, 0, 0, 0, 0)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> Net:
    """Twelve nodes that take themselves for a large network."""
    monkeypatch.setattr(census, "ASKED", 4)
    return network(12)


def test_lusers_reads_the_sum_and_asks_nobody(large: Net) -> None:
    ann, *others = people(large, *"abcdefgh", channel="#c")
    others[0].ask("MODE b +i")
    large.run(8 * SUM_S)
    ann.lines()
    ann.send("LUSERS")  # no time passes: no node can be asked
    answer = ann.lines()
    assert any("There are 7 users and 1 invisible on 1 servers" in line for line in answer)
    assert any(" 254 " in line and " 1 :channels formed" in line for line in answer)
    assert not [line for line in answer if "Not counted" in line]


def test_the_sum_is_right_again_after_a_death_and_a_quit(large: Net) -> None:
    ann, *others = people(large, *"abcdefgh")
    large.run(8 * SUM_S)
    dead = next(node for node in large.nodes.values() if node is not ann.node and not node.clients)
    large.kill(dead.name)
    others[0].quit()
    large.run(OLD_S + 8 * SUM_S)
    assert any("There are 7 users" in line for line in ann.ask("LUSERS"))
    assert {node.core.edge.census.uncounted() for node in large.nodes.values() if node.up} == {0}
    assert {node.core.edge.census.most for node in large.nodes.values() if node.up} == {8}


def test_own_people_count_at_once(large: Net) -> None:
    (ann,) = people(large, "ann")
    large.run(8 * SUM_S)
    large.client(ann.node.name, "bob")
    assert any("There are 2 users" in line for line in ann.ask("LUSERS"))


def test_who_asks_too_early_is_told_that_nodes_are_missing(large: Net) -> None:
    (ann,) = people(large, "ann")
    new = large.start(13)
    large.until(lambda: new.core.attending, 5.0)
    late = large.client(new.name, "late")
    assert any("Not counted so far" in line for line in late.ask("LUSERS"))
    large.run(OLD_S + 8 * SUM_S)
    assert not [line for line in ann.ask("LUSERS") if "Not counted" in line]


def test_below_the_level_all_nodes_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(census, "ASKED", 2)
    net = Net(4, level=1)
    (ann,) = people(net, "ann")
    net.run(25)
    net.meter = Meter(steady=False)
    assert any("There are 1 users" in line for line in ann.ask("LUSERS"))
    assert net.meter.messages["Ask"] == 3


def test_what_was_not_told_anew_is_dropped() -> None:
    net = network(1)
    edge = net.nodes["n1"].core.edge
    total = NetworkSum(edge)
    total.asked(SumAsk("127.0.0.2", Counts(5, 0, 0, 0, 1, 7), 3))
    assert total.total().nodes == 4 and total.rest().users == 5
    net.run(OLD_S + 2)
    assert total.total().nodes == 1 and total.rest().users == 0
