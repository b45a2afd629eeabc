"""The network's own group as a kind: in memory alone, restored from snapshots of every level."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.state.network.kind import NetworkKind
from gateway.state.network.messages import Attended, Raised
from gateway.state.reader import UNJUDGED
from ring.ids import Incarnation
from tests.gateway.state.cast import packed

KIND = NetworkKind()
N1 = Incarnation("10.0.0.1", 7)


def test_the_group_is_in_memory_alone() -> None:
    assert KIND.durable == "no"
    assert KIND.unjudged is UNJUDGED


def test_the_group_begins_with_no_node_at_level_0_whatever_the_name() -> None:
    for name in ("", "network"):
        state: Any = KIND.initial(name)
        assert (state.subscribers, state.level) == ({}, 0)


@pytest.mark.parametrize("level", [0, 2])
def test_nodes_and_level_survive_a_snapshot(level: int) -> None:
    state: Any = KIND.initial("")
    state.apply(Attended(*N1), 1)
    if level:
        state.apply(Raised(level, ()), 2)
    restored: Any = KIND.restore("", packed(state.snapshot()))
    assert (restored.subscribers, restored.level) == ({N1: 1}, level)


@pytest.mark.parametrize("broken", [{"hosts": []}, {"level": 1}, [["10.0.0.1"]], 7])
def test_a_broken_snapshot_is_refused(broken: Any) -> None:
    with pytest.raises(msgspec.MsgspecError):
        KIND.restore("", packed(broken))
