"""What an operator reads of takeovers, hand-offs and merges: one line each, with term, seq, duration and counts."""

from __future__ import annotations

from typing import Any

from tests.sim.net import Net
from tests.sim.test_promises import RING, Room


def notes(net: Net, event: str) -> list[dict[str, Any]]:
    """Of #ring, in the order of time."""
    found = [
        (at, n.facts) for node in net.nodes.values() for at, n in node.notes if (n.event, n.group) == (event, RING)
    ]
    return [facts for _, facts in sorted(found, key=lambda item: item[0])]


def test_a_takeover_is_one_line() -> None:
    room = Room(net := Net(4))
    term = net.nodes[room.master].core.engine.replicas.masters[RING].replica.term.number
    net.kill(room.master)
    room.ann.send("PRIVMSG #ring :on")
    room.ann.sync()
    (facts,) = notes(net, "takeover")
    assert facts["term"] == term + 1 and facts["seq"] >= 3 and facts["followers"] == 2 and facts["undecided"] in (0, 1)
    assert 0 < facts["took_ms"] < 1000


def test_a_hand_off_is_one_line() -> None:
    room = Room(net := Net(4))
    net.leave(room.master)  # its notes stay
    (facts,) = notes(net, "hand_off")
    assert facts["to"] == net.nodes[room.backup].key
    assert facts["seq"] >= 4 and facts["followers"] >= 3 and 0 < facts["frozen_ms"] < 100
    assert not notes(net, "takeover") and not notes(net, "stepped_down")


def test_a_merge_is_one_line() -> None:
    room = Room(net := Net(4))
    keys = {node.key for node in net.nodes.values()}
    net.links.isolate({room.ann.node.key}, keys - {room.ann.node.key})
    net.run(net.engine.dead_after_s + 2)
    room.ann.send(*[f"PRIVMSG #ring :{number}" for number in range(3)])
    room.cat.send("PRIVMSG #ring :here, too")
    net.run(1)
    net.links.heal()
    net.run(20)
    (facts,) = notes(net, "merge")
    assert facts["words"] in (1, 3) and facts["lost"] == 0 and 0 < facts["fork"] < facts["seq"]
    assert facts["term"] > facts["their_term"] and facts["took_ms"] > 0
