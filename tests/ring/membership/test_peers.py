"""What a node knows of the others, beyond the roster: missing nodes, nodes that left in order, nodes given up."""

from __future__ import annotations

import msgspec

from ring.membership.peers import Peers, RingSettings
from ring.roster import MAX_NODES, NodeRecord


def record(number: int, incarnation: int = 1, *, leaving: bool = False) -> NodeRecord:
    ip = f"127.0.0.{number}"
    return NodeRecord(ip, incarnation, f"n{number}.test", ip, 7600, "", "1", 0, leaving)


def peers(*others: NodeRecord) -> Peers:
    made = Peers(record(1), RingSettings())
    made.learn(others, 100.0)
    return made


def again(former: Peers) -> Peers:
    """The same node after a restart, with what its roster file keeps."""
    made = Peers(record(1, 2), RingSettings())
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
    made = Peers(record(1, 2), RingSettings())
    made.remember(memory, {}, found.given_up)
    assert not made.missing


def test_a_node_never_misses_itself() -> None:
    made = Peers(record(1, 2), RingSettings())
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
    assert not later.thin and later.version > version  # so that the roster file is written


def test_the_pages_of_nodes_that_left_are_known_in_a_bounded_number() -> None:
    def at(number: int, life: int, http: str, *, leaving: bool = False) -> NodeRecord:
        return msgspec.structs.replace(record(number, life, leaving=leaving), level=2, http=http)

    found = Peers(at(1, 1, "http://n1/"), RingSettings())
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
