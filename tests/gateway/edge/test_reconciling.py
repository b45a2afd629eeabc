"""The people here are compared with the groups from time to time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gateway.edge import reconciling
from gateway.edge.reconciling import EVERY_S, Reconciling
from gateway.edge.slices import Slices
from ring.work import Work


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    done: list[str] = []
    monkeypatch.setattr(reconciling.seats, "reconcile", lambda edge: said(done, "seats"))
    monkeypatch.setattr(reconciling.nick_ownership, "check_all", lambda edge: said(done, "nicks"))
    return done


def said(done: list[str], what: str, steps: int = 1) -> Slices[None]:
    for _ in range(steps):
        done.append(what)
        yield


def test_nothing_is_compared_again_until_something_has_happened(passes: list[str]) -> None:
    network = SimpleNamespace(changes=1)
    edge: Any = SimpleNamespace(network=network, conversations=SimpleNamespace(reconcile=lambda: said(passes, "talks")))
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


def test_many_are_compared_in_slices_and_the_next_comparison_waits(passes: list[str]) -> None:
    work = Work()
    network = SimpleNamespace(changes=1, in_slices=work.add)
    talks = SimpleNamespace(reconcile=lambda: said(passes, "talks", 50))
    one = Reconciling(SimpleNamespace(network=network, conversations=talks))  # type: ignore[arg-type]
    one.tick(1000.0)
    begun = len(passes)
    assert begun < 10 and work.waits
    network.changes = 2
    one.tick(1000.0 + EVERY_S)
    assert len(passes) == begun
    work.go_on(100)
    assert passes.count("talks") == 50 and not work.waits
    one.tick(1000.0 + 2 * EVERY_S)  # what has changed during the comparison is compared
    assert passes.count("seats") == 2
