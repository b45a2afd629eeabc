"""Delayed jobs: run at the first tick after their time, in order, and at once without a time to wait."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.timers import Timers


def timers(owner: Any = None) -> tuple[Timers, Any]:
    edge: Any = SimpleNamespace(now=100.0, clients=SimpleNamespace(mine=owner or (lambda done: done)))
    return Timers(edge), edge


def test_a_job_without_a_time_to_wait_runs_at_once() -> None:
    made, _ = timers()
    done: list[str] = []
    made.later(0, lambda: done.append("now"))
    made.later(-1, lambda: done.append("past"))
    assert done == ["now", "past"]


def test_a_job_runs_at_the_first_tick_after_its_time_and_once() -> None:
    made, _ = timers()
    done: list[str] = []
    made.later(5, lambda: done.append("x"))
    made.tick(104.9)
    assert done == []
    made.tick(105)
    made.tick(200)
    assert done == ["x"]


@given(st.lists(st.integers(1, 5)))
def test_jobs_run_in_the_order_of_time_and_then_of_asking(waits: list[int]) -> None:
    made, _ = timers()
    done: list[tuple[int, int]] = []
    for number, wait in enumerate(waits):
        made.later(wait, lambda wait=wait, number=number: done.append((wait, number)))  # type: ignore[misc]
    made.tick(1_000)
    assert done == sorted((wait, number) for number, wait in enumerate(waits))


def test_a_job_may_ask_for_another_job() -> None:
    made, edge = timers()
    done: list[str] = []
    made.later(1, lambda: made.later(1, lambda: done.append("second")))
    edge.now = 101.0
    made.tick(101)
    assert done == []
    made.tick(102)
    assert done == ["second"]


def test_a_job_belongs_to_the_client_whose_line_has_asked_for_it() -> None:
    owned: list[Any] = []

    def mine(done: Any) -> Any:
        owned.append(done)
        return done

    made, _ = timers(mine)
    made.later(1, lambda: None)
    assert len(owned) == 1


def test_serial_numbers_are_given_once() -> None:
    made, _ = timers()
    assert [made.next_serial() for _ in range(3)] == [1, 2, 3]
