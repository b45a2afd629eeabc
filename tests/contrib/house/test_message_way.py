"""A message takes the way that contrib/docs/architecture.md tells: the table is compared with a simulated network."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path
from types import FrameType
from typing import Any

from contrib.house.measure import ROOT
from ring.ids import GroupId
from ring.placement import owners
from tests.gateway.commands.stage import network, settle
from tests.sim.net import Client, Net

PAGE = "contrib/docs/architecture.md"
HEADING = "## One message's way"
ROW = re.compile(r"^\| (\w+) \| ((?:`[^`]+`(?:, )?)+) \|", re.MULTILINE)
ROLES = ("sender", "master", "backup", "reader")
"""The nodes of the story, n1 to n4."""

Call = tuple[str, str]  # path, qualified name
SHELLS = re.compile(r"(?:gateway|ring)/io/")


def told() -> list[tuple[str, Call]]:
    """The rows of the page: role of the node, and each place of the row. The shells have no part in a simulation."""
    text = (ROOT / PAGE).read_text()
    section = text[text.index(HEADING) + len(HEADING) :].partition("\n## ")[0]
    found = []
    for role, places in ROW.findall(section):
        for place in re.findall(r"`([^`]+)`", places):
            path, _, names = place.partition(": ")
            found += [(role, (path, name)) for name in names.split(", ") if not SHELLS.match(path)]
    return found


def stage() -> tuple[Net, str, Client, Client]:
    """A network whose node n2 masters the channel, n3 is the backup, and people are on n1 and n4."""
    net = network(4, seed=1)
    core = net.nodes["n1"].core.engine
    ring = core.peers.ring
    keys = {node.core.engine.me.key: name for name, node in net.nodes.items()}
    names = (f"#channel{number}" for number in range(10_000))
    channel = next(name for name in names if [keys[key] for key in owners(name, ring, 2)] == ["n2", "n3"])
    ann, bob = net.client("n1", "ann"), net.client("n4", "bob")
    for client in (ann, bob):
        client.ask(f"JOIN {channel}")
    settle(ann, bob)
    assert net.masters(GroupId("channel", channel)) == ["n2"]
    return net, channel, ann, bob


def calls_of_a_message() -> dict[str, list[Call]]:
    """What each node calls, from the sender's line to the acknowledgement by the reader's node."""
    net, channel, ann, bob = stage()
    roles = dict(zip(net.nodes, ROLES, strict=True))
    found: dict[str, list[Call]] = defaultdict(list)
    role = ""

    def watch(frame: FrameType, event: str, _: Any) -> None:
        nonlocal role
        code = frame.f_code
        if event != "call":
            return
        path = Path(code.co_filename)
        if code.co_qualname == "Net.turn":
            role = roles[frame.f_locals["node"].name]
        elif path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in ("gateway", "ring"):
            found[role].append((str(path.relative_to(ROOT)), code.co_qualname))

    sys.setprofile(watch)
    try:
        ann.send(f"PRIVMSG {channel} :hello")
        assert net.until(lambda: bob.heard(channel) == ["hello"], 10)
        net.run(1)
    finally:
        sys.setprofile(None)
    return found


def test_a_message_takes_the_way_that_the_page_tells() -> None:
    calls, at = calls_of_a_message(), dict.fromkeys(ROLES, 0)
    way = told()
    assert len(way) > 25 and {role for role, _ in way} == {*ROLES}
    for role, place in way:
        assert place in calls[role][at[role] :], f"{PAGE}: the {role}'s node does not call {place} at this step"
        at[role] = calls[role].index(place, at[role]) + 1
