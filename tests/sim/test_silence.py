"""Channels in which nobody ever spoke: nothing of them is left on any disk."""

from __future__ import annotations

import pytest

from ring.durations import COPY_SILENT_S
from ring.ids import GroupId
from tests.gateway.commands.stage import network, people, settle
from tests.gateway.commands.talking import CAPS
from tests.gateway.commands.test_history import history
from tests.sim.net import Net

PLAYBACK = f"{CAPS} draft/event-playback"


def kept(net: Net) -> set[str]:
    """Names of the channels of which some node's disk has a line or a replica."""
    assert net.disks is not None
    return {
        group.name
        for disk in net.disks.values()
        for group in (*dict(disk.replicas()), *disk._lines)
        if group.kind == "channel"
    }


@pytest.mark.parametrize("nodes", [1, 3])
def test_who_makes_channels_and_says_nothing_writes_nothing(nodes: int) -> None:
    net = network(nodes, disks=True)
    ann, bob = people(net, "ann", "bob")
    for number in range(50):
        ann.send(f"JOIN #a{number}", f"TOPIC #a{number} :x", f"MODE #a{number} +m", f"PART #a{number}")
        if number % 10 == 0:
            net.run(1)
    settle(ann, bob)
    net.run(COPY_SILENT_S + 2)
    assert kept(net) == set()


def test_its_state_is_kept_while_somebody_is_there_and_no_longer() -> None:
    net = network(3, disks=True)
    (ann,) = people(net, "ann", channel="#a")
    net.run(COPY_SILENT_S + 2)
    assert kept(net) == {"#a"}
    assert net.disks is not None and not any(disk._lines for disk in net.disks.values())
    ann.ask("PART #a")
    net.run(COPY_SILENT_S + 2)
    assert kept(net) == set()


def test_the_first_word_brings_what_happened_before_to_disk() -> None:
    """Also where the power goes a moment after."""
    net = network(3, disks=True)
    ann, bob = people(net, "ann", "bob", channel="#a", caps=PLAYBACK)
    ann.ask("TOPIC #a :the topic")
    bob.ask("PRIVMSG #a :the word")
    before = history(ann, "LATEST #a * 10")
    assert [line.split()[2] for line in before] == ["JOIN", "JOIN", "TOPIC", "PRIVMSG"]
    net.run(0.5)
    for name in list(net.nodes):
        net.kill(name)
    for number in range(1, 4):
        net.start(number)
    net.run(10)
    cat = net.client("n1", "cat", PLAYBACK)
    cat.ask("JOIN #a")
    after = [line.split()[2:] for line in history(cat, "LATEST #a * 10")]
    wanted = [line.split()[2:] for line in before]
    assert after[: len(wanted)] == wanted
    assert kept(net) == {"#a"}


def test_what_was_said_stays_when_the_channel_is_empty() -> None:
    net = network(3, disks=True)
    (ann,) = people(net, "ann", channel="#a", caps=CAPS)
    ann.ask("PRIVMSG #a :the word", "PART #a")
    net.run(120)
    assert kept(net) == {"#a"}
    ann.ask("JOIN #a")
    assert [line.split(" :")[-1] for line in history(ann, "LATEST #a * 10")] == ["the word"]


def test_a_channel_whose_doors_were_shut_begins_anew_in_silence() -> None:
    net = network(1, disks=True)
    (ann,) = people(net, "ann", channel="#a", caps=CAPS)
    ann.ask("MODE #a +i", "PRIVMSG #a :the word", "PART #a")
    net.run(1)
    assert net.disks is not None
    lines = len(net.disks["n1"]._lines[GroupId("channel", "#a")])
    ann.ask("JOIN #a", "TOPIC #a :new")
    net.run(COPY_SILENT_S + 2)
    assert len(net.disks["n1"]._lines[GroupId("channel", "#a")]) == lines
    assert history(ann, "LATEST #a * 10") == []
