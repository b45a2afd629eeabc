"""A node's knowledge of the others, beyond the roster: missing nodes, nodes that left in order, nodes given up."""

from __future__ import annotations

import msgspec

from config.common import Ring
from ring.ids import GroupId, Incarnation
from ring.membership.peers import Peers
from ring.placement import owners
from ring.roster import MAX_NODES, NodeRecord


def record(number: int, incarnation: int = 1, *, leaving: bool = False) -> NodeRecord:
    ip = f"127.0.0.{number}"
    return NodeRecord(ip, incarnation, f"n{number}.test", ip, 7600, "", "1", 0, leaving)


def peers(*others: NodeRecord) -> Peers:
    made = Peers(record(1), Ring())
    made.learn(others, 100.0)
    return made


def again(former: Peers) -> Peers:
    """Return the same node after a restart, with the content of the roster file."""
    made = Peers(record(1, 2), Ring())
    missing = [(one, former.missing_since(key)) for key, one in former.missing.items()]
    made.remember(missing, former.left, former.given_up, former.thin)
    return made


def test_a_node_that_did_not_leave_in_order_is_missing_over_a_restart() -> None:
    found = peers(record(2))
    found.forget("127.0.0.2", 1, 200.0)
    assert found.missing == {"127.0.0.2": record(2)} and found.missing_since("127.0.0.2") == 200.0
    later = again(again(found))
    assert later.missing == {"127.0.0.2": record(2)} and later.missing_since("127.0.0.2") == 200.0
    assert later.is_lost("127.0.0.2") and not later.left


def test_a_node_that_left_in_order_is_remembered_as_such_over_a_restart() -> None:
    found = peers(record(2))
    found.learn([record(2, leaving=True)], 150.0)
    found.forget("127.0.0.2", 1, 200.0)
    assert again(found).left == {"127.0.0.2": 1} and not again(found).missing


def test_a_node_that_is_back_is_neither_missing_nor_gone() -> None:
    found = peers(record(2), record(3))
    found.forget("127.0.0.2", 1, 200.0)
    found.learn([record(3, leaving=True)], 200.0)
    found.forget("127.0.0.3", 1, 200.0)
    later = again(found)
    later.learn([record(2, 2), record(3, 2)], 300.0)
    assert not later.missing and not later.left and later.missing_since("127.0.0.2") == 0.0


def test_a_node_that_was_given_up_is_not_missed_again() -> None:
    found = peers(record(2))
    found.forget("127.0.0.2", 1, 200.0)
    memory = [(one, 200.0) for one in found.missing.values()]
    found.give_up("127.0.0.2", 300.0)
    assert not found.missing
    made = Peers(record(1, 2), Ring())
    made.remember(memory, {}, found.given_up)
    assert not made.missing


def test_a_node_never_misses_itself() -> None:
    made = Peers(record(1, 2), Ring())
    made.remember([(record(1), 5.0)], {}, {})
    assert not made.missing


def test_who_left_is_remembered_for_a_thousand_nodes() -> None:
    found = peers()
    for number in range(1005):
        gone = msgspec.structs.replace(record(2, leaving=True), key=f"k{number}", name=f"k{number}")
        found.learn([gone], 1.0)
        found.forget(gone.key, 1, 1.0)
    assert len(found.left) == 1000 and "k0" not in found.left and "k1004" in found.left


def test_a_node_that_was_leaving_and_has_not_said_that_it_left_is_missing() -> None:
    """The node may not have handed all its groups over."""
    found = peers(record(2), record(3))
    found.learn([record(2, leaving=True)], 150.0)
    found.forget("127.0.0.2", 1, 200.0, departed=False)
    assert list(found.missing) == ["127.0.0.2"] and not found.left


