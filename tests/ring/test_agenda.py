"""The agenda: what is due comes once, the earliest first, and costs nothing before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ring.agenda import NEVER, Agenda


def test_the_earliest_comes_first_and_each_once() -> None:
    agenda: Agenda[str] = Agenda()
    agenda.plan("late", 3.0)
    agenda.plan("soon", 1.0)
    assert agenda.next_at == 1.0
    assert agenda.due(0.9) == []
    assert agenda.due(5.0) == ["soon", "late"]
    assert agenda.due(5.0) == []
    assert agenda.next_at == NEVER


def test_an_earlier_look_wins_and_a_later_one_is_passed_over() -> None:
    agenda: Agenda[str] = Agenda()
    agenda.plan("one", 5.0)
    agenda.plan("one", 2.0)
    agenda.plan("one", 9.0)
    assert agenda.due(2.0) == ["one"]
    assert agenda.due(99.0) == []


def test_a_cancelled_look_does_not_come() -> None:
    agenda: Agenda[str] = Agenda()
    agenda.plan("one", 1.0)
    agenda.plan("two", 2.0)
    agenda.cancel("one")
    agenda.cancel("unknown")
    assert len(agenda) == 1
    assert agenda.next_at == 2.0
    agenda.plan("one", 4.0)  # not at the time that was cancelled
    assert agenda.due(3.0) == ["two"]


def test_a_key_planned_again_at_once_waits_for_the_next_question() -> None:
    agenda: Agenda[str] = Agenda()
    agenda.plan("one", 1.0)
    for key in agenda.due(1.0):
        agenda.plan(key, 0.5)
    assert agenda.due(1.0) == ["one"]


def test_no_more_are_taken_than_asked_for() -> None:
    agenda: Agenda[int] = Agenda()
    for key in range(5):
        agenda.plan(key, 1.0)
    assert agenda.due(1.0, most=2) == [0, 1]
    assert agenda.due(1.0) == [2, 3, 4]


@given(st.lists(st.tuples(st.sampled_from(["plan", "cancel", "due"]), st.integers(0, 5), st.integers(0, 9))))
def test_the_agenda_is_a_table_of_times(steps: list[tuple[str, int, int]]) -> None:
    agenda: Agenda[int] = Agenda()
    table: dict[int, float] = {}
    for what, key, at in steps:
        if what == "plan":
            agenda.plan(key, at)
            table[key] = min(at, table.get(key, at))
        elif what == "cancel":
            agenda.cancel(key)
            table.pop(key, None)
        else:
            expected = {key for key, planned in table.items() if planned <= at}
            assert set(agenda.due(at)) == expected
            table = {key: planned for key, planned in table.items() if planned > at}
        assert agenda.next_at == min(table.values(), default=NEVER)
        assert len(agenda) == len(table)
