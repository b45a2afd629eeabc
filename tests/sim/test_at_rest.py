"""Stories of small networks that take themselves for large ones at rest, in which links close without use."""

from __future__ import annotations

from functools import partialmethod

import pytest

from ring.replication import nearby
from tests.sim.kinds import ACCOUNTS, DEVICES, TALK, Kind
from tests.sim.net import Net

SEEDS = 8


@pytest.fixture(autouse=True)
def at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask one owner whether a group exists, soon after a change, and close links soon: harder than any real network."""
    monkeypatch.setattr(nearby, "SMALL", 1)
    monkeypatch.setattr(nearby, "MORE", -1)
    monkeypatch.setattr(nearby, "QUIET_S", 8.0)
    monkeypatch.setattr(Net, "__init__", partialmethod(Net.__init__, idle_close_s=8.0))


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("kind", [TALK, ACCOUNTS, DEVICES], ids=["talk", "accounts", "devices"])
def test_every_promise_holds(kind: Kind, seed: int) -> None:
    kind.hold(500_000 + seed)
