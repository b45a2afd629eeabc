"""A reader of a nick's release may take the nick at once; QUIT and NICK are settled when answered."""

from __future__ import annotations

import pytest

from tests.gateway.commands.stage import network, people, settle
from tests.sim.net import Client, Net

TRIES = range(15)


def slow(seed: int) -> Net:
    net = network(3, seed=seed)
    net.delay_s = (0.001, 0.04)
    return net


def takes(client: Client, nick: str, line: str, within_s: float = 11.0) -> list[str]:
    """The client's answer to a NICK sent at the moment when the client reads `line`."""
    net = client.net
    assert net.until(lambda: any(line in one for one in client.got), 12)
    client.lines()
    client.send(f"NICK {nick}")
    assert net.until(
        lambda: any(" 433 " in one or f"NICK {nick}" in one for one in client.got[client.read :]), within_s
    )
    return client.lines()


@pytest.mark.parametrize("nick", ["ann", "cat"])
@pytest.mark.parametrize("seed", TRIES)
def test_who_reads_a_quit_or_nick_takes_the_nick_at_once(seed: int, nick: str) -> None:
    net = slow(seed)
    clients = people(net, "ann", "bob", "cat", channel="#c")
    leaver = clients[0] if nick == "ann" else clients[2]
    leaver.send("QUIT" if seed % 2 else "NICK other")
    lines = takes(clients[1], nick, " QUIT " if seed % 2 else " NICK other")
    assert lines[0].endswith(f"NICK {nick}"), lines


@pytest.mark.parametrize("verb", ["QUIT", "NICK other"])
@pytest.mark.parametrize("seed", TRIES)
def test_who_reads_a_quit_or_nick_finds_in_whowas_who_has_just_gone(seed: int, verb: str) -> None:
    net = slow(seed)
    ann, bob = people(net, "ann", "bob", channel="#c")
    ann.send(verb)
    assert net.until(lambda: any(f" {verb} " in f"{line} " for line in bob.got), 12)
    assert [line.split(" ")[0] for line in bob.ask("WHOWAS ann")] == ["314", "312", "369"]


def test_whowas_of_a_nick_that_somebody_has_and_nobody_had_is_answered_at_once(net: Net) -> None:
    _, bob = people(net, "ann", "bob", channel="#c")
    began = net.now
    assert [line.split(" ")[0] for line in bob.ask("WHOWAS ann")] == ["406", "369"]
    assert net.now - began < 1.0


@pytest.mark.parametrize("seed", TRIES)
def test_after_error_of_quit_all_is_settled(seed: int) -> None:
    net = slow(seed)
    ann, bob, cat = people(net, "Ann", "bob", "cat", channel="#c")
    for person in (bob, cat):
        person.ask("MONITOR + ann")
    settle(bob, cat)
    ann.send("QUIT :bye")
    assert net.until(lambda: ann.closed is not None, 12)
    for person in (bob, cat):  # with the last of what was on its way
        got = person.lines()
        assert [line for line in got if " QUIT " in line], person.nick
        assert [line for line in got if " 731 " in line] == [f":irc.circlet.local 731 {person.nick} Ann"]
    net.turn(bob.node, lambda: None)
    bob.send("WHOWAS ann", "NICK ann")
    assert net.until(lambda: any("NICK ann" in line for line in bob.got), 3)
    assert [line.split(" ")[1] for line in bob.lines()][:3] == ["314", "312", "369"]
    assert not [line for line in bob.got if " 433 " in line]


@pytest.mark.parametrize("seed", TRIES)
def test_after_pong_the_nick_is_settled(seed: int) -> None:
    """NICK's and a newcomer's."""
    net = slow(seed)
    ann, bob = people(net, "ann", "bob")
    bob.ask("MONITOR + ann,anna,eve")
    bob.lines()
    ann.send("NICK Anna", "PING x")
    assert net.until(lambda: any("PONG" in line and line.endswith("x") for line in ann.got), 12)
    assert sorted(line.split(" ", 1)[1] for line in bob.lines()) == [
        "730 bob Anna!~ann@10.0.0.1",
        "731 bob ann",
    ]
    eve = net.client("n3", "Eve")
    eve.sync()
    assert [line.split(" ", 1)[1] for line in bob.lines()] == ["730 bob Eve!~Eve@10.0.0.1"]