def test_nodes_that_leave_together_take_what_they_hold_along() -> None:
    """No node stays to take the groups: a node started again alone does not claim to know all accounts."""
    found = peers(record(2), record(3))
    found.leave(record(1, leaving=True))
    found.learn([record(2, leaving=True)], 150.0)
    found.forget("127.0.0.2", 1, 200.0)
    assert found.left == {"127.0.0.2": 1}  # n3 stayed
    found.learn([record(3, leaving=True)], 250.0)
    found.forget("127.0.0.3", 1, 300.0)
    assert list(again(found).missing) == ["127.0.0.3"]


def test_who_may_hold_a_group_and_has_not_been_heard() -> None:
    found = peers(record(2), record(3), record(4), record(5))
    found.died("127.0.0.2", 110.0)
    found.forget("127.0.0.3", 1, 120.0)
    found.forget("127.0.0.4", 1, 120.0)
    found.give_up("127.0.0.4", 130.0)
    assert found.unheard(["127.0.0.1", "127.0.0.5"]) == {"127.0.0.2", "127.0.0.3"}
    assert [one.name for one in found.lost()] == ["n2.test", "n3.test"]
    found.learn([record(3, 2)], 140.0)
    assert [one.name for one in found.lost()] == ["n2.test"]


def test_who_holds_thin_sets_is_remembered_over_a_restart_until_it_says_otherwise() -> None:
    found = peers(record(2), record(3))
    found.says_thin("127.0.0.2", True)
    found.forget("127.0.0.2", 1, 200.0)
    later = again(found)
    assert later.thin == {"127.0.0.2"}
    version = later.version
    later.says_thin("127.0.0.2", False)
    assert not later.thin and later.version > version  # so the roster file is written


def test_the_pages_of_nodes_that_left_are_known_in_a_bounded_number() -> None:
    def at(number: int, life: int, http: str, *, leaving: bool = False) -> NodeRecord:
        return msgspec.structs.replace(record(number, life, leaving=leaving), level=2, http=http)

    found = Peers(at(1, 1, "http://n1/"), Ring())
    found.learn([at(2, 1, "http://n2/"), at(3, 1, "")], 1.0)
    assert found.pages == {"127.0.0.2": "http://n2/"}
    found.learn([at(2, 1, "http://n2/", leaving=True)], 2.0)
    found.forget("127.0.0.2", 1, 3.0)
    assert found.pages == {"127.0.0.2": "http://n2/"}
    found.learn([at(2, 2, "https://n2/")], 4.0)
    assert found.pages == {"127.0.0.2": "https://n2/"}
    for number in range(MAX_NODES):
        one = msgspec.structs.replace(
            at(4, 1, f"http://{number}/", leaving=True), key=f"key-{number}", name=f"{number}"
        )
        found.learn([one], 5.0)
        found.forget(one.key, 1, 6.0)
    assert len(found.pages) == MAX_NODES and "127.0.0.2" not in found.pages


def test_death_and_return_move_a_groups_master_and_count_the_times() -> None:
    found = peers(record(2), record(3))
    group = GroupId("channel", "#erlang")
    first, second, third = found.owners(group)[0], *owners("#erlang", found.ring, 3)[1:]
    assert found.acting(group) == first
    alive = [key for key in (first, second, third) if key != "127.0.0.1"]
    for key in alive:
        assert found.died(key, 200.0) and not found.died(key, 201.0)
        assert not found.is_alive(key) and found.is_lost(key) and not found.is_current(Incarnation(key, 1))
    assert found.acting(group) == "127.0.0.1" and found.holders(group) == ("127.0.0.1",)
    assert found.living_ring.keys == {"127.0.0.1"} and found.gone_for(Incarnation(alive[0], 1), 210.0) == 10.0
    assert found.lost_lately(210.0, 11.0) and not found.lost_lately(210.0, 10.0)
    assert {one.key for one in found.lost()} == set(alive)
    assert found.heard(alive[0], 220.0) and not found.heard(alive[0], 221.0)
    assert found.is_alive(alive[0]) and found.stable_for(alive[0], 225.0) == 5.0 and found.returned_at == 220.0
    assert found.gone_for(Incarnation(alive[0], 1), 230.0) == 0.0


