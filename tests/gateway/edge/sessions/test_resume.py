"""A guest with the same certificate is the same user again: the steps that find the user, and the seats (P29)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.edge.accounts.proof import Login
from gateway.edge.client.connection import Connection
from gateway.edge.client.outputs import Outputs
from gateway.edge.procedures import Ask, AskNode
from gateway.edge.rpc.asks import LettingGo, LettingGoAsk, Seats, SeatsAsk
from gateway.edge.sessions import resume
from gateway.edge.users.rooms import Room
from gateway.state.channel.messages import Update
from gateway.state.nick.messages import NickView, Who
from ring.ids import GroupId, Incarnation
from tests.gateway.commands.stage import network, people
from tests.gateway.edge.client.test_outputs import ROOM, someone
from tests.gateway.edge.users.test_claim import Play
from tests.gateway.state.cast import ANN, BOB, Stage
from tests.settings import ring_settings

NICK = GroupId("nick", "bob")
OTHER, THIRD = GroupId("channel", "#d"), GroupId("channel", "#e")
CERTIFICATE = "ab" * 32


def guest(certificate: str | None = CERTIFICATE) -> Connection:
    return Connection(1, "10.0.0.9", Outputs(), secure=True, now=5.0, certificate=certificate)


HOLDER = msgspec.structs.replace(BOB, certificate=resume.mark(BOB.uid, guest()))


class Edge:
    """An edge with two other nodes. alive: nodes not known dead."""

    def __init__(self) -> None:
        self.network, self.settings = self, ring_settings()
        self.me, self.level, self.now = Incarnation("me", 1), SeatsAsk.SINCE, 100.0
        self.alive = {self.me}
        self.rooms: dict[GroupId, Any] = {}
        self.states: dict[GroupId, Any] = {}
        self.asked: list[tuple[str, Any, Any]] = []
        self.jobs: list[Any] = []
        self.submitted: list[tuple[GroupId, Any, Any]] = []

    def nick(self, nick: str) -> GroupId:
        return GroupId("nick", nick.lower())

    def lives(self, node: Incarnation) -> bool:
        return node in self.alive

    def others(self) -> list[str]:
        return ["k2", "k3"]

    def groups(self) -> list[GroupId]:
        return [group for group in self.states if group not in self.rooms]

    def state(self, group: GroupId) -> Any:
        return self.states.get(group)

    def ask_node(self, key: str, body: Any, done: Any) -> None:
        self.asked.append((key, body, done))

    def later(self, seconds: float, job: Any) -> None:
        assert seconds == resume.AGAIN_S
        self.jobs.append(job)

    def submit(self, group: GroupId, command: Any, done: Any) -> None:
        self.submitted.append((group, command, done))


@pytest.fixture
def edge() -> Any:
    return Edge()


def nobody(edge: Any, connection: Connection) -> bool:
    """Whether the search ends at once, without any question."""
    with pytest.raises(StopIteration) as end:
        next(resume.find(edge, connection, "Bob"))
    return end.value.value is None


def test_a_mark_tells_one_user_s_certificate_and_nothing_else() -> None:
    mark = resume.mark("1", guest())
    assert mark == resume.mark("1", guest()) and len(mark) == 32 and mark not in CERTIFICATE
    assert len({mark, resume.mark("2", guest()), resume.mark("1", guest("cd" * 32))}) == 3
    known = guest()
    known.proof.take(Login("Ann", "life"))
    assert resume.mark("1", known) == resume.mark("1", guest(None)) == resume.mark("1", guest("")) == ""


def test_nobody_is_looked_for_without_a_certificate_with_an_account_or_below_the_level(edge: Any) -> None:
    known = guest()
    known.proof.take(Login("Ann", "life"))
    assert nobody(edge, guest(None)) and nobody(edge, known)
    edge.level = SeatsAsk.SINCE - 1
    assert nobody(edge, guest())


@pytest.mark.parametrize(
    "view",
    [None, NickView(None), NickView(BOB), NickView(msgspec.structs.replace(HOLDER, account="Bob"))],
    ids=["no answer", "a free nick", "another certificate", "an account"],
)
def test_another_holder_is_not_the_guest(edge: Any, view: NickView | None) -> None:
    play = Play(resume.find(edge, guest(), "Bob"))
    assert play.step == Ask(NICK, Who())
    assert play.answer(view) is None and play.result is None


def test_the_guest_of_a_dead_node_is_found_at_once(edge: Any) -> None:
    play = Play(resume.find(edge, guest(), "Bob"))
    assert play.answer(NickView(HOLDER)) is None and play.result == HOLDER


def test_a_node_that_is_not_yet_found_dead_is_asked_until_settle_max_s(edge: Any) -> None:
    edge.alive.add(HOLDER.edge)
    question = AskNode(HOLDER.node, LettingGoAsk(HOLDER.uid, "bob"))
    late, found, alive = (Play(resume.find(edge, guest(), "Bob")) for _ in range(3))
    for play in (late, found, alive):
        assert play.answer(NickView(HOLDER)) == question
    assert alive.answer(LettingGo(False)) is None and alive.result is None
    assert late.answer(None) == question
    edge.now += edge.settings.settle_max_s
    assert late.answer(None) is None and late.result is None
    edge.alive.remove(HOLDER.edge)
    assert found.answer(None) is None and found.result == HOLDER


def test_a_guest_whose_user_is_on_this_node_is_not_the_user(edge: Any) -> None:
    mine = msgspec.structs.replace(HOLDER, node=edge.me.key, incarnation=edge.me.number)
    play = Play(resume.find(edge, guest(), "Bob"))
    assert play.answer(NickView(mine)) is None and play.result is None


def test_a_node_knows_the_seats_in_followed_and_in_mastered_channels(edge: Any) -> None:
    edge.rooms = dict.fromkeys([ROOM, THIRD])
    edge.states = {ROOM: Stage(ANN, BOB).channel, OTHER: Stage(BOB).channel, THIRD: None}
    for uid, names in ((BOB.uid, ["#c", "#d"]), (ANN.uid, ["#c"]), ("9", [])):
        with pytest.raises(StopIteration) as end:
            next(resume.answer(edge, SeatsAsk(uid)))
        assert sorted(end.value.value.channels) == names


def test_each_channel_is_told_once_and_every_node_is_asked_twice(edge: Any) -> None:
    """Not a channel where the user is seated, or on the way in, and nothing for a user who quits."""
    user = someone(guest())
    Room(ROOM).add(user)
    edge.states = {OTHER: Stage(user.person).channel}
    resume.take_seats(edge, user)
    assert [(group, command) for group, command, _ in edge.submitted] == [(OTHER, Update(user.person))]
    edge.submitted.pop()[2](None)
    edge.states.clear()
    assert [(key, body) for key, body, _ in edge.asked] == [(key, SeatsAsk(user.uid)) for key in ("k2", "k3")]
    for seats in (Seats(("#c", "#e")), Seats(("#e",)), Seats(()), None):
        edge.asked[0][2](seats)
    ((group, command, done),) = edge.submitted
    assert (group, command) == (THIRD, Update(user.person)) and THIRD in user.unsettled
    assert THIRD in user.seats.joining
    done(None)
    assert not user.seats.joining
    (again,) = edge.jobs
    again()
    assert len(edge.asked) == 4
    user.quitting = True
    edge.asked[3][2](Seats(("#f",)))
    assert len(edge.submitted) == 1


def test_a_guest_who_has_come_back_elsewhere_is_cut_and_nobody_reads_a_quit() -> None:
    net = network(1)
    ann, bob = people(net, "ann", "bob", channel="#c")
    user = ann.connection.user
    assert user is not None
    edge = ann.node.core.edge
    net.turn(ann.node, lambda: resume.moved(edge, user))
    net.run(1.0)
    assert ann.closed == resume.MOVED and user.uid not in edge.users and not user.connections
    assert bob.sync() == []
