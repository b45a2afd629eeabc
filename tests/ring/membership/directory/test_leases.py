"""Who gets a lease: ring keys and names are unique among the living."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

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
