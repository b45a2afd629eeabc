"""The names of missing nodes in an answer about an account."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gateway.edge.accounts.missing_nodes import NAMED, with_absent


def edge(*names: str) -> Any:
    lost = [SimpleNamespace(name=name) for name in names]
    return SimpleNamespace(network=SimpleNamespace(missing=lambda: lost))


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ((), "No answer: try again: later."),
        (("n2",), "No answer (missing: n2): try again: later."),
        (("n2", "n3"), "No answer (missing: n2, n3): try again: later."),
        (tuple("abcdef"), "No answer (missing: a, b, c, d, e, ...): try again: later."),
    ],
)
def test_the_names_stand_before_the_first_colon(names: tuple[str, ...], text: str) -> None:
    assert with_absent(edge(*names), "No answer: try again: later.") == text
    assert NAMED == 5


def test_a_text_without_a_colon_stays() -> None:
    assert with_absent(edge("n2"), "No answer.") == "No answer."
