"""Who gets a lease: ring keys and names are unique among the living."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ring.ids import Incarnation
from ring.membership.directory.leases import Denied, Leases, Replay
from ring.roster import NodeRecord


def node(number: int, name: str = "", incarnation: int = 1, **changes: Any) -> NodeRecord:
    ip = f"127.0.0.{number}"
    record = NodeRecord(ip, incarnation, name or f"node-{number}", ip, 7600, "", "1.0", 0)
    return msgspec.structs.replace(record, **changes)


def leases(*records: NodeRecord) -> Leases:
    made = Leases(lease_s=10, keep_s=20, max_nodes=100)
    for record in records:
        assert made.announce(record, 1, 0.0)
    return made


def live(found: Leases) -> list[str]:
    return [lease.record.name for lease in found.public("")]


def test_a_second_living_node_of_a_name_is_refused_and_told_what_to_change() -> None:
    found = leases(node(1))
    with pytest.raises(Denied, match=r"Node-1 belongs to the live node at 127\.0\.0\.1 port 7600.*node\.name"):
        found.announce(node(2, "Node-1"), 1, 1.0)
    assert live(found) == ["node-1"]


def test_a_name_is_free_once_its_node_has_departed() -> None:
    found = leases(node(1))
    found.depart(Incarnation("127.0.0.1", 1), 2, 1.0)
    assert found.announce(node(2, "node-1"), 1, 2.0)


def test_a_name_is_free_once_its_lease_has_ended() -> None:
    found = leases(node(1))
    found.expire(9.9)
    with pytest.raises(Denied):
        found.announce(node(2, "node-1"), 1, 9.9)
    found.expire(10.0)
    assert found.announce(node(2, "node-1"), 1, 10.0)
    with pytest.raises(Denied):  # and it is the other's now
        found.announce(node(1, incarnation=2), 1, 10.0)


def test_a_name_stays_with_the_next_life_of_its_node() -> None:
    found = leases(node(1))
    assert found.announce(node(1, incarnation=2), 1, 1.0)
    with pytest.raises(Denied):
        found.announce(node(2, "node-1"), 1, 1.0)


@pytest.mark.parametrize("incarnation", [0, 2, 9])
def test_the_farewell_of_a_refused_duplicate_does_not_unlist_the_living_node(incarnation: int) -> None:
    found = leases(node(1))
    with pytest.raises(Denied):
        found.announce(node(1, "other", incarnation=incarnation, ip="127.0.0.9"), 1, 1.0)
    assert found.depart(Incarnation("127.0.0.1", incarnation), 2, 1.0) is None
    assert live(found) == ["node-1"]
    assert not found.announce(node(1), 2, 2.0)  # renewed as ever


def test_a_departed_life_is_over() -> None:
    found = leases(node(1))
    assert found.depart(Incarnation("127.0.0.1", 1), 2, 1.0) == node(1)
    with pytest.raises(Replay):
        found.announce(node(1), 3, 2.0)


def test_a_full_directory_says_what_to_raise_and_takes_the_next_once_one_has_gone() -> None:
    found = Leases(lease_s=10, keep_s=20, max_nodes=1)
    found.announce(node(1), 1, 0.0)
    with pytest.raises(Denied, match=r"full \(1 nodes\): raise its limits\.nodes"):
        found.announce(node(2), 1, 1.0)
    assert not found.announce(node(1), 2, 1.0)
    found.depart(node(1).id, 3, 2.0)
    assert found.announce(node(2), 2, 2.0) and len(found) == 1


def test_an_earlier_life_is_refused_while_a_later_life_is_there() -> None:
    found = leases(node(1, incarnation=5))
    with pytest.raises(Denied, match=r"incarnation 5, this one is 4.*node\.ring_key"):
        found.announce(node(1, incarnation=4), 9, 1.0)


@pytest.mark.parametrize("counter", [0, 1])
def test_what_was_heard_before_is_not_heard_again(counter: int) -> None:
    found = leases(node(1))
    with pytest.raises(Replay):
        found.announce(node(1), counter, 1.0)
    with pytest.raises(Replay):
        found.depart(node(1).id, counter, 1.0)
    with pytest.raises(Replay):
        found.touch(node(1).id, counter)
    assert live(found) == ["node-1"]
    found.expire(10.0)
    with pytest.raises(Replay):
        found.announce(node(1), counter, 10.0)  # nor after the lease


def test_a_touch_counts_as_a_request_and_not_as_an_announcement() -> None:
    found = leases(node(1))
    assert found.touch(node(1).id, 5) and not found.touch(node(2).id, 1)
    assert not found.touch(Incarnation("127.0.0.1", 2), 6)
    with pytest.raises(Replay):
        found.announce(node(1), 5, 1.0)
    assert found.expire(10.0) == [node(1)]


def test_a_node_never_takes_its_leaving_back_in_one_life() -> None:
    found = leases(node(1))
    assert not found.announce(node(1, leaving=True), 2, 1.0)
    assert not found.announce(node(1), 3, 2.0)
    assert next(found.public("")).record.leaving
    assert found.announce(node(1, incarnation=2), 4, 3.0)
    assert not next(found.public("")).record.leaving


class Follower:
    """A list that is kept by changes alone."""

    def __init__(self) -> None:
        self.version = 0
        self.records: dict[str, NodeRecord] = {}

    def follow(self, found: Leases) -> None:
        since, changes = found.since(self.version)
        if since == 0:
            self.records.clear()
        last = since
        for at, change in changes:
            assert last < at <= found.version
            last = at
            if isinstance(change, NodeRecord):
                self.records[change.key] = change
            else:
                self.records.pop(change.key, None)
        self.version = found.version


STEPS = st.lists(
    st.tuples(st.sampled_from(["announce", "rename", "depart", "wait", "follow"]), st.integers(1, 4)), max_size=40
)


@settings(max_examples=60)
@given(STEPS)
def test_whoever_follows_the_changes_has_the_list(steps: list[tuple[str, int]]) -> None:
    """However rarely it looks, and however much the directory has forgotten meanwhile."""
    found, follower = Leases(lease_s=10, keep_s=15, max_nodes=3), Follower()
    now, counter, life = 0.0, 0, dict.fromkeys(range(1, 5), 1)
    for step, number in steps:
        counter += 1
        try:
            match step:
                case "announce":
                    found.announce(node(number, incarnation=life[number]), counter, now)
                case "rename":
                    found.announce(node(number, irc=f"irc-{counter}", incarnation=life[number]), counter, now)
                case "depart":
                    found.depart(Incarnation(f"127.0.0.{number}", life[number]), counter, now)
                    life[number] += 1
                case "wait":
                    now += 3.0 * number
                    found.expire(now)
                case _:
                    follower.follow(found)
        except (Denied, Replay):
            continue
    follower.follow(found)
    assert follower.records == {lease.record.key: lease.record for lease in found.public("")}
    after = [lease.record.key for lease in found.public("127.0.0.2")]
    assert after == sorted(key for key in follower.records if key > "127.0.0.2")
    assert len(found) <= 3 and len(found._gone) <= 4
