"""A group's history, as told by the nodes of a network."""

from __future__ import annotations

import msgspec

from gateway.state.channel import messages as channel_messages
from gateway.state.conversation import messages as conversation_messages
from ring.ids import GroupId
from ring.storage.store import Line
from ring.wire.history import Query
from tests.sim.net import Net

RING = GroupId("channel", "#ring")
ALL = Query(4000)

_READ = {
    "channel": msgspec.msgpack.Decoder(channel_messages.Event).decode,
    "conversation": msgspec.msgpack.Decoder(conversation_messages.Event).decode,
}


def recall(net: Net, name: str, query: Query, group: GroupId = RING, within_s: float = 12.0) -> list[Line] | None:
    got: list[list[Line] | None] = []
    node = net.nodes[name]
    net.turn(node, lambda: node.core.engine.recall(group, query, got.append))
    assert net.until(lambda: bool(got), within_s)
    return got[0]


def told(lines: list[Line] | None) -> list[str]:
    """Return the texts of the messages."""
    assert lines is not None
    events = [_READ[line.group.kind](line.event) for line in lines]
    said = channel_messages.Said | conversation_messages.Said
    return [event.text.decode() for event in events if isinstance(event, said)]


def recalled(net: Net, group: GroupId) -> dict[str, list[str] | None]:
    """Return the history as told by each running node: its name -> the texts, None: the node does not know."""
    answers = {node.name: recall(net, node.name, ALL, group) for node in net.nodes.values() if node.up}
    return {name: None if lines is None else told(lines) for name, lines in answers.items()}
