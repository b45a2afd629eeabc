"""A side of a partition without the nodes that held a group tells what was said shortly before (P14, P16)."""

from __future__ import annotations

from tests.sim.history import ALL, RING, recall, told
from tests.sim.net import Net
from tests.sim.test_sessions import CHANNEL, Talker, cut


def test_a_node_that_has_just_begun_to_follow_knows_the_lines_before() -> None:
    """A device there was about to be played these lines (seed 89007231 of the devices)."""
    net = Net(4, disks=True)
    bob = Talker(net, net.nodes["n1"], "bob")
    bob.send(f"JOIN {CHANNEL}")
    bob.say(1, 2, 3)
    name = next(name for name, node in net.nodes.items() if node.core.engine.role(RING) is None)
    net.client(name, "eve").send(f"JOIN {CHANNEL}")
    cut(net, name)
    assert name in net.masters(RING)
    assert told(recall(net, name, ALL)) == ["line 1", "line 2", "line 3"]
