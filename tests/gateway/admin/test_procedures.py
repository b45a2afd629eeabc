"""Operators' procedures: steps, answers of all nodes, and problems in words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gateway.admin.procedures import AskAll, Heard, Problem, Procedure, need_level, run
from gateway.edge.procedures import Ask, Submit
from ring.ids import GroupId
from ring.replication.application import FAILED

GROUP = GroupId("account", "ann")


class Edge:
    """An edge whose network the test answers."""

    def __init__(self, *nodes: str, level: int = 2, lowest: int = 2) -> None:
        self.answers: list[Any] = []
        self.bugs: list[Any] = []
        self.clients = SimpleNamespace(mine=lambda done: done)
        network = SimpleNamespace(
            level=level,
            lowest=lambda: SimpleNamespace(name="n1", level=lowest),
            live=lambda: [SimpleNamespace(name=name, key=name) for name in nodes],
            submit=lambda group, command, done: self.answers.append(done),
            ask=lambda group, question, done: self.answers.append(done),
            ask_node=lambda key, body, done: self.answers.append(done),
            note_bug=lambda what, problem: self.bugs.append(problem),
        )
        self.network = self.engine = network


def ran(edge: Any, procedure: Procedure[Any]) -> list[Any]:
    results: list[Any] = []
    run(edge, procedure, results.append)
    return results


def one(step: Any) -> Procedure[Any]:
    return (yield step)


def test_the_answer_of_a_step_is_sent_back() -> None:
    edge = Edge()
    results = ran(edge, one(Ask(GROUP, "q")))
    edge.answers[0]("view")
    assert results == ["view"]


def test_a_submit_without_an_answer_in_time_raises_in_the_procedure() -> None:
    edge = Edge()
    results = ran(edge, one(Submit(GROUP, "c")))
    edge.answers[0](FAILED)
    assert isinstance(results[0], Problem) and results[0].why == "unanswered"
    assert "look before you try again" in results[0].text


def test_a_procedure_may_go_on_after_a_problem() -> None:
    def careful() -> Procedure[str]:
        try:
            yield Submit(GROUP, "c")
        except Problem as problem:
            return problem.why
        return "done"

    edge = Edge()
    results = ran(edge, careful())
    edge.answers[0](FAILED)
    assert results == ["unanswered"]


def test_a_problem_ends_the_procedure_and_a_mistake_is_noted() -> None:
    def refused() -> Procedure[None]:
        raise Problem("unknown", "there is no account ann")
        yield

    def broken() -> Procedure[None]:
        raise KeyError("a mistake")
        yield

    edge = Edge()
    (problem,) = ran(edge, refused())
    assert (problem.why, problem.text) == ("unknown", "there is no account ann") and edge.bugs == []
    (problem,) = ran(edge, broken())
    assert problem.why == "bug" and isinstance(edge.bugs[0], KeyError)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_all_nodes_are_asked_and_silent_nodes_are_named(order: tuple[int, ...]) -> None:
    edge = Edge("n1", "n2", "n3")
    results = ran(edge, one(AskAll("q")))
    replies = ["a", None, None]
    for index in order:
        assert results == []
        edge.answers[index](replies[index])
    assert results == [Heard({"n1": "a"}, ("n2", "n3"))]


@pytest.mark.parametrize(
    ("level", "lowest", "words"),
    [(1, 1, "the node n1 runs an older version"), (1, 2, "about to act at a newer feature level"), (2, 2, "")],
)
def test_an_older_node_holds_the_network_back_in_words(level: int, lowest: int, words: str) -> None:
    edge: Any = Edge(level=level, lowest=lowest)
    if not words:
        need_level(edge, 2)
        return
    with pytest.raises(Problem, match=words) as raised:
        need_level(edge, 2)
    assert raised.value.why == "too_old"
