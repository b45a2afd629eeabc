"""Who was refused at the links lately."""

from __future__ import annotations

from ring.durations import REFUSAL_KEEP_S
from ring.links.refusals import KEPT, Refusals
from ring.roster import NodeRecord


def node(number: int, name: str = "") -> NodeRecord:
    ip = f"127.0.0.{number}"
    return NodeRecord(ip, 1, name or f"n{number}", ip, 7600, "", "1", 0)


def test_the_last_reason_of_each_node_is_kept_for_a_while() -> None:
    known = Refusals()
    known.note(node(2), "127.0.0.2", "ring.copies: here 2, there 3", 0.0)
    known.note(node(3), "127.0.0.3", "network.key_file differs", 10.0)
    known.note(node(2), "127.0.0.2", "ring.points: here 1, there 2", 20.0)
    assert [(one.record.name, one.reason) for one in known.lately(20.0)] == [
        ("n3", "network.key_file differs"),
        ("n2", "ring.points: here 1, there 2"),
    ]
    assert [one.record.name for one in known.lately(10.0 + REFUSAL_KEEP_S + 1)] == ["n2"]
    assert known.lately(21.0 + REFUSAL_KEEP_S) == []


def test_a_node_that_is_let_in_is_refused_no_more_and_its_duplicate_still_is() -> None:
    known = Refusals()
    known.note(node(2), "127.0.0.2", "...", 0.0)
    known.note(node(2, "other"), "127.0.0.9", "...", 0.0)
    known.linked(node(2), "127.0.0.2")
    assert [one.record.name for one in known.lately(1.0)] == ["other"]


def test_names_without_end_are_bounded() -> None:
    known = Refusals()
    for number in range(10 * KEPT):
        known.note(node(2, f"x{number}"), "127.0.0.2", "...", float(number % 3))
    assert len(known.lately(2.0)) == KEPT
