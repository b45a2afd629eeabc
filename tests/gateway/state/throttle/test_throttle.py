"""The throttle: mistyping costs nothing, guessing takes for ever, and all is forgotten in the end."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.state.throttle.messages import HowLong, Take, Undo, Wait
from gateway.state.throttle.throttle import MOST, RULES, Throttle, restore
from tests.gateway.state.cast import packed

NOW = Take(60 * 60.0)
"""Of who has waited for long enough."""


def do(guard: Throttle, at: int, command: Take | Undo = NOW) -> Any:
    outcome, event = guard.decide(command, at)
    if event is not None:
        guard.apply(event, at)
    return outcome


def test_each_failure_makes_the_next_try_wait_longer() -> None:
    def waits(name: str) -> list[float]:
        guard = Throttle(name)
        return [guard.answer(HowLong(), 1_000).seconds for _ in range(12) if do(guard, 1_000).seconds == 0]

    assert waits("address:10.0.0.1") == [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert waits("account:joe") == [0, 0, 0, 1, 2, 4, 8, 8, 8, 8, 8, 8]
    assert waits("register:10.0.0.1") == [0, 0, 0, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert waits("else") == waits("address:x")
    assert RULES["address"].delay_s(10**9) == 60


def test_who_has_waited_need_not_wait_again() -> None:
    guard = Throttle("address:x")
    for _ in range(5):
        do(guard, 10_000)
    assert guard.answer(HowLong(), 10_000) == Wait(2.0, 5)
    assert guard.answer(HowLong(), 11_500) == Wait(0.5, 5)
    assert guard.answer(HowLong(), 60_000) == Wait(0.0, 5)


def test_of_many_at_once_only_so_many_may() -> None:
    guard = Throttle("register:x")
    assert [do(guard, 10_000, Take()).seconds for _ in range(9)] == [0, 0, 0, 0, 60, 60, 60, 60, 60]
    assert do(guard, 70_000, Take()) == Wait(0.0, 5, 70_000)


def test_nobody_waits_longer_than_the_longest_pause() -> None:
    guard = Throttle("account:x")
    for _ in range(9):
        do(guard, 10_000)
    assert do(guard, 17_000, Take(7.0)).seconds == 1
    assert do(guard, 15_000, Take(7.5)).seconds == 0.5
    do(guard, 17_000)  # somebody else was quicker
    assert do(guard, 17_100, Take(8.0)) == Wait(0.0, 11, 17_100)


def test_what_turns_out_to_be_right_makes_nobody_wait() -> None:
    guard = Throttle("account:x")
    assert [do(guard, 10_000 + number, Take()).seconds for number in range(4)] == [0, 0, 0, 0]
    assert do(guard, 10_100, Take()).seconds == 0.903
    do(guard, 10_100, Undo(10_001))
    assert do(guard, 10_100, Take()) == Wait(0.0, 4, 10_100)
    do(guard, 10_200, Undo(10_100))
    assert guard.times == (10_000, 10_002, 10_003)
    assert guard.decide(Undo(10_100), 10_200).event is None


def test_after_many_failures_a_right_password_makes_no_other_wait() -> None:
    guard = Throttle("account:x")
    for number in range(9):
        do(guard, 10_000 + number)
    assert do(guard, 20_000, Take()).seconds == 0
    assert do(guard, 20_001, Take()).seconds > 0
    do(guard, 20_100, Undo(20_000))
    assert do(guard, 20_101, Take()).seconds == 0


def test_so_many_failures_are_remembered() -> None:
    guard = Throttle("account:x")
    for number in range(MOST + 5):
        do(guard, 10_000 + number)
    assert guard.times == tuple(range(10_005, 10_005 + MOST))
    assert all(rule.delay_s(MOST) == rule.longest_s for rule in RULES.values())


def test_it_forgets() -> None:
    guard = Throttle("account:x")
    for _ in range(9):
        do(guard, 10_000)
    later = 10_000 + 15 * 60 * 1000
    assert not guard.is_collectable(later - 1)
    assert guard.is_collectable(later)
    assert guard.answer(HowLong(), later) == Wait()
    assert do(guard, later) == Wait(0.0, 1, later)
    assert Throttle("account:x").is_collectable(0)


TIMES = st.sets(st.integers(0, 2 * MOST)).map(lambda times: tuple(sorted(times)[-MOST:]))
GUARDS = st.builds(Throttle, st.just("account:x"), TIMES)


def both(a: Throttle, b: Throttle) -> Throttle:
    found = restore("account:x", packed(a.snapshot()))
    event = found.merge(b, 5)
    if event is not None:
        found.apply(event, 5)
    return found


@given(GUARDS, GUARDS, GUARDS)
def test_guards_merge_alike_in_any_order(a: Throttle, b: Throttle, c: Throttle) -> None:
    assert both(a, b).snapshot() == both(b, a).snapshot()
    assert both(both(a, b), c).snapshot() == both(a, both(b, c)).snapshot()
    assert both(both(a, b), b).snapshot() == both(a, b).snapshot()
    assert both(a, a).merge(a, 5) is None
