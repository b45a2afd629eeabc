"""Shows invitations to a channel, and knocks, to the members who may invite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.edge.client.connection import deliver
from gateway.edge.client.lines import Line
from gateway.edge.users.rooms import Room
from gateway.irc import numerics as n
from gateway.state.channel.channel import Channel
from gateway.state.channel.messages import Invited, Knocked
from gateway.state.channel.ranks import HELPERS
from ring.replication.application import EventId

if TYPE_CHECKING:
    from gateway.edge.client.call import Call
    from gateway.edge.ports import EdgePort


def show_invited(
    edge: EdgePort, room: Room, channel: Channel, event: Invited, stamp: EventId, call: Call | None
) -> None:
    line = Line(
        edge.people.author(event.by, event.source, event.account), "INVITE", (event.nick, channel.name), at=stamp.at
    )
    notified = []
    for uid, user in room.users.items():
        member = channel.members.get(uid)
        ranked = member is not None and any(rank in "qaoh" for rank in member.prefixes)
        if ranked and uid != event.by:
            notified += [c for c in user.connections if c in room.connections and "invite-notify" in c.caps]
    deliver(line, notified)


def show_knocked(
    edge: EdgePort, room: Room, channel: Channel, event: Knocked, stamp: EventId, call: Call | None
) -> None:
    """Tell the members who may invite."""
    source = edge.people.author(event.uid, event.source, event.account).source
    text = n.TEXT[n.RPL_KNOCK] + (f": {event.text}" if event.text else "")
    for uid, user in room.users.items():
        member = channel.members.get(uid)
        if member is not None and any(rank in HELPERS for rank in member.prefixes):
            facts = (user.person.nick, channel.name, source, text)
            line = Line(edge.settings.network.server_name, n.RPL_KNOCK, facts, at=stamp.at)
            deliver(line, [c for c in user.connections if c in room.connections])
