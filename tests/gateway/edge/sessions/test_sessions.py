"""The sessions on a node: where a session is found, who stays without clients, for how long, and as whom (P9, P31)."""

from __future__ import annotations

from typing import Any

import pytest

from config.sessions import Sessions as SessionSettings
from gateway.edge.sessions.sessions import AWAY
from gateway.edge.users.user import User
from gateway.state.account.messages import InfoView
from gateway.state.account.snapshot import Settings
from gateway.state.session.session import Session
from ring.ids import GroupId, Incarnation
from tests.gateway.commands.accounts import register
from tests.gateway.commands.stage import network, people
from tests.settings import section
from tests.sim.net import Client, Net

ANN = GroupId("session", "ann")


class Scene:
    """ann, whose account's session is on n1, and bob, in #C."""

    def __init__(self, nodes: int = 1) -> None:
        self.net: Net = network(nodes)
        self.ann: Client = self.net.client("n1", "ann")
        self.bob: Client = self.net.client("n1", "bob")
        for person in (self.ann, self.bob):
            person.ask("JOIN #C")
        assert register(self.ann)[-1].startswith("REGISTER SUCCESS")
        self.net.run(1.0)
        self.node = self.net.nodes["n1"]
        self.edge: Any = self.node.core.edge
        user = self.ann.connection.user
        assert user is not None
        self.user: User = user

    def do(self, job: Any, node: str = "n1") -> None:
        self.net.turn(self.net.nodes[node], job)

    def know(self, **settings: Any) -> None:
        view = InfoView("ann", self.user.session.life, settings=Settings(**settings))
        self.do(lambda: self.edge.sessions.know(self.user, view))

    def lose(self) -> None:
        """The last client of ann loses its connection."""
        self.do(lambda: self.edge.clients.cut(self.ann.connection, "Connection closed"))

    def find(self, node: str, account: str = "ann") -> Any:
        found: list[Any] = []
        sessions = self.net.nodes[node].core.edge.sessions
        self.do(lambda: sessions.find(account, found.append), node)
        assert self.net.until(lambda: bool(found), 5.0)
        return found[0]

    @property
    def away(self) -> str | None:
        return self.user.identity.pending.away


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_session_is_found_here_on_the_other_node_or_not_at_all() -> None:
    scene = Scene(3)
    assert scene.find("n1") is scene.user
    assert scene.find("n2") == scene.edge.network.me, "a client is attached: the session stays"
    assert scene.find("n2", "nobody") is None


def test_a_session_without_clients_comes_to_the_node_that_looks_for_it() -> None:
    scene = Scene(3)
    scene.know(always_on=True)
    scene.lose()
    scene.net.run(1.0)
    found = scene.find("n2")
    assert isinstance(found, User) and found.uid == scene.user.uid and "ann" not in scene.edge.sessions.users
    assert scene.edge.sessions.has_gone(found.uid), "the channels may still name the former node"
    scene.bob.sync()
    assert not [line for line in scene.bob.got if line.startswith(":ann!") and " QUIT " in line]
    scene.net.run(scene.edge.network.settings.grace_s + 2.0)
    assert not scene.edge.sessions.has_gone(found.uid)


def test_the_life_of_a_node_is_over_once_dead_leaving_or_begun_anew() -> None:
    scene = Scene(3)
    sessions, me = scene.edge.sessions, scene.edge.network.me
    second, third = (scene.net.nodes[name].core.edge.network.me for name in ("n2", "n3"))
    assert not any(map(sessions.is_over, (me, second, third)))
    assert sessions.is_over(Incarnation(second.key, second.number - 1)) and sessions.is_over(Incarnation("unknown", 1))
    scene.net.leave("n3")
    assert scene.net.until(lambda: sessions.is_over(third), 20.0)
    assert scene.edge.network.is_current(third), "the node has said that it leaves"
    scene.net.kill("n2")
    assert scene.net.until(lambda: sessions.is_over(second), 20.0)
    assert not sessions.is_over(me)


