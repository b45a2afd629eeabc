"""Shows a line to the members here, in turn to its author, and deletions of messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.edge.client import rendering
from gateway.edge.client.connection import deliver
from gateway.edge.client.lines import Line
from gateway.edge.users.rooms import Room
from gateway.state.channel.channel import Channel
from gateway.state.channel.messages import EVERYTHING, Invited, Kicked, ModesSet, Redacted, TopicSet
from gateway.state.people import Author
from ring.replication.application import EventId

if TYPE_CHECKING:
    from gateway.edge.client.call import Call
    from gateway.edge.ports import EdgePort


def show(room: Room, line: Line, call: Call | None) -> None:
    """Show a line to local members; the author's connection gets the line in turn, under the command's label."""
    own = call.connection if call is not None else None
    room.deliver(line, skip=own)
    if call is not None and own is not None and own in room.connections:
        call.send(line)


def author_of(edge: EdgePort, event: Kicked | TopicSet | ModesSet | Redacted | Invited) -> Author:
    """Return the author of the event, with the author's profile as known here now."""
    return edge.people.author(event.by, event.source, event.account)


def show_redacted(
    edge: EdgePort, room: Room, channel: Channel, event: Redacted, stamp: EventId, call: Call | None
) -> None:
    """Show a deletion to clients with the capability, but the erasure of all messages to everybody."""
    author = author_of(edge, event)
    if event.msgid == EVERYTHING:
        text = f"{author.source.partition('!')[0]} has erased what was said here until now."
        show(room, Line(edge.settings.network.server_name, "NOTICE", (channel.name, text), at=stamp.at), call)
        return
    line = rendering.redacted(event, author, channel.name, stamp)
    own = call.connection if call is not None else None
    able = [c for c in room.connections if "draft/message-redaction" in c.caps]
    deliver(line, able, skip=own)
    if call is not None and "draft/message-redaction" in call.connection.caps:
        call.send(line)
