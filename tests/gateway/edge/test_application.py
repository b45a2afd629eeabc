"""The engine's notes on the way to the views: the right view, the turn's news, and outcomes in words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gateway.edge.application import EdgeApplication
from gateway.edge.views.view import View
from ring.ids import GroupId
from ring.replication.application import FAILED, Halted

CHANNEL, NICK, ACCOUNT = GroupId("channel", "#c"), GroupId("nick", "ann"), GroupId("account", "ann")


class Seen(View):
    """Writes down the notes."""

    def __init__(self) -> None:
        self.notes: list[Any] = []

    def applied(self, group: GroupId, *facts: Any) -> None:
        self.notes.append(("applied", group))

    def replaced(self, group: GroupId, *facts: Any) -> None:
        self.notes.append(("replaced", group))

    def dropped(self, group: GroupId) -> None:
        self.notes.append(("dropped", group))


@pytest.fixture
def stage() -> Any:
    edge: Any = SimpleNamespace(told={})
    released: list[Any] = []
    asides: Any = SimpleNamespace(groups={}, release=lambda group, connection: released.append(group))
    views = {"channel": Seen(), "nick": Seen()}
    return SimpleNamespace(
        edge=edge, asides=asides, released=released, app=EdgeApplication(edge, asides, views), **views
    )


def test_news_reach_the_view_of_the_kind_alone(stage: Any) -> None:
    for group in (CHANNEL, NICK, ACCOUNT):
        stage.app.applied(group, None, "event", "id", None)
        stage.app.dropped(group)
    assert stage.channel.notes == [("applied", CHANNEL), ("dropped", CHANNEL)]
    assert stage.nick.notes == [("applied", NICK), ("dropped", NICK)]


def test_only_groups_in_which_people_hear_each_other_count_as_told(stage: Any) -> None:
    for group in (NICK, CHANNEL):
        stage.app.applied(group, None, "event", "id", None)
        stage.app.replaced(group, None, object(), [], 0)
    assert list(stage.edge.told) == [CHANNEL]


def test_waiting_lines_are_released_by_news_and_not_by_the_same_state(stage: Any) -> None:
    state = object()
    stage.app.replaced(CHANNEL, None, state, [], 0)
    assert stage.released == []  # no line waits
    stage.asides.groups = {CHANNEL: 1}
    stage.app.replaced(CHANNEL, state, state, [], 0)
    assert stage.released == []
    stage.app.replaced(CHANNEL, None, state, [], 0)
    stage.app.applied(CHANNEL, state, "event", "id", None)
    assert stage.released == [CHANNEL, CHANNEL]


def test_an_outcome_goes_to_the_continuation_and_a_failure_s_reason_does_not(stage: Any) -> None:
    heard: list[Any] = []
    stage.app.answered(CHANNEL, heard.append, "outcome", None)
    stage.app.answered(CHANNEL, heard.append, Halted(()), None)
    stage.app.answered(CHANNEL, None, "outcome", None)  # nobody waits
    assert heard == ["outcome", FAILED]
