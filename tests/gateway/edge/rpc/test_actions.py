"""Operators' actions by way of a node: noted for the log, and remembered newest first."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from gateway.edge.rpc.actions import KEPT, Actions
from ring.ids import Incarnation


def engine(now_ms: int, notes: list[Any]) -> Any:
    return SimpleNamespace(
        now_ms=now_ms, me=Incarnation("10.0.0.1", 7), note=lambda event, **facts: notes.append((event, facts))
    )


def test_an_action_is_noted_and_remembered() -> None:
    actions, notes = Actions(), list[Any]()
    actions.did(engine(5, notes), "root", "drop_account", "ann")
    assert notes == [("operator_did", {"operator": "root", "what": "drop_account", "on": "ann", "result": "done"})]
    (row,) = actions.rows
    assert (row.at, row.operator, row.what, row.on, row.result) == (5, "root", "drop_account", "ann", "done")


def test_the_newest_action_has_the_smallest_key_also_within_a_millisecond() -> None:
    actions = Actions()
    for now_ms in (5, 5, 6, 1_000_000):
        actions.did(engine(now_ms, []), "root", "kill", "bob", "refused")
    keys = [row.key for row in actions.rows]
    assert keys == sorted(keys, reverse=True) and len({*keys}) == 4


def test_so_many_actions_are_remembered() -> None:
    actions = Actions()
    for number in range(KEPT + 3):
        actions.did(engine(number, []), "root", "kill", str(number))
    assert len(actions.rows) == KEPT and actions.rows[0].on == "3"
