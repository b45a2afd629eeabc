"""Each device is sent each line once and in order, whatever a seed does to the network and its connections."""

from __future__ import annotations

import pytest

from gateway.edge.sessions.reports import Reports
from tests.sim.devices import DeviceStory, sent_in_order
from tests.sim.kinds import DEVICES
from tests.sim.net import Net
from tests.sim.test_sessions import Talker, bob, net, shown_where_it_comes_back  # noqa: F401  (fixtures)

SEEDS = range(5, 45)
FOUND = (
    45, 105, 155, 317, 89, 169, 188, 820006, 840001, 9200581, 9200641, 9201308, 77200262, 88600443, 88600435, 89000000,
    89000879, 89002018, 89002220, 89004431, 89006340, 99600176, 89007231, 99600131, 99620516, 99640085,
    99630134, 99651541, 99660069,
)  # fmt: skip
"""Each found a mistake once. The first four: partitions. Then: machines that sleep; two: clients that hung up while the
clients' node was stopped; two: a session that left a node during a login there; then: a node that stood still while
the directories were started anew. Then: a client hung up while the client's command waited on the node that the
client's session had left. Then: an owner waited for a hand-off whose old master had yielded to a third node. Then:
lines of a client's own were read after its session had left. Then: a new master named a term that was to begin after
the master's own. Then: after a power cut a channel alone knew facts that a fast clock had numbered. Then: a node
wrote a replica before the node knew the network's level. Then: a master took up a session that the master's own
fork had on this node. Then: a master came back from its disk without a log. Then: a login while a partition
healed, and one just before a partition; a small side without the lines before; a disk with later lines than the
master's; a conversation was opened while a partition healed. Then: a message was answered just after its speaker's
session had left the node, and waited there for the playback of the message. Then: after a partition, a node
without a replica sent a private message to the other side's master, before that master had the earlier messages. Then:
a client quit while the client's session left the client's node and came back. The last, a mistake of the check: a
device changed sides after a cut, before the nodes heard each other again."""

BLOCK = 5


def heard(story: DeviceStory) -> int:
    return sum(len(lines) for device in story.devices for lines in device.heard.values())


def connections(story: DeviceStory) -> int:
    """How many have heard something."""
    return len({line.by for device in story.devices for lines in device.heard.values() for line in lines})


@pytest.mark.parametrize("first", SEEDS[::BLOCK])
def test_every_device_has_each_line_once(first: int) -> None:
    stories = [DEVICES.hold(seed) for seed in range(first, first + BLOCK)]
    assert all(heard(story) >= 30 for story in stories)
    assert all(connections(story) >= 5 for story in stories)


@pytest.mark.parametrize("seed", FOUND)
def test_what_was_found_stays_right(seed: int) -> None:
    DEVICES.hold(seed)


@pytest.mark.parametrize(("before_s", "may_be_lost"), [(0.0, True), (0.06, False)])
def test_only_the_last_flush_may_be_lost_with_the_power(before_s: float, may_be_lost: bool) -> None:
    """P35: a device was sent a line just before the power of all nodes was cut."""
    story = DeviceStory(5)
    there, desk = story.net, story.devices[2]
    desk.say()
    assert there.until(lambda: "desk-0" in [line.text for line in desk.heard.get("conversation", ())], 5)
    there.run(before_s)
    for node in there.nodes.values():
        there.kill(node.name)
    story.outages.append(there.now)
    for number in range(1, len(there.nodes) + 1):
        there.start(number)
    there.run(15)
    assert not [wrong for wrong in sent_in_order(story) if "which no history has" in wrong]
    story.outages.clear()
    assert bool([wrong for wrong in sent_in_order(story) if "which no history has" in wrong]) is may_be_lost


def test_a_client_that_has_hung_up_hears_nothing_that_its_stopped_node_still_writes() -> None:
    """The node, once running on, reads the line before the reset. The line reaches the device when the device is back,
    and only then.
    """
    story = DeviceStory(5)
    laptop, _, desk = story.devices
    before = laptop.connection
    assert before is not None
    story.net.hang("n1", 1.0)
    desk.say()
    story.net.run(0.3)
    before.hang_up()
    story.net.run(1.5)
    assert before.machine.written > before.machine.taken
    laptop.connect(story.net.nodes["n2"])
    assert story.net.until(lambda: laptop.is_attached, 20)
    story.net.run(1.0)
    assert [heard.by for heard in laptop.heard["conversation"] if heard.text == "desk-0"] == [laptop.connection]


def test_it_is_caught_if_only_the_node_that_a_session_is_on_is_believed(
    net: Net,  # noqa: F811
    bob: Talker,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        Reports, "report_cursors", lambda self, user: self._edge.sessions.cursors.forget(user.session.account)
    )
    assert shown_where_it_comes_back(net, bob) == ["1", "2"]
