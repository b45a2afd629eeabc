"""Scenarios: people of a dead node, a new claim on the nick, and how long the others stay (P29, P31)."""

from __future__ import annotations

import pytest

from ring.features import LEVEL
from ring.ids import GroupId
from tests.sim.chaos import EDGE, Person, Story
from tests.sim.checks import nothing_lost, views_agree
from tests.sim.net import Client, Net

RING = "#ring"
GRACE_S = 30.0
SOON_S = 4.0
"""Time for evidence of a death, and for the timers that act on such evidence."""


def network(nodes: int, seed: int, directories: int = 0) -> tuple[Net, Client, list[Client]]:
    """joe is operator on n1, and everybody else's node has somebody in the channel, but for the last node."""
    net = Net(nodes, seed, edge=EDGE, directories=directories)
    joe = net.client("n1", "joe")
    joe.send(f"JOIN {RING}")
    joe.sync()
    others = [net.client(f"n{number}", f"p{number}") for number in range(2, nodes)]
    for person in others:
        person.send(f"JOIN {RING}")
        person.sync()
    for person in others:
        person.sync()
    return net, joe, others


def listed(person: Client) -> tuple[list[str], list[str]]:
    """Return the people in the channel by NAMES and by WHO."""
    (names,) = [line for line in person.ask(f"NAMES {RING}") if line.startswith("353 ")]
    rows = [line.split() for line in person.ask(f"WHO {RING}") if line.startswith("352 ")]
    return sorted(name.lstrip("@+") for name in names.partition(" :")[2].split()), sorted(row[6] for row in rows)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("rejoins", [True, False])
def test_a_guest_that_comes_back_is_shown_once_and_alike_everywhere(seed: int, rejoins: bool) -> None:
    net, _, others = network(5, seed)
    net.kill("n1")
    net.run(SOON_S)
    back = net.client(f"n{2 + seed % 4}", "joe")
    if rejoins:
        back.send(f"JOIN {RING}")
    back.sync()
    net.run(SOON_S)
    shown = sorted(["p2", "p3", "p4", *(["joe"] if rejoins else [])])
    for person in others:
        lines = [line for line in person.lines() if " JOIN " in line or " QUIT " in line or " NICK " in line]
        joins = [f":joe!~joe@10.0.0.1 JOIN {RING}"] if rejoins else []
        assert lines == [":joe!~joe@10.0.0.1 QUIT :Connection lost", *joins]
        assert listed(person) == (shown, shown)
    net.run(2 * GRACE_S)
    for person in others:
        assert not [line for line in person.lines() if " QUIT " in line or " NICK " in line]
        assert not any("@joe" in line for line in person.ask(f"NAMES {RING}")), "rank does not pass to who has the nick"


@pytest.mark.parametrize("seed", range(3))
def test_who_comes_to_a_node_that_did_not_know_the_channel_sees_no_ghost(seed: int) -> None:
    """The channel's replica arrives with the ghost inside when the new joe joins there."""
    net, _, _ = network(5, seed)
    net.kill("n1")
    net.run(SOON_S)
    back = net.client("n5", "joe")
    back.send(f"JOIN {RING}")
    back.sync()
    assert listed(back) == (["joe", "p2", "p3", "p4"],) * 2
    assert not [line for line in back.got if " NICK " in line or "Guest" in line]