def test_nobody_declares_this_node_or_a_stranger_dead() -> None:
    found = peers(record(2))
    version = found.version
    assert not found.died("127.0.0.1", 1.0) and not found.died("127.0.0.9", 1.0) and found.version == version
    assert not found.forget("127.0.0.1", 1, 1.0) and not found.forget("127.0.0.9", 1, 1.0)
    assert found.gone_for(Incarnation("127.0.0.9", 1), 5.0) == 0.0  # counted from the first question on
    assert found.gone_for(Incarnation("127.0.0.9", 1), 8.0) == 3.0


def test_a_group_that_a_mistake_has_stopped_is_another_nodes() -> None:
    found = peers(record(2), record(3))
    group = GroupId("channel", "#erlang")
    first, second, _ = owners("#erlang", found.ring, 3)
    assert first == "127.0.0.3"
    found.stopped(group, Incarnation(first, 1))
    assert found.unfit_for(group) == {first} and found.acting(group) == second
    assert found.died("127.0.0.2", 1.0) and found.acting(group) == "127.0.0.1"
    found.learn([record(3, 2)], 2.0)
    assert found.unfit_for(group) == set() and found.acting(group) == first  # the next life may serve the group again


def test_whoever_says_that_groups_have_too_few_holders_is_remembered() -> None:
    found = peers(record(2))
    version = found.version
    found.says_thin("127.0.0.2", True)
    found.says_thin("127.0.0.2", True)
    assert found.thin == {"127.0.0.2"} and found.version == version + 1
    found.says_thin("127.0.0.2", False)
    assert found.thin == set() and found.version == version + 2
    found.thin.add("127.0.0.2")
    assert again(found).thin == {"127.0.0.2"}


def test_a_node_given_up_is_not_learnt_again_in_that_life() -> None:
    found = peers(record(2))
    assert found.last_life("127.0.0.2") == 1
    assert found.give_up("127.0.0.2", 1.0) and found.last_life("127.0.0.2") == 1 and found.lost() == []
    assert found.learn([record(2)], 2.0) == [] and found.roster.get("127.0.0.2") is None
    assert not found.give_up("127.0.0.9", 2.0) and found.last_life("127.0.0.8") is None
    assert found.learn([record(2, 2)], 3.0) == [record(2, 2)] and found.given_up.keys() == {"127.0.0.9"}


def test_the_own_record_is_not_learnt_from_others() -> None:
    found = peers()
    assert found.learn([record(1), record(1, leaving=True)], 1.0) == [] and not found.me.leaving
    found.leave(record(1, leaving=True))
    assert found.me.leaving and "127.0.0.1" not in found.ring.keys


def test_nodes_that_may_hold_a_group_are_all_that_ever_were_here() -> None:
    found = peers(record(2), record(3), record(4))
    found.forget("127.0.0.2", 1, 1.0)
    found.learn([record(3, leaving=True)], 2.0)
    found.forget("127.0.0.3", 1, 2.0)
    assert found.unheard(["127.0.0.1"]) == {"127.0.0.2", "127.0.0.4"}
    assert set(found.should_know(GroupId("account", "ann"))) == {"127.0.0.1", "127.0.0.2", "127.0.0.4"}
    found.give_up("127.0.0.2", 3.0)
    assert found.unheard(["127.0.0.1"]) == {"127.0.0.4"}


def test_a_life_that_the_directories_had_given_up_returns() -> None:
    """A partition longer than a lease ends."""
    found = peers(record(2))
    found.died("127.0.0.2", 200.0)
    found.forget("127.0.0.2", 1, 210.0, departed=False)
    assert found.learn([record(2)], 220.0)
    assert found.returned_at == 220.0
