"""Playback to one connection: page by page, each line once, and no faster than the client reads."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.edge.cursors import playback
from gateway.edge.cursors.playback import PATIENCE_S, Playback, await_echo, caught_up, end_late_echoes
from gateway.state.idempotency import Speaker
from ring.ids import GroupId
from tests.gateway.commands.accounts import register
from tests.gateway.commands.stage import network, people, settle
from tests.sim.net import Client, Net

GROUP = GroupId("channel", "#c")
Two = tuple[Net, Client, Client]


def two(caps: str = "", lines: int = 3) -> Two:
    """ann with a session has read the lines of bob in #c."""
    net = network(1)
    ann, bob = people(net, "ann", "bob", caps=caps)
    register(ann)
    for client in (ann, bob):
        client.ask("JOIN #c")
    bob.send(*(f"PRIVMSG #c :{number}" for number in range(lines)))
    settle(bob, ann)
    ann.lines()
    return net, ann, bob


def play(client: Client, for_s: float = 1.0, **facts: Any) -> Playback:
    user, found = client.connection.user, list[Playback]()
    assert user is not None

    def begin() -> None:
        room = client.node.core.edge.rooms.get(GROUP)
        if room is not None:
            room.held_back[client.connection] = None
        found.append(Playback(client.node.core.edge, client.connection, user, GROUP, **facts))
        found[0].go_on()

    client.net.turn(client.node, begin)
    client.net.run(for_s)
    return found[0]


def texts(client: Client) -> list[str]:
    return [line.rpartition(":")[2] for line in client.lines() if " PRIVMSG #c " in line]


def test_what_the_device_has_read_is_not_played() -> None:
    _, ann, _ = two()
    play(ann, read=ann.node.core.edge.network.applied_to(GROUP))
    assert ann.lines() == [] and not ann.connection.delivery.playbacks


def test_pages_follow_each_other_without_gap_or_repetition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playback, "PAGE", 2)
    _, ann, bob = two(lines=5)
    play(ann, events=False)
    assert texts(ann) == [*"01234"] and not ann.connection.delivery.awaiting
    bob.send("PRIVMSG #c :live")
    assert texts(ann) == ["live"]


def test_of_many_lines_the_newest_are_played_if_so_many_are_wanted() -> None:
    _, ann, _ = two(lines=5)
    play(ann, events=False, most=2)
    assert texts(ann) == ["3", "4"]


def test_a_client_with_batches_reads_the_lines_as_one_batch() -> None:
    _, ann, _ = two("batch")
    play(ann)
    lines = [line.removeprefix(":irc.circlet.local ") for line in ann.lines()]
    name = lines[0].split(" ")[1][1:]
    assert lines[0] == f"BATCH +{name} chathistory #c" and lines[-1] == f"BATCH -{name}"
    assert [line.startswith(f"@batch={name}") for line in lines[1:-1]] == [True] * 3


@pytest.mark.parametrize(("events", "joins"), [(True, True), (False, False), (None, False)])
def test_a_client_that_was_there_a_moment_ago_reads_events_too_and_no_batch(events: bool | None, joins: bool) -> None:
    _, ann, _ = two("batch" if events is not None else "")
    play(ann, events=events)
    read = "".join(ann.lines())
    assert (" JOIN #c" in read) is joins and "PRIVMSG #c :2" in read and "BATCH" not in read


def test_a_newer_playback_replaces_an_older() -> None:
    net, ann, _ = two()
    network_port, held = ann.node.core.edge.network, list[Any]()
    recall = network_port.recall
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network_port, "recall", lambda *question: held.append(question))
        for _ in range(2):
            play(ann, for_s=0.0, events=False)
    for question in held:
        net.turn(ann.node, lambda question=question: recall(*question))
        net.run(1)
    assert len(held) == 2 and texts(ann) == ["0", "1", "2"]


def test_nothing_is_played_of_a_channel_that_was_left() -> None:
    _, ann, _ = two()
    ann.ask("PART #c")
    ann.connection.delivery.await_from(GROUP, None)
    play(ann)
    assert texts(ann) == [] and not ann.connection.delivery.playbacks and not ann.connection.delivery.awaiting


def test_the_client_reads_before_more_is_played(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playback, "PAGE", 2)
    monkeypatch.setattr(playback, "UNREAD_BYTES", 10)
    net, ann, _ = two(lines=6)
    play(ann, events=False)
    *said, ping = ann.lines()
    assert len(said) == 2 and ping.startswith("PING ")
    ann.send(f"PONG {ping.split(' ')[1].removeprefix(':')}")
    net.run(1)
    assert texts(ann) == ["2", "3"]
    net.run(PATIENCE_S - 2)
    assert texts(ann) == []
    net.run(3)
    assert texts(ann) == ["4", "5"]


def test_a_notice_tells_of_lines_beyond_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playback, "PAGE", 2)
    monkeypatch.setattr(playback, "MOST", 4)
    _, ann, bob = two(lines=6)
    play(ann, events=False)
    *said, notice = ann.lines()
    assert len(said) == 4 and "More was said in #c" in notice and "/msg *playback play #c " in notice
    bob.send("PRIVMSG #c :live")
    assert texts(ann) == ["live"]


def test_without_an_answer_the_client_is_told_and_reads_on() -> None:
    _, ann, bob = two()
    network_port = ann.node.core.edge.network
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network_port, "recall", lambda group, query, done: done(None), raising=False)
        play(ann)
    assert any("in #c meanwhile could not be retrieved" in line for line in ann.lines())
    bob.send("PRIVMSG #c :live")
    assert texts(ann) == ["live"]


@pytest.mark.parametrize(("caps", "own"), [("", []), ("echo-message", ["mine"])])
def test_own_lines_of_the_connection_are_played_to_clients_with_echoes(caps: str, own: list[str]) -> None:
    _, ann, _ = two(caps, lines=0)
    ann.connection.remote.speaker = Speaker(ann.node.id, ann.connection.number)
    ann.ask("PRIVMSG #c :mine")
    play(ann, events=False)
    assert texts(ann) == own


def test_a_command_whose_echo_is_late_ends_when_the_client_has_caught_up() -> None:
    _, ann, _ = two("echo-message")
    delivery, ended = ann.connection.delivery, list[Any]()
    call: Any = type("Call", (), {"connection": ann.connection, "later": lambda self, done: ended.append})()
    await_echo(call, GROUP)
    assert not delivery.late_echoes
    for end in (lambda: caught_up(ann.connection, GROUP), lambda: end_late_echoes(ann.connection)):
        ended.clear()
        delivery.await_from(GROUP, None)
        await_echo(call, GROUP)
        assert ended == []
        end()
        assert ended == [None] and not delivery.late_echoes
    assert delivery.awaiting == {GROUP: None}  # the session's next node plays the lines


def test_no_command_waits_for_an_echo_that_the_sessions_next_node_plays() -> None:
    _, ann, _ = two("echo-message")
    connection, user = ann.connection, ann.connection.user
    assert user is not None
    call: Any = type("Call", (), {"connection": connection, "later": lambda self, done: done})()
    connection.delivery.await_from(GROUP, None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(user, "connections", [])
        await_echo(call, GROUP)
    assert not connection.delivery.late_echoes
    await_echo(call, GROUP)
    assert [*connection.delivery.late_echoes] == [GROUP]
