"""Shows the members of a channel with +u or +D, each member to the people alone who may see the member.

`Room.unseen` has the members whom the plain members here were not shown: with True, nobody was shown the member (+D);
with False, only members who may kick (+u).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from gateway.edge.client import rendering
from gateway.edge.client.connection import Connection, deliver
from gateway.edge.users.rooms import Room
from gateway.state.channel.channel import Channel
from gateway.state.channel.veil import is_helper, is_veiled
from ring.replication.application import EventId

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort


def witnesses(edge: EdgePort, room: Room, uid: str) -> Collection[Connection]:
    """Return the connections here that were shown the member."""
    hidden = room.unseen.get(uid)
    if hidden is None:
        return room.connections
    state = edge.network.state(room.group)
    return [c for c in room.connections if _sees(c, uid, state if isinstance(state, Channel) else None, hidden=hidden)]


def _sees(connection: Connection, uid: str, channel: Channel | None, *, hidden: bool) -> bool:
    viewer = connection.user.uid if connection.user is not None else ""
    return viewer == uid or (not hidden and channel is not None and is_helper(channel, viewer))


def veil(room: Room, channel: Channel, uid: str) -> None:
    """Note that a new member is not shown to everybody."""
    if is_veiled(channel, uid):
        room.unseen[uid] = uid in channel.hidden


def unveil(edge: EdgePort, room: Room, channel: Channel, event_id: EventId) -> None:
    """Show those as joining who are to be seen from now on. Members who are gone stay unseen."""
    for uid, was_hidden in list(room.unseen.items()):
        member = channel.members.get(uid)
        hidden = uid in channel.hidden
        if member is None or (is_veiled(channel, uid) and hidden == was_hidden):
            continue
        before = witnesses(edge, room, uid)
        if is_veiled(channel, uid):
            room.unseen[uid] = hidden
        else:
            del room.unseen[uid]
        person = edge.people.newest(member.person)
        for extended in (False, True):
            line = rendering.joined(person, channel.name, event_id, extended=extended)
            able = [c for c in witnesses(edge, room, uid) if ("extended-join" in c.caps) is extended]
            deliver(line, [c for c in able if c not in before])
