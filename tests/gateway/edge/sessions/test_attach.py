"""What a client that joins a session is shown: each channel, then the missed lines, no line twice (P38)."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.edge.sessions.attach import read_on
from gateway.edge.users.user import User
from gateway.state.account.messages import SetSettings
from ring.ids import GroupId
from tests.gateway.commands.accounts import Newcomer, register
from tests.gateway.commands.stage import network
from tests.gateway.edge.client.test_outputs import ROOM
from tests.sim.net import Client, Net


class Scene:
    """ann has an account and a desk, and talks with bob in #c; bob has said lines 1 and 2."""

    def __init__(self) -> None:
        self.net = Net(1, edge=network(1).edge)
        self.desk, self.bob = self.net.client("n1", "ann", "sasl"), self.net.client("n1", "bob")
        assert register(self.desk)[-1].startswith("REGISTER SUCCESS")
        self.node = self.desk.node
        for person in (self.bob, self.desk):
            person.ask("JOIN #c")
        user = self.desk.connection.user
        assert user is not None
        self.user: User = user
        self.say(1, 2)

    def choose(self, **settings: Any) -> None:
        """ann's preferences."""
        self.node.core.engine.submit(GroupId("account", "ann"), SetSettings("", settings))
        self.net.turn(self.node, lambda: self.node.core.edge.sessions.look_up(self.user))
        self.net.run(1.0)

    def say(self, *numbers: int) -> None:
        for number in numbers:
            self.bob.send(f"PRIVMSG #c :{number}")
            self.net.run(0.1)
        self.bob.sync()

    def join(self, device: str = "", caps: str = "sasl") -> Newcomer:
        """One more client of ann comes."""
        client = Newcomer(self.net, "n1", caps)
        assert client.log_in("ann" + (f"@{device}" if device else ""), "sesame")[-1].startswith("903")
        client.enter("ann")
        self.net.run(1.0)
        return client

    def leave(self, client: Client) -> None:
        client.quit()
        self.net.run(1.0)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def verbs(client: Client) -> list[str]:
    """The commands of the lines about #c, in order."""
    return [line.split(" ")[1] for line in client.got if " #c" in line]


def test_a_channel_is_shown_whole_before_the_missed_lines(scene: Scene) -> None:
    scene.choose(always_on=True)
    scene.bob.ask("TOPIC #c :tea")
    scene.leave(scene.desk)
    scene.say(3, 4)
    desk = scene.join()
    assert verbs(desk) == ["JOIN", "332", "333", "353", "366", "PRIVMSG", "PRIVMSG"] and desk.heard("#c") == ["3", "4"]
    scene.say(5)
    assert desk.heard("#c") == ["3", "4", "5"]


def test_a_new_device_is_played_what_was_said_since_the_session_was_alone(scene: Scene) -> None:
    scene.choose(always_on=True)
    assert scene.join("phone").heard("#c") == [], "the desk has read all"
    for connection in list(scene.user.connections):
        scene.net.turn(scene.node, lambda connection=connection: scene.node.core.edge.clients.cut(connection, "lost"))
    assert scene.user.session.left_at
    scene.say(3)
    assert scene.join("tablet").heard("#c") == ["3"] and not scene.user.session.left_at


@pytest.mark.parametrize(("most", "heard"), [(0, []), (2, ["5", "6"]), (100, ["3", "4", "5", "6"])])
def test_the_person_chooses_the_most_lines_of_a_playback(scene: Scene, most: int, heard: list[str]) -> None:
    scene.choose(always_on=True, playback=most)
    scene.leave(scene.desk)
    scene.say(3, 4, 5, 6)
    desk = scene.join()
    assert desk.heard("#c") == heard and verbs(desk)[:1] == ["JOIN"]
    scene.say(7)
    assert desk.heard("#c") == [*heard, "7"]


def test_a_client_that_can_ask_for_history_is_shown_the_channel_alone(scene: Scene) -> None:
    scene.choose(always_on=True)
    scene.leave(scene.desk)
    scene.say(3)
    desk = scene.join(caps="sasl batch server-time message-tags draft/chathistory")
    assert verbs(desk) == ["JOIN", "353", "366"]
    scene.say(4)
    assert desk.heard("#c") == ["4"]


def test_account_and_real_name_are_shown_to_clients_that_want_these(scene: Scene) -> None:
    plain, extended = scene.join(), scene.join(caps="sasl extended-join")
    joins = [next(line for line in client.got if " JOIN " in line) for client in (plain, extended)]
    assert [line.partition(" ")[2] for line in joins] == ["JOIN #c", "JOIN #c ann :ann real"]


def test_a_client_learns_that_the_user_is_away_and_of_no_detached_channel(scene: Scene) -> None:
    assert not any(" 306 " in line for line in scene.join().got)
    scene.desk.ask("AWAY :tea", "PRIVMSG *circlet :DETACH #c")
    scene.net.run(0.5)
    late = scene.join()
    assert any(" 306 " in line for line in late.got) and verbs(late) == []


@pytest.mark.parametrize("missed", [True, False])
def test_who_was_there_a_moment_ago_reads_the_missed_lines_and_no_join(scene: Scene, missed: bool) -> None:
    edge, connection = scene.node.core.edge, scene.desk.connection

    def away() -> None:
        scene.user.seats.rooms[ROOM].drop(connection)
        connection.delivery.await_playback(ROOM, edge.network.applied_to(ROOM))

    scene.net.turn(scene.node, away)
    if missed:
        scene.say(3)
    scene.desk.lines()
    scene.net.turn(scene.node, lambda: read_on(edge, connection, scene.user, ROOM))
    scene.net.run(1.0)
    assert [line.rpartition(":")[2] for line in scene.desk.lines() if " #c" in line] == (["3"] if missed else [])
    assert connection in scene.user.seats.rooms[ROOM].connections
