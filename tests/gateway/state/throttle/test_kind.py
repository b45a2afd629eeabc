"""Throttles as a kind of group: in memory alone, with the rule that the group's name tells."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.state.throttle.kind import ThrottleKind
from gateway.state.throttle.messages import HowLong, Take, Wait
from gateway.state.throttle.throttle import RULES
from tests.gateway.state.cast import packed

KIND = ThrottleKind()


def test_a_throttle_is_in_memory_alone() -> None:
    assert KIND.durable == "no"
    assert KIND.unjudged is None  # the outcome of a throttle's command is a Wait


@pytest.mark.parametrize(
    ("name", "rule"),
    [("account:joe", "account"), ("register:192.0.2.7", "register"), ("address:2001:db8::1", "address")],
)
def test_a_new_and_a_restored_throttle_have_the_rule_of_the_name(name: str, rule: str) -> None:
    for state in (KIND.initial(name), KIND.restore(name, packed([5]))):
        assert state.rule is RULES[rule]  # type: ignore[attr-defined]


def test_failures_survive_a_snapshot() -> None:
    state = KIND.initial("register:192.0.2.7")
    for at in range(4):
        state.apply(state.decide(Take(), at).event, at)
    restored: Any = KIND.restore("register:192.0.2.7", packed(state.snapshot()))
    answer = restored.answer(HowLong(), 1003)
    assert KIND.read_answer(packed(answer)) == answer == Wait(59.0, 4)


@pytest.mark.parametrize("broken", [None, 7, ["x"], [1.5], {"a": 1}])
def test_a_broken_snapshot_is_refused(broken: Any) -> None:
    with pytest.raises(msgspec.MsgspecError):
        KIND.restore("account:joe", packed(broken))
