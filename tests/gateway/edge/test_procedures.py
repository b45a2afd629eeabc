"""Procedures: each step is begun, the answer is sent to the generator, and the result is handed on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gateway.edge.procedures import Ask, AskNode, Do, Procedure, Settle, Sleep, Submit, Together, ask, run
from ring.ids import GroupId

GROUP = GroupId("nick", "ann")


class Edge:
    """An edge that writes down what is begun; `answers` are called by the test."""

    def __init__(self) -> None:
        self.begun: list[tuple[Any, ...]] = []
        self.answers: list[Any] = []
        self.clients = SimpleNamespace(mine=lambda done: done)
        self.network = SimpleNamespace(
            submit=lambda group, command, done: self._begin("submit", done, group, command),
            settle=lambda groups, done: self._begin("settle", lambda _: done(), *groups),
            ask=lambda group, question, done: self._begin("ask", done, group, question),
            ask_node=lambda key, body, done: self._begin("ask_node", done, key, body),
        )

    def later(self, seconds: float, job: Any) -> None:
        self._begin("later", lambda _: job(), seconds)

    def _begin(self, what: str, done: Any, *facts: Any) -> None:
        self.begun.append((what, *facts))
        self.answers.append(done)


@pytest.fixture
def edge() -> Any:
    return Edge()


@pytest.mark.parametrize(
    ("step", "begun", "answer", "sent"),
    [
        (Submit(GROUP, "c"), ("submit", GROUP, "c"), "outcome", "outcome"),
        (Settle([GROUP]), ("settle", GROUP), None, None),
        (Ask(GROUP, "q"), ("ask", GROUP, "q"), None, None),
        (AskNode("10.0.0.1", "b"), ("ask_node", "10.0.0.1", "b"), "reply", "reply"),
        (Sleep(2.5), ("later", 2.5), None, None),
    ],
)
def test_each_step_is_begun_and_its_answer_is_sent(edge: Any, step: Any, begun: Any, answer: Any, sent: Any) -> None:
    def one() -> Procedure[Any]:
        return ("result", (yield step))

    results: list[Any] = []
    run(edge, one(), results.append)
    assert edge.begun == [begun] and results == []
    edge.answers[0](answer)
    assert results == [("result", sent)]


def test_steps_come_one_after_the_other(edge: Any) -> None:
    def several() -> Procedure[list[Any]]:
        first = yield Ask(GROUP, 1)
        second = yield Ask(GROUP, 2)
        return [first, second]

    results: list[Any] = []
    run(edge, several(), results.append)
    assert len(edge.begun) == 1
    edge.answers[0]("a")
    assert len(edge.begun) == 2 and results == []
    edge.answers[1]("b")
    assert results == [["a", "b"]]


def test_after_an_answer_at_once_the_procedure_goes_on_at_once(edge: Any) -> None:
    def count() -> Procedure[int]:
        total = 0
        for number in range(50):
            total += yield Do(lambda done, number=number: done(number))  # type: ignore[misc]
        return total

    results: list[int] = []
    run(edge, count(), results.append)
    assert results == [sum(range(50))]


def test_a_procedure_without_steps_and_without_a_reader_ends() -> None:
    def none() -> Procedure[None]:
        return
        yield

    run(Edge(), none())  # type: ignore[arg-type]


def test_a_mistake_in_a_step_leaves_the_generator_and_is_seen_by_the_owner(edge: Any) -> None:
    def broken() -> Procedure[None]:
        yield Ask(GROUP, 1)
        raise KeyError("a mistake")

    run(edge, broken())
    with pytest.raises(KeyError, match="a mistake"):
        edge.answers[0](None)


def test_procedures_run_side_by_side_and_their_results_come_in_order(edge: Any) -> None:
    def pair() -> Procedure[Any]:
        return (yield Together([ask(GROUP, "first"), ask(GROUP, "second")]))

    results: list[Any] = []
    run(edge, pair(), results.append)
    assert edge.begun == [("ask", GROUP, "first"), ("ask", GROUP, "second")]
    edge.answers[1]("b")
    assert results == []
    edge.answers[0]("a")
    assert results == [["a", "b"]]


def test_no_procedures_side_by_side_have_ended_at_once(edge: Any) -> None:
    def none() -> Procedure[Any]:
        return (yield Together([]))

    results: list[Any] = []
    run(edge, none(), results.append)
    assert results == [[]]