def test_the_own_life_is_never_over(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """To another side of a partition it may be, and this node may have heard so."""
    monkeypatch.setattr(scene.edge.network, "is_current", lambda owner: False)
    assert not scene.edge.sessions.is_over(scene.edge.network.me)


def test_whoever_looks_for_a_session_on_its_way_here_waits_for_the_user(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if the user is known here: the user is not back in all channels."""
    waiting: list[Any] = []
    takeover, found = scene.edge.sessions.takeover, list[Any]()
    monkeypatch.setattr(takeover, "is_under_way", lambda account: account == "ann")
    monkeypatch.setattr(takeover, "wait", lambda account, then: waiting.append(then))
    monkeypatch.setattr(scene.edge.sessions, "ask_whether_here", lambda *_: pytest.fail("the group is asked"))
    scene.do(lambda: scene.edge.sessions.find("ann", found.append))
    assert waiting == [found.append] and found == []


def test_one_user_of_an_account_is_the_session() -> None:
    scene = Scene()
    answers: list[bool] = []
    user = scene.bob.connection.user
    scene.do(lambda: scene.edge.sessions.begin(user, "ann", answers.append))
    scene.net.run(1.0)
    assert answers == [True] and scene.edge.sessions.users == {"ann": scene.user}
    user.quitting = True
    scene.do(lambda: scene.edge.sessions.begin(user, "bob", answers.append))
    assert answers == [True, False], "whoever quits begins nothing"
    assert scene.edge.network.state(GroupId("session", "bob")) is None


def test_a_session_on_another_node_is_another_user_s() -> None:
    scene = Scene(2)
    carl = scene.net.client("n2", "carl")
    carl.sync()
    answers: list[bool] = []
    scene.do(lambda: carl.node.core.edge.sessions.begin(carl.connection.user, "ann", answers.append), "n2")
    scene.net.run(1.0)
    assert answers == [True] and not carl.node.core.edge.sessions.users


def test_an_account_dropped_while_the_session_begins_has_no_session(scene: Scene) -> None:
    """The user is logged in as nobody by the time of the group's answer: the group is told that the session ended."""
    answers: list[bool] = []
    scene.do(lambda: scene.edge.sessions.begin(scene.bob.connection.user, "bob", answers.append))
    scene.net.run(1.0)
    state = scene.edge.network.state(GroupId("session", "bob"))
    assert answers == [False] and "bob" not in scene.edge.sessions.users
    assert not isinstance(state, Session) or state.owner is None


@pytest.mark.parametrize(
    ("chosen", "absence", "playback", "lasts"),
    [
        ({}, AWAY, None, False),
        ({"auto_away": False, "playback": 0}, None, 0, False),
        ({"auto_away": True, "away_text": "asleep", "always_on": True}, "asleep", None, True),
    ],
)
def test_the_person_s_choices_go_before_the_network_s(
    scene: Scene, chosen: dict[str, Any], absence: str | None, playback: int | None, lasts: bool
) -> None:
    scene.know(**chosen)
    session = scene.user.session
    assert (session.absence, session.playback, session.lasts) == (absence, playback, lasts)


def test_a_user_without_clients_is_away_until_a_client_comes(scene: Scene) -> None:
    scene.know(always_on=True, away_text="asleep")
    scene.lose()
    assert scene.away == "asleep" and scene.user.session.auto_away and scene.user.session.left_at
    scene.do(lambda: scene.user.attach(scene.ann.connection))
    scene.do(lambda: scene.edge.sessions.attached(scene.user))
    assert scene.away is None and not scene.user.session.auto_away and not scene.user.session.left_at


@pytest.mark.parametrize(("text", "settings"), [("lunch", {"always_on": True}), (None, {"auto_away": True})])
def test_an_away_of_the_person_and_a_user_who_soon_goes_are_left_alone(
    scene: Scene, text: str | None, settings: dict[str, Any]
) -> None:
    scene.know(**settings)
    if text is not None:
        scene.ann.ask(f"AWAY :{text}")
    scene.lose()
    assert scene.away == text and not scene.user.session.auto_away
    scene.do(lambda: scene.edge.sessions.attached(scene.user))
    assert scene.away == text


@pytest.mark.parametrize("always_on", [True, False])
def test_a_session_without_clients_stays_for_days_or_for_grace_s(scene: Scene, always_on: bool) -> None:
    scene.know(always_on=always_on)
    scene.lose()
    sessions = scene.edge.sessions
    stays_s = sessions.edge.settings.sessions.expire_days * 86_400 if always_on else scene.net.engine.grace_s
    left_at = scene.user.session.left_at
    for late_s, goes in ((stays_s - 1.0, False), (stays_s + 1.0, True)):
        sessions._at = 0.0
        scene.user.session.left_at = left_at - late_s
        scene.do(lambda: sessions.tick(scene.edge.now))
        assert scene.user.quitting == goes, late_s


@pytest.mark.parametrize(
    ("always_on", "reason", "stays"),
    [(True, "Quit: bye", True), (False, "Quit: bye", False), (False, "Connection closed", True)],
)
def test_a_person_who_quits_stays_only_where_the_person_wants_to(
    scene: Scene, always_on: bool, reason: str, stays: bool
) -> None:
    scene.know(always_on=always_on)
    scene.do(lambda: scene.edge.clients.cut(scene.ann.connection, reason))
    assert scene.user.quitting != stays
    assert scene.edge.sessions.stays(scene.bob.connection.user, quits=False) is False, "a guest has no session"


def test_a_user_whose_registration_has_ended_goes_unless_clients_are_attached(scene: Scene) -> None:
    scene.know(always_on=True)
    life = scene.user.session.life
    scene.do(lambda: scene.edge.sessions.expel(life))
    assert not scene.user.quitting
    scene.lose()
    scene.do(lambda: scene.edge.sessions.expel("another"))
    assert not scene.user.quitting
    scene.do(lambda: scene.edge.sessions.expel(life))
    assert scene.user.quitting


def test_a_user_who_logs_out_is_an_ordinary_user_and_the_group_knows(scene: Scene) -> None:
    scene.know(always_on=True)
    scene.do(lambda: scene.edge.sessions.release(scene.user))
    scene.net.run(1.0)
    session = scene.user.session
    assert (session.account, session.life, session.lasts) == ("", "", False) and not scene.edge.sessions.users
    assert scene.find("n1") is None and scene.ann.closed is None
    assert not scene.edge.sessions.is_unsure(scene.user)


def test_a_session_that_its_group_has_elsewhere_is_let_go_without_a_word(scene: Scene) -> None:
    scene.do(lambda: scene.edge.sessions.check("ann"))
    scene.do(lambda: scene.edge.sessions.check("nobody"))
    assert scene.edge.sessions.users == {"ann": scene.user}
    state = scene.edge.network.state(ANN)
    state.stored = Session("ann").stored
    scene.do(lambda: scene.edge.sessions.check("ann"))
    assert "ann" not in scene.edge.sessions.users and scene.user.quitting and not scene.user.connections
    scene.bob.sync()
    assert not [line for line in scene.bob.got if line.startswith(":ann!") and " QUIT " in line]


def test_a_channel_is_called_by_its_shown_name_where_known(scene: Scene) -> None:
    assert scene.edge.sessions.shown(GroupId("channel", "#c")) == "#C"
    assert scene.edge.sessions.shown(GroupId("channel", "#far")) == "#far"


def test_sessions_may_be_switched_off() -> None:
    net = network(1, sessions=section(SessionSettings, enabled=False))
    (ann,) = people(net, "ann")
    assert register(ann)[-1].startswith("REGISTER SUCCESS")
    net.run(1.0)
    assert not ann.node.core.edge.sessions.users and ann.closed is None
