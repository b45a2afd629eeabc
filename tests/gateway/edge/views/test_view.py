"""The view that shows nothing: serves every note of the engine, so that a kind of group needs no readers."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.edge.application import EdgeApplication
from gateway.edge.views import kinds
from gateway.edge.views.view import View

NOTES = [name for name in vars(View) if not name.startswith("_")]
VIEWS = [view for _, view in inspect.getmembers(kinds, inspect.isclass) if issubclass(view, View) and view is not View]


@pytest.mark.parametrize("note", NOTES)
def test_every_note_is_passed_on_by_the_application(note: str) -> None:
    source = inspect.getsource(EdgeApplication)
    assert f"self._view(group).{note}(" in source


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_of_a_kind_adds_no_note_and_takes_the_same_arguments(view: type[View]) -> None:
    for name, method in vars(view).items():
        if inspect.isfunction(method) and not name.startswith("_"):
            assert name in NOTES
            assert [*inspect.signature(method).parameters] == [*inspect.signature(getattr(View, name)).parameters]


def test_a_kind_without_readers_is_shown_to_nobody_and_breaks_nothing() -> None:
    group, state, untouched = object(), object(), SimpleNamespace()
    view: Any = View()
    view.applied(group, state, "event", "id", None)
    view.talked(group, state, "event", "id", untouched)
    view.replaced(group, None, state, [], 0)
    view.interrupted(group, parted=True)
    view.dropped(group)
    assert vars(untouched) == {} and vars(view) == {}
