"""Receivers of webhooks have each message once, whatever happens to the network and to them (P44 to P48)."""

from __future__ import annotations

import random

import pytest

from config.webhooks import Webhooks
from gateway.webhooks.courier import Phase
from ring.ids import GroupId
from ring.replication import log
from tests.sim.chaos import EDGE, SETTINGS
from tests.sim.kinds import WEBHOOKS
from tests.sim.net import Net
from tests.sim.receivers import Receiver
from tests.sim.webhooks import subscribe

SEEDS = 40
CHANNEL = GroupId("channel", "#hooked")


@pytest.mark.parametrize("first", range(0, SEEDS, 5))
def test_receivers_have_each_message_once(first: int) -> None:
    for seed in range(first, first + 5):
        WEBHOOKS.hold(seed)


def hooked(nodes: int = 3) -> tuple[Net, Receiver]:
    """A network whose channel posts to a receiver."""
    net = Net(nodes, edge=EDGE, engine=SETTINGS, disks=True)
    net.configure_webhooks(Webhooks(allow=("10.0.0.7",), time_limit_s=2.0))
    receiver = Receiver(net, "http://10.0.0.7/", random.Random(1))
    subscribe(receiver, CHANNEL.name)
    return net, receiver


def test_a_channel_without_people_still_posts_what_was_said_there_and_so_does_its_next_master() -> None:
    net, receiver = hooked()
    receiver.up = False
    ann = net.client("n1", "ann")
    ann.send(f"JOIN {CHANNEL.name}", *(f"PRIVMSG {CHANNEL.name} :{n}" for n in range(5)), f"PART {CHANNEL.name}")
    ann.sync()
    net.run(SETTINGS.grace_s + 3 * SETTINGS.check_every_s + 60)
    (master,) = net.masters(CHANNEL)
    net.kill(master)
    assert net.until(lambda: bool(net.masters(CHANNEL)), 30), "the channel is gone"
    receiver.up = True
    assert net.until(lambda: receiver.texts == ["0", "1", "2", "3", "4"], 400)


def test_what_waits_for_longer_than_the_log_goes_back_comes_from_the_history(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "LOG_ENTRIES", 40)
    net, receiver = hooked()
    receiver.up = False
    ann = net.client("n1", "ann")
    ann.send(f"JOIN {CHANNEL.name}")
    said = [str(n) for n in range(150)]
    for first in range(0, len(said), 20):
        ann.send(*(f"PRIVMSG {CHANNEL.name} :{text}" for text in said[first : first + 20]))
        ann.sync(60)
    (master,) = net.masters(CHANNEL)
    replica = net.nodes[master].core.engine.replicas.masters[CHANNEL].replica
    assert replica.log[0].seq > 100
    receiver.up = True
    assert net.until(lambda: len(receiver.texts) == len(said), 5_000)
    assert receiver.texts == said and not receiver.gaps


def test_a_successor_repeats_only_what_the_group_was_not_told() -> None:
    net, receiver = hooked()
    ann = net.client("n1", "ann")
    ann.send(f"JOIN {CHANNEL.name}")
    for n in range(20):
        ann.send(f"PRIVMSG {CHANNEL.name} :{n}")
    assert net.until(lambda: len(receiver.texts) == 20, 300)
    net.run(20)
    posted = len(receiver.heard)
    (master,) = net.masters(CHANNEL)
    if master == "n1":
        net.leave(master)
    else:
        net.kill(master)
    net.run(30)
    assert len(receiver.heard) == posted, "the place was committed"
    assert receiver.texts == [str(n) for n in range(20)]


def test_a_line_that_two_masters_were_told_before_its_edge_knew_the_webhook_has_one_key() -> None:
    """P46: the edge hears nobody any more when the webhook is made, and is then cut off."""
    net = Net(4, edge=EDGE, engine=SETTINGS, disks=True)
    net.configure_webhooks(Webhooks(allow=("10.0.0.7",), time_limit_s=2.0))
    receiver = Receiver(net, "http://10.0.0.7/", random.Random(1))
    receiver.losses = 0.0
    bob = net.client("n1", "bob")
    bob.send(f"JOIN {CHANNEL.name}")
    bob.sync()
    (master,) = net.masters(CHANNEL)
    holders = net.nodes[master].core.engine.replicas.masters[CHANNEL].replica.members
    edge = next(node for node in net.nodes.values() if node.key not in holders and node.name != "n1")
    ann = net.client(edge.name, "ann", "echo-message")
    ann.send(f"JOIN {CHANNEL.name}")
    ann.sync()
    others = {node.key for node in net.nodes.values()} - {edge.key}
    net.links.isolate(others, {edge.key}, one_way=True)
    subscribe(receiver, CHANNEL.name)
    ann.send(f"PRIVMSG {CHANNEL.name} :once")
    couriers = net.nodes[master].core.webhooks.couriers
    assert net.until(lambda: any(one.phase is Phase.POSTING for one in couriers[CHANNEL].values()), 5.0)
    receiver.unreached = {master}  # its answer is lost
    net.links.isolate(others, {edge.key})
    assert net.until(lambda: ann.heard(CHANNEL.name) == ["once"], 30), "the edge does not serve the channel alone"
    assert receiver.texts == ["once"]
    net.links.heal()
    receiver.unreached = set()
    net.run(60)
    assert bob.heard(CHANNEL.name) == ["once"] and receiver.texts == ["once"]
    assert len(receiver.heard) > 1, "the line was posted only once: the test shows nothing"