def test_who_was_granted_the_nick_is_shown_by_it_on_a_node_that_has_not_learnt_of_the_death(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The nick's master knows of the death a moment before the newcomer's node does."""
    net, _, _ = network(5, 1)
    net.kill("n1")
    net.run(SOON_S)
    edge = net.nodes["n2"].core.edge
    with monkeypatch.context() as unaware:
        unaware.setattr(edge, "lives", lambda _: True)
        unaware.setattr(edge.people, "_lives", lambda _: True)
        back = net.client("n2", "joe")
        back.send(f"JOIN {RING}")
        back.sync()
    assert f":joe!~joe@10.0.0.1 JOIN {RING}" in back.got and back.nick_now == "joe"
    net.run(SOON_S)
    assert listed(back) == (["joe", "p2", "p3", "p4"],) * 2
    assert not [line for line in back.got if " NICK " in line or "Guest" in line]


@pytest.mark.parametrize("second_s", [1.0, 20.0, 29.0])
def test_grace_counts_from_the_death_though_masters_die_and_leases_end(second_s: float) -> None:
    net, _, others = network(5, 1, directories=2)
    died = net.now
    net.kill("n1")
    net.run(second_s)
    (master,) = net.masters(GroupId("channel", RING))
    net.kill(master)
    watcher = next(person for person in others if person.node.up)
    assert not any(" QUIT " in line for line in watcher.lines())
    assert net.until(lambda: any(":joe!" in line and " QUIT " in line for line in watcher.got), 2 * GRACE_S)
    assert GRACE_S <= net.now - died <= GRACE_S + SOON_S
    assert ":joe!~joe@10.0.0.1 QUIT :Connection lost" in watcher.got


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_whose_nick_was_claimed_beyond_a_cut_stays_in_its_channels(seed: int, at_once: bool) -> None:
    """Each side takes the other for dead until the links are back: nobody may be put out for that reason (seed
    830051).
    """
    net, joe, others = network(4, seed)
    far = {net.nodes["n1"].key}
    net.links.isolate(far, {node.key for node in net.nodes.values()} - far)
    net.run(net.engine.dead_after_s + 2)
    claimer = net.client("n2", "joe")
    claimer.send(f"JOIN {RING}")
    claimer.sync()
    net.run(2)
    net.links.heal(at_once=at_once)
    net.run(20)
    assert joe.nick_now == "joe", "the older claim keeps the nick"
    assert "joe" in listed(joe)[0] and claimer.nick_now in listed(joe)[0]
    joe.send(f"PRIVMSG {RING} :still here")
    joe.sync()
    for person in others:
        person.sync()
        assert person.heard(RING)[-1] == "still here"
    assert not any(" QUIT " in line and line.startswith(":joe!") for line in joe.got)


@pytest.mark.parametrize("seed", range(6))
def test_who_is_put_out_while_its_node_is_stopped_is_told_of_every_line_that_nobody_hears(seed: int) -> None:
    """Another person takes the nick of a person on a given up node. Lines said meanwhile are refused, and then the
    person is back in the channel (seed 88600613 of the devices).
    """
    story = Story(seed, disks=False, upgrades=False)
    hal, taker, other = story.people = [Person(story, *one) for one in (("n3", "hal"), ("n1", "p1"), ("n2", "p2"))]
    for person in story.people:
        person.send(f"JOIN {RING}")
        person.sync()
    story.net.hang("n3", 8.0)
    story.net.run(story.net.engine.dead_after_s + 2.0)
    taker.send("NICK hal")
    taker.sync()
    for _ in range(5):
        hal.say()
    hal.ping()
    story.net.run(30.0)
    assert hal.put_out and hal.refused == {*hal.said} and not hal.sure
    assert hal.closed is None and not other.heard(RING)
    hal.say()
    hal.sync()
    hal.ping()
    other.sync()
    assert other.heard(RING) == hal.heard(RING) == hal.said[5:]
    assert not [*story.early, *nothing_lost(story), *views_agree(story)]


CERTIFICATE = "ab" * 32


class Guest(Client):
    """A guest over TLS with a certificate."""

    def __init__(self, net: Net, node: str, nick: str, certificate: str | None = CERTIFICATE) -> None:
        self.begin(net, net.nodes[node], nick, "10.0.0.1")
        self.connection.socket.certificate = certificate
        self.send(f"NICK {nick}", f"USER {nick} 0 * :{nick} real")
        assert net.until(lambda: any(" 221 " in line or " 433 " in line for line in self.got), 20)


def certified(seed: int = 0, level: int = LEVEL) -> tuple[Net, Guest, Client]:
    """joe on n1 has a certificate, and rank in the channel; eve on n2 is there, too."""
    net = Net(4, seed, edge=EDGE, level=level)
    joe, eve = Guest(net, "n1", "joe"), net.client("n2", "eve")
    for person in (joe, eve):
        person.send(f"JOIN {RING}")
        person.sync()
    joe.send("JOIN #alone", f"TOPIC {RING} :mine")
    joe.sync()
    eve.sync()
    return net, joe, eve


@pytest.mark.parametrize("node", ["n2", "n3", "n4"])
@pytest.mark.parametrize("wait_s", [0.0, SOON_S])
def test_a_guest_with_the_same_certificate_has_its_seats_again(node: str, wait_s: float) -> None:
    net, joe, eve = certified()
    uid = joe.connection.user.uid if joe.connection.user is not None else ""
    net.kill("n1", dark=True)
    net.run(wait_s)
    back = Guest(net, node, "joe")
    net.run(2 * SOON_S)
    assert back.connection.user is not None and back.connection.user.uid == uid
    assert eve.lines() == [], "nobody notices"
    for channel, topic in ((RING, True), ("#alone", False)):
        assert any(line.startswith(":joe!~joe@") and line.endswith(f" JOIN {channel}") for line in back.got)
        assert any(f" 332 joe {channel} :mine" in line for line in back.got) == topic
        assert any(line.startswith("353 ") and "@joe" in line for line in back.ask(f"NAMES {channel}"))
    back.send(f"MODE {RING} +m", f"PRIVMSG {RING} :here again")
    back.sync()
    assert [line.split(" ", 1)[1] for line in eve.lines()] == [f"MODE {RING} +m", f"PRIVMSG {RING} :here again"]
    net.run(2 * GRACE_S)
    assert eve.lines() == [] and back.closed is None


@pytest.mark.parametrize("certificate", ["cd" * 32, None])
def test_another_certificate_is_somebody_else(certificate: str | None) -> None:
    net, _, eve = certified()
    net.kill("n1")
    net.run(SOON_S)
    back = Guest(net, "n3", "joe", certificate)
    back.send(f"JOIN {RING}")
    back.sync()
    net.run(SOON_S)
    assert not any("#alone" in line for line in back.got)
    assert not any("@joe" in line for line in eve.ask(f"NAMES {RING}"))
    assert any(" QUIT :Connection lost" in line for line in eve.got)


def test_a_guest_whose_node_lives_has_its_nick_alone() -> None:
    """The same certificate does not take over a live connection."""
    net, joe, _ = certified()
    other = Guest(net, "n3", "joe")
    assert any(" 433 " in line for line in other.got) and joe.closed is None
    joe.sync()


def test_at_an_older_level_a_guest_that_comes_back_is_a_new_user() -> None:
    net, joe, eve = certified(level=1)
    assert joe.connection.user is not None and not joe.connection.user.person.certificate
    net.kill("n1")
    net.run(SOON_S)
    back = Guest(net, "n3", "joe")
    net.run(SOON_S)
    assert not any(" JOIN " in line for line in back.got)
    assert any(" QUIT :Connection lost" in line for line in eve.got)


def test_a_certificate_does_not_leave_its_node() -> None:
    """A user's profile carries only a digest under the user's id."""
    net, joe, eve = certified()
    payloads: list[str] = []
    net.trace = payloads.append
    other = Guest(net, "n3", "joan")
    other.sync()
    eve.ask("WHOIS joe", "WHOIS joan", "WHO joe", "WHO joan %tcuhnaf")
    marks = {c.connection.user.person.certificate for c in (joe, other) if c.connection.user is not None}
    assert len(marks) == 2, "two users of one certificate cannot be compared"
    assert CERTIFICATE not in "".join(payloads)
    assert not any(text in line for line in eve.got for text in (CERTIFICATE, *marks))


@pytest.mark.parametrize("seed", range(4))
def test_who_came_back_beyond_a_cut_is_one_user_when_the_cut_heals(seed: int) -> None:
    net, joe, eve = certified(seed)
    far = {net.nodes["n1"].key}
    net.links.isolate(far, {node.key for node in net.nodes.values()} - far)
    net.run(net.engine.dead_after_s + 2)
    back = Guest(net, "n3", "joe")
    net.run(SOON_S)
    assert any(f" JOIN {RING}" in line for line in back.got)
    net.links.heal()
    net.run(40)
    assert joe.closed is not None and "same certificate" in joe.closed and back.closed is None
    assert back.nick_now == "joe" and not any(" QUIT " in line or " NICK " in line for line in eve.got)
    assert listed(eve) == (["eve", "joe"],) * 2
