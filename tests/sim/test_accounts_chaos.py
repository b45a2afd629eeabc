"""A confirmed registration, password or drop holds, whatever a seed makes of the network; this can fail."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ring.groups.finding import Finding
from ring.groups.journal import Journal
from tests.sim.accounts import AccountStory, check_accounts

SEEDS = 40
BLOCK = 5


def wrong(seed: int) -> list[str]:
    story = AccountStory(seed)
    story.run()
    assert story.done
    return [*story.faults, *found] if (found := list(check_accounts(story))) else []


@pytest.mark.parametrize("first", range(0, SEEDS, BLOCK))
def test_what_is_confirmed_holds_on_every_node(first: int) -> None:
    for seed in range(first, first + BLOCK):
        found = wrong(seed)
        assert not found, "\n".join([f"replay it with: python -m tests.sim {seed} --accounts", *found])


def start_alone(patch: pytest.MonkeyPatch) -> None:
    """What one disk has is served, whoever may have newer copies."""
    patch.setattr(Finding, "_must_wait", lambda self, group, search, mine: False)


def start_with_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Journal, "load", lambda self, group, data, last: None)


@pytest.mark.parametrize("broken", [start_alone, start_with_nothing])
def test_a_break_is_caught(broken: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch)
    assert any(wrong(seed) for seed in range(60)), "not caught"
