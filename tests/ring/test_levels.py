"""The feature level at which a network acts (P42)."""

from __future__ import annotations

import msgspec

from config.common import Ring
from gateway.commands.operators import NETWORK
from gateway.state.network.messages import Attended, Raise, Raised
from gateway.state.network.network import Network, restore
from ring.features import LEVEL
from ring.ids import Incarnation
from ring.membership.peers import Peers
from ring.roster import NodeRecord
from tests.sim.net import Net


def record(number: int, level: int, incarnation: int = 1, **facts: bool) -> NodeRecord:
    ip = f"127.0.0.{number}"
    return NodeRecord(ip, incarnation, f"n{number}", ip, 7600, "", "1", 0, level=level, **facts)


def peers(*others: NodeRecord, level: int = 1) -> Peers:
    made = Peers(record(1, level), Ring())
    made.learn(others, 0.0)
    return made


def test_the_lowest_node_that_has_not_departed_counts() -> None:
    known = peers(record(2, 1), record(3, 0))
    assert known.lowest().key == "127.0.0.3"
    known.died("127.0.0.3", 1.0)
    assert known.lowest().level == 0  # it is only dead
    known.forget("127.0.0.3", 1, 2.0)
    assert known.lowest().level == 0  # and now missing
    known.give_up("127.0.0.3", 3.0)
    assert known.lowest().level == 1


def test_a_node_that_has_left_in_order_counts_no_more() -> None:
    known = peers(record(2, 0, leaving=True))
    assert known.lowest().level == 0  # it still runs
    known.died("127.0.0.2", 1.0)
    assert known.lowest().level == 1
    known.forget("127.0.0.2", 1, 2.0)
    assert known.lowest().level == 1


def test_what_is_too_old_is_dialled_and_has_no_part_in_the_ring() -> None:
    known = peers(record(2, 0), record(3, 1))
    assert [r.key for r in known.raise_level(1, 1.0)] == ["127.0.0.2"]
    assert known.others() == ["127.0.0.3"]
    assert known.known("127.0.0.2") == record(2, 0)
    known.learn([record(4, 0)], 2.0)
    assert known.others() == ["127.0.0.3"]
    known.learn([record(3, 0)], 3.0)  # of a directory that is too old to pass levels on
    assert known.others() == ["127.0.0.3"]
    known.learn([record(2, 1, 2)], 4.0)
    assert known.others() == ["127.0.0.2", "127.0.0.3"]
    known.learn([record(2, 0, 3)], 5.0)  # started again with its old build
    assert known.others() == ["127.0.0.3"]
    assert known.known("127.0.0.2") == record(2, 0, 3)


def test_the_level_only_rises() -> None:
    assert peers().raise_level(0, 0.0) == []
    state = Network()
    state.apply(Attended("127.0.0.1", 1), 1)
    assert msgspec.msgpack.encode(state.snapshot()) == msgspec.msgpack.encode([Incarnation("127.0.0.1", 1)])
    assert state.decide(Raise(1), 2).event == Raised(1)
    state.apply(Raised(1), 2)
    assert state.decide(Raise(0), 3).event is None
    assert state.decide(Raise(1), 3).event is None
    again = restore(msgspec.Raw(msgspec.msgpack.encode(state.snapshot())))
    assert (again.level, again.subscribers) == (1, state.subscribers)


def test_two_sides_of_a_partition_take_the_higher_level() -> None:
    low, high = Network(), Network()
    high.apply(Raised(1), 1)
    assert low.merge(high, 2) == Raised(1)
    assert high.merge(low, 2) is None
    low.apply(Raised(1), 2)
    assert low.level == 1


def levels(net: Net) -> list[int]:
    return [node.core.engine.level for node in net.nodes.values() if node.up]


def test_a_new_network_acts_at_its_builds_level_soon() -> None:
    assert levels(Net(3)) == [LEVEL] * 3
    assert levels(Net(3, directories=2)) == [LEVEL] * 3
    assert levels(Net(1)) == [LEVEL]


def test_a_rolling_upgrade_raises_the_level_with_the_last_node() -> None:
    net = Net(3, level=0, directories=1)
    for number in (1, 2, 3):
        assert levels(net) == [0, 0, 0]
        net.leave(f"n{number}")
        net.run(1.0)
        net.start(number, level=LEVEL)
        net.run(12.0)
    assert levels(net) == [LEVEL] * 3
    states = [node.core.engine.state(NETWORK) for node in net.nodes.values()]
    assert [state.level for state in states if isinstance(state, Network)] == [LEVEL] * 3


def test_a_missing_node_of_the_old_level_holds_the_network_back_until_it_is_forgotten() -> None:
    net = Net(3, level=0)
    net.kill("n3")
    for number in (1, 2):
        net.leave(f"n{number}")
        net.start(number, [n.core.engine.peers.me for n in net.nodes.values()], level=LEVEL)
        net.run(5.0)
    assert levels(net) == [0, 0]
    for node in net.nodes.values():
        if node.up:
            node.core.engine.give_up("127.0.0.3")
    net.run(2.0)
    assert levels(net) == [LEVEL] * 2


def test_a_node_of_the_old_level_is_refused_by_a_network_of_the_new_one() -> None:
    net = Net(3)
    net.leave("n3")
    net.run(1.0)
    old = net.start(3, level=0)
    net.run(20.0)
    words = net.links.refusal(old, net.nodes["n1"])
    assert words == f"n3.sim (version 1) is of feature level 0, and the network acts at level {LEVEL}: upgrade n3.sim"
    assert all("127.0.0.3" not in net.nodes[name].core.engine.peers.others() for name in ("n1", "n2"))
    net.kill("n3")
    net.start(3)
    net.run(10.0)
    assert levels(net) == [LEVEL] * 3
