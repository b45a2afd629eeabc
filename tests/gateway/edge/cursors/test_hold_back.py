"""After a gap, messages to clients of sessions wait, and are played from history in one order."""

from __future__ import annotations

import pytest

from gateway.edge.cursors.hold_back import MERGED_S, SOON_S, withhold
from ring.ids import GroupId
from tests.gateway.commands.accounts import register
from tests.gateway.commands.stage import network, people, settle
from tests.sim.net import Client, Net

GROUP = GroupId("channel", "#c")
Crowd = tuple[Net, Client, Client, Client]


@pytest.fixture
def crowd() -> Crowd:
    """ann with a session, and the guests bob and cat, all in #c on one node."""
    net = network(1)
    (ann,) = people(net, "ann", caps="batch draft/event-playback")
    bob, cat = people(net, "bob", "cat")
    register(ann)
    for client in (ann, bob, cat):
        client.ask("JOIN #c")
    settle(ann, bob, cat)
    return net, ann, bob, cat


def hold(net: Net, *, parted: bool = False) -> None:
    node = net.nodes["n1"]
    net.turn(node, lambda: withhold(node.core.edge, GROUP, parted=parted))


def test_a_session_reads_held_back_messages_a_moment_later_and_once(crowd: Crowd) -> None:
    net, ann, bob, cat = crowd
    hold(net)
    bob.send("PRIVMSG #c :1", "PRIVMSG #c :2")
    assert ann.heard("#c") == [] and cat.heard("#c") == ["1", "2"]  # guests have no history to catch up from
    net.run(SOON_S + 1)
    assert ann.heard("#c") == ["1", "2"]
    bob.send("PRIVMSG #c :3")
    assert ann.heard("#c") == ["1", "2", "3"]


def test_what_was_read_before_is_not_played_again(crowd: Crowd) -> None:
    net, ann, bob, _ = crowd
    bob.send("PRIVMSG #c :early")
    ann.sync()
    hold(net)
    bob.send("PRIVMSG #c :late")
    net.run(SOON_S + 1)
    assert ann.heard("#c") == ["early", "late"]


def test_after_a_partition_the_sessions_are_given_time_to_merge(crowd: Crowd) -> None:
    net, ann, bob, _ = crowd
    hold(net, parted=True)
    bob.send("PRIVMSG #c :1")
    net.run(MERGED_S - 0.3)
    assert ann.heard("#c") == []
    net.run(1)
    assert ann.heard("#c") == ["1"]


def test_a_second_gap_leaves_the_first_cursor(crowd: Crowd) -> None:
    net, ann, bob, _ = crowd
    hold(net, parted=True)
    first = ann.connection.delivery.awaiting[GROUP]
    bob.send("PRIVMSG #c :1")
    hold(net)
    assert ann.connection.delivery.awaiting == {GROUP: first}
    net.run(MERGED_S + 1)
    assert ann.heard("#c") == ["1"] and not ann.connection.delivery.awaiting


def test_events_are_shown_at_once_in_between(crowd: Crowd) -> None:
    net, ann, bob, _ = crowd
    ann.lines()
    hold(net, parted=True)
    bob.send("PART #c")
    assert [line.split(" ")[1] for line in ann.lines()] == ["PART"]
    net.run(MERGED_S + 1)
    assert ann.lines() == []


def test_a_group_without_people_here_is_no_business_of_this_node(crowd: Crowd) -> None:
    net, *_ = crowd
    node = net.nodes["n1"]
    for group in (GroupId("channel", "#nowhere"), GroupId("conversation", "ann,bob")):
        net.turn(node, lambda group=group: withhold(node.core.edge, group, parted=False))
    assert not any(one.delivery.awaiting for one in node.core.edge.clients.connections.values())
