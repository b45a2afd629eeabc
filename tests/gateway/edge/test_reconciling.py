"""The people here are compared with the groups from time to time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gateway.edge import reconciling
from gateway.edge.reconciling import EVERY_S, Reconciling


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    done: list[str] = []
    monkeypatch.setattr(reconciling.seats, "reconcile", lambda edge: done.append("seats"))
    monkeypatch.setattr(reconciling.nick_ownership, "check_all", lambda edge: done.append("nicks"))
    return done


def test_nothing_is_compared_again_until_something_has_happened(passes: list[str]) -> None:
    network = SimpleNamespace(changes=1)
    edge: Any = SimpleNamespace(
        network=network, conversations=SimpleNamespace(reconcile=lambda: passes.append("talks"))
    )
    one = Reconciling(edge)
    one.tick(1000.0)
    assert passes == ["seats", "nicks", "talks"]
    one.tick(1000.0 + EVERY_S)
    assert len(passes) == 3
    network.changes = 2
    one.tick(1000.0 + EVERY_S + 1)  # too soon
    assert len(passes) == 3
    one.tick(1000.0 + 2 * EVERY_S)
    assert len(passes) == 6
