"""What was said in a channel, for somebody who is in it: what it may see, and how it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.edge import rendering
from gateway.edge.lines import Line
from gateway.groups.channel import Channel
from gateway.groups.channel_history import EVENTS, TAGS
from gateway.groups.channel_messages import Event
from ring.groups.host import Stamp
from ring.ids import UNREADABLE, GroupId
from ring.store import Line as Kept
from ring.wire import Query

if TYPE_CHECKING:
    from gateway.edge.connection import Connection
    from gateway.edge.edge import Edge
    from gateway.edge.user import User

_read = msgspec.msgpack.Decoder(Event).decode


def visible(edge: Edge, user: User, group: GroupId) -> Channel | None:
    """The channel, if its history is the user's business: it is in it."""
    state = edge.engine.state(group)
    return state if isinstance(state, Channel) and user.uid in state.members else None


def narrowed(query: Query, channel: Channel, user: User, caps: frozenset[str]) -> Query:
    """Only what the user may see, and what a client of these capabilities can show."""
    member = channel.members[user.uid]
    events = EVENTS if "draft/event-playback" in caps else ""
    tags = TAGS if "message-tags" in caps else ""
    since = member.joined_at if "H" in channel.modes else 0
    return msgspec.structs.replace(query, wanted=events + tags + member.prefixes, since=max(since, query.since))


def recall(
    edge: Edge, connection: Connection, group: GroupId, query: Query, done: Callable[[list[Kept] | None], Any]
) -> None:
    """done(None): nobody could answer in time, or it names a message that is not known."""
    user = connection.user
    channel = visible(edge, user, group) if user is not None else None
    if user is None or channel is None:
        done(None)
    else:
        edge.engine.recall(group, narrowed(query, channel, user, connection.caps), done)


def read_event(line: Kept) -> Any:
    """The event that was kept; None if it cannot be read."""
    try:
        return _read(line.event)
    except UNREADABLE:
        return None


def shown(edge: Edge, caps: frozenset[str], channel: str, lines: Iterable[Kept]) -> list[Line]:
    """What was kept, as it was when it was said."""
    extended, most = "extended-join" in caps, edge.settings.limits.modes
    found: list[Line] = []
    for line in lines:
        stamp = Stamp(line.msgid, line.at)
        found += rendering.replayed(read_event(line), channel, stamp, extended=extended, most=most)
    return found
