"""Answers over several turns, and outcomes without a kind."""

from __future__ import annotations

from itertools import permutations

import pytest

from ring.replication.application import FAILED, Later


@pytest.mark.parametrize("order", [*permutations(["answer", "then"])], ids=" before ".join)
def test_an_answer_reaches_who_waits_whichever_comes_first(order: tuple[str, str]) -> None:
    later, heard = Later(), []
    for step in order:
        if step == "answer":
            later.answer("yes")
        else:
            later.then(heard.append)
    assert heard == ["yes"]


def test_an_answer_of_nothing_is_an_answer() -> None:
    later, heard = Later(), []
    later.answer(None)
    later.then(heard.append)
    assert heard == [None]


def test_a_failure_is_named_in_logs() -> None:
    assert f"{FAILED}" == "FAILED"
