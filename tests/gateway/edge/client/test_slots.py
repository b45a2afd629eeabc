"""Slots: an answer goes out once everything before the answer has ended."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.client.lines import Line
from gateway.edge.client.slots import Slot, drain, empty, is_empty


def answer(text: str) -> Any:
    return Line("s", "NOTICE", ("ann", text)), None


def slot(*items: Any, is_open: bool = True) -> Slot:
    made = Slot()
    made.items, made.open = list(items), is_open
    return made


def texts(emitted: list[Any]) -> list[str]:
    return [line.params[1] for line, _ in emitted]


def test_answers_go_out_up_to_the_first_open_slot() -> None:
    emitted: list[Any] = []
    waiting = slot()
    root = slot(answer("a"), slot(answer("b"), is_open=False), waiting, answer("c"))
    assert drain(root, emitted.append) is waiting
    assert texts(emitted) == ["a", "b"]
    waiting.items.append(answer("b2"))
    waiting.open = False
    assert drain(root, emitted.append) is root
    assert texts(emitted) == ["a", "b", "b2", "c"]
    root.open = False
    assert drain(root, emitted.append) is None


def test_answers_of_an_open_slot_go_out_while_the_slot_is_first() -> None:
    emitted: list[Any] = []
    first = slot(answer("a"))
    root = slot(first, answer("later"))
    assert drain(root, emitted.append) is first
    assert texts(emitted) == ["a"] and not first.items


def test_emptying_sends_everything_and_leaves_open_slots_open() -> None:
    emitted: list[Any] = []
    first = slot(answer("a"))
    root = slot(first, answer("b"), slot(answer("c")))
    assert not is_empty(root)
    empty(root, emitted.append)
    assert texts(emitted) == ["a", "b", "c"]
    assert is_empty(root) and first.open


def trees() -> st.SearchStrategy[Any]:
    leaves = st.integers(0, 99).map(lambda number: answer(str(number)))
    return st.recursive(
        st.builds(lambda items, is_open: slot(*items, is_open=is_open), st.lists(leaves, max_size=3), st.booleans()),
        lambda inner: st.builds(
            lambda items, is_open: slot(*items, is_open=is_open), st.lists(leaves | inner, max_size=4), st.booleans()
        ),
        max_leaves=8,
    )


def everything(root: Slot) -> list[Any]:
    found: list[Any] = []
    for item in root.items:
        found += everything(item) if isinstance(item, Slot) else [item]
    return found


@given(trees())
def test_draining_sends_a_beginning_of_the_answers_and_loses_none(root: Slot) -> None:
    expected = texts(everything(root))
    emitted: list[Any] = []
    waits = drain(root, emitted.append)
    assert texts(emitted) == expected[: len(emitted)]
    assert waits is None or waits.open
    empty(root, emitted.append)
    assert texts(emitted) == expected
