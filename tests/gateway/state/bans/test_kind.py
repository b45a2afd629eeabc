"""The list of bans as a kind: changes are on disks before the answer, and a list without entries costs no disk."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.state.bans.kind import BansKind
from gateway.state.bans.messages import Changed, Evicted, Follow, Followed, Lift, Merged, Put
from gateway.state.reader import UNJUDGED
from ring.ids import Incarnation
from tests.gateway.state.bans.test_messages import KLINE
from tests.gateway.state.cast import packed

KIND = BansKind()
N1 = Incarnation("10.0.0.1", 7)


def test_changes_of_the_list_are_confirmed_on_disks_and_nothing_else_waits() -> None:
    state: Any = KIND.initial("*")
    assert (KIND.durable, KIND.unjudged) == ("written", UNJUDGED)
    assert KIND.confirms(state, Put(KLINE, 1)) == KIND.confirms(state, Lift("kline", "x", "y")) == "held"
    assert KIND.confirms(state, Follow(*N1)) == "no"
    assert KIND.is_confirmed_by(state, Changed(KLINE)) and KIND.is_confirmed_by(state, Merged((), ()))
    assert not KIND.is_confirmed_by(state, Followed(*N1)) and not KIND.is_confirmed_by(state, Evicted(()))


def test_a_list_with_an_entry_is_lasting_even_once_the_entry_is_lifted() -> None:
    state: Any = KIND.initial("*")
    assert KIND.is_silent(state) and not KIND.is_lasting(state)
    state.apply(Changed(KLINE), 5)
    state.apply(state.decide(Lift("kline", KLINE.mask, "bob(b)"), 6).event, 6)
    assert KIND.is_lasting(state) and not KIND.is_silent(state)


def test_entries_and_nodes_survive_a_snapshot() -> None:
    state: Any = KIND.initial("*")
    state.apply(Followed(*N1), 1)
    state.apply(Changed(KLINE), 5)
    restored: Any = KIND.restore("*", packed(state.snapshot()))
    assert (restored.entries, restored.subscribers) == ({KLINE.key: KLINE}, {N1: 1})


@pytest.mark.parametrize("broken", [None, 7, [[], 7], [[["kline"]], []], {"entries": []}])
def test_a_broken_snapshot_is_refused(broken: Any) -> None:
    with pytest.raises(msgspec.MsgspecError):
        KIND.restore("*", packed(broken))
