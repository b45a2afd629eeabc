"""A user who gives way to another user of the account leaves the channels first, then the nick (P26)."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.edge.client.connection import Connection
from gateway.edge.client.outputs import Outputs
from gateway.edge.sessions.superseded import REASON, withdraw
from gateway.edge.users.rooms import Room
from gateway.edge.users.user import User
from gateway.state.channel.messages import Quit
from gateway.state.nick.messages import Release
from gateway.state.session.messages import Look, Stored
from ring.ids import GroupId
from tests.gateway.edge.client.test_outputs import ROOM, someone
from tests.gateway.state.cast import BOB

OTHER, TALK = GroupId("channel", "#d"), GroupId("conversation", "ann bob")


class Edge:
    """An edge whose network has answered the question with `stored`, and settles on demand."""

    def __init__(self, stored: Any) -> None:
        self.stored = stored
        self.network, self.clients, self.sessions = self, self, self
        self.submitted: list[tuple[GroupId, Any]] = []
        self.settling: list[tuple[list[GroupId], Any]] = []

    def group(self, account: str) -> GroupId:
        return GroupId("session", account)

    def mine(self, job: Any) -> Any:
        return job

    def ask(self, group: GroupId, question: Any, done: Any) -> None:
        assert (group, question) == (GroupId("session", "ann"), Look())
        done(self.stored)

    def submit(self, group: GroupId, command: Any, done: Any = None) -> None:
        self.submitted.append((group, command))

    def settle(self, groups: list[GroupId], done: Any) -> None:
        self.settling.append((groups, done))


@pytest.fixture
def user() -> User:
    """In a channel and in a conversation, and on the way into another channel."""
    ann = someone(Connection(1, "10.0.0.1", Outputs(), secure=False, now=5.0))
    ann.session.account = "ann"
    Room(ROOM).add(ann)
    Room(TALK).add(ann)
    ann.seats.begin_joining(OTHER)
    return ann


def test_the_nick_is_free_once_all_channels_have_seen_the_user_go(user: User) -> None:
    edge: Any = Edge(Stored(BOB))
    withdraw(edge, user)
    quits = [(ROOM, Quit(user.uid, REASON)), (OTHER, Quit(user.uid, REASON))]
    assert edge.submitted == quits
    ((groups, settled),) = edge.settling
    assert groups == [ROOM, OTHER]
    settled()
    assert edge.submitted == [*quits, (user.identity.home, Release(user.uid))]


def test_seats_and_account_count_as_of_the_beginning(user: User) -> None:
    """The node lets the user go at once, while the group is asked."""
    edge: Any = Edge(Stored(BOB))
    questions: list[Any] = []
    edge.ask = lambda group, question, done: questions.append((group, done))
    withdraw(edge, user)
    for room in list(user.seats.all.values()):
        room.discard(user.uid)
    user.session.account = ""
    ((group, done),) = questions
    done(Stored(BOB))
    assert group == GroupId("session", "ann") and [group for group, _ in edge.submitted] == [ROOM, OTHER]


@pytest.mark.parametrize("case", ["the session moved", "no session", "no answer"])
def test_a_user_without_a_rival_withdraws_from_nothing(user: User, case: str) -> None:
    """The same user goes on elsewhere; or the group does not know, and the user may be the session."""
    stored = {"the session moved": Stored(user.person), "no session": Stored(), "no answer": None}[case]
    edge: Any = Edge(stored)
    withdraw(edge, user)
    assert not edge.submitted and not edge.settling
