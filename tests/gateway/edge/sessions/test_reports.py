"""A session's group is told every change once, and nothing without news."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from gateway.edge.client.connection import Connection
from gateway.edge.client.outputs import Outputs
from gateway.edge.sessions.reports import Reports
from gateway.edge.users.rooms import Room
from gateway.edge.users.user import User
from gateway.state.session.messages import Keep, Kept, Report
from ring.ids import GroupId, Incarnation, Term
from ring.wire.history import Cursor
from tests.gateway.edge.client.test_outputs import ROOM, someone

ME = Incarnation("k", 1)
CURSOR = Cursor(3, 1_003, Term(1, "k", 1))


class Edge:
    """An edge with one session, of ann. cursors, nodes: the news of the devices."""

    def __init__(self) -> None:
        self.network = SimpleNamespace(me=ME, submit=lambda group, command: self.told.append((group, command)))
        self.cursors: dict[str, dict[str, Cursor]] = {}
        self.nodes: dict[str, dict[str, int]] = {}
        self.ways_back: dict[str, str] = {}
        self.told: list[tuple[GroupId, Any]] = []
        self.answers: list[Any] = []
        self.forgotten: list[str] = []
        self.sessions = SimpleNamespace(
            users={},
            group=lambda account: GroupId("session", account),
            shown=lambda group: group.name.upper(),
            takeover=SimpleNamespace(returning=lambda _: self.ways_back, clients=lambda user: len(user.connections)),
            arrivals=SimpleNamespace(news=lambda _: self.nodes),
            cursors=SimpleNamespace(
                changed=lambda _: self.cursors,
                tell=lambda account, cursors, then: self.answers.append((account, cursors, then)),
                forget=self.forgotten.append,
            ),
        )

    def news(self) -> list[Any]:
        """What the group was told since the last look."""
        found, self.told = [command for group, command in self.told if group == GroupId("session", "ann")], []
        return found


@pytest.fixture
def edge() -> Any:
    return Edge()


@pytest.fixture
def user(edge: Any) -> User:
    ann = someone(Connection(1, "10.0.0.1", Outputs(), secure=False, now=5.0))
    ann.session.account = "ann"
    edge.sessions.users["ann"] = ann
    return ann


def test_the_first_report_has_all_and_the_next_is_not_sent(edge: Any, user: User) -> None:
    Room(ROOM).add(user)
    edge.ways_back = {"#far": "#Far"}
    reports = Reports(edge)
    reports.report("ann", user)
    assert edge.news() == [Report(user.uid, ME, user.person, {"#c": "#C", "#far": "#Far"}, False, 1, {})]
    reports.report("ann", user)
    assert edge.news() == []


@pytest.mark.parametrize("change", ["person", "rooms", "lasts", "attached", "auto_away"])
def test_each_fact_is_news_once(edge: Any, user: User, change: str) -> None:
    reports = Reports(edge)
    reports.report("ann", user)
    edge.news()
    if change == "person":
        user.person = msgspec.structs.replace(user.person, nick="anna")
    elif change == "rooms":
        Room(ROOM).add(user)
    elif change == "attached":
        user.connections = ()
    else:
        setattr(user.session, change, True)
    for _ in range(2):
        reports.report("ann", user)
    assert len(edge.news()) == 1


def test_cursors_and_nodes_of_devices_are_news_by_themselves(edge: Any, user: User) -> None:
    reports = Reports(edge)
    reports.report("ann", user)
    edge.news()
    edge.cursors, edge.nodes = {"phone": {"#c": CURSOR}}, {}
    reports.report("ann", user)
    edge.cursors, edge.nodes = {}, {"phone": {"k2": 4}}
    reports.report("ann", user)
    first, second = edge.news()
    assert (first.cursors, first.nodes) == ({"phone": {"#c": CURSOR}}, {})
    assert (second.cursors, second.nodes) == ({}, {"phone": {"k2": 4}})


def test_what_clients_rely_on_is_told_when_there_is_anything(edge: Any, user: User) -> None:
    reports = Reports(edge)
    user.identity.allow("root", wallops=False, capabilities=("kill", "die"))
    for _ in range(2):
        reports.report("ann", user)
    assert edge.news()[1:] == [Keep(user.uid, ME, Kept("root", capabilities=("die", "kill")))]
    user.identity.allow(None, wallops=False)
    reports.report("ann", user)
    assert edge.news() == [Keep(user.uid, ME, Kept())], "the rights have ended"


def test_a_group_that_was_started_empty_is_told_all_again(edge: Any, user: User) -> None:
    reports = Reports(edge)
    user.identity.allow("root", wallops=False, capabilities=("kill", "die"))
    reports.report("ann", user)
    told = edge.news()
    reports.forget("ann")
    reports.forget("nobody")
    reports.report("ann", user)
    assert edge.news() == told and len(told) == 2


def test_a_user_who_goes_reports_nothing(edge: Any, user: User) -> None:
    user.quitting = True
    Reports(edge).report("ann", user)
    assert edge.news() == []


def test_cursors_are_kept_while_the_session_is_here_and_until_the_group_has_them(edge: Any, user: User) -> None:
    edge.cursors = {"phone": {"#c": CURSOR}}
    Reports(edge).report_cursors(user)
    ((account, cursors, then),) = edge.answers
    assert (account, cursors, edge.forgotten) == ("ann", edge.cursors, [])
    then()
    assert edge.forgotten == [], "the session has come back meanwhile"
    edge.sessions.users.clear()
    then()
    assert edge.forgotten == ["ann"]
