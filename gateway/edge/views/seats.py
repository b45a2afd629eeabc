"""Compares the seats of channels with the users here: claims seats again, or gives seats back (P30, P31)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gateway.edge.client.connection import deliver
from gateway.edge.client.lines import Line
from gateway.edge.slices import Slices
from gateway.edge.users.rooms import Room
from gateway.edge.users.user import User
from gateway.edge.views import kicks
from gateway.edge.views.nick import show_clashes
from gateway.irc.modes import ModeChange, render_changes
from gateway.state.channel.channel import Channel
from gateway.state.channel.messages import (
    HasLeft,
    Join,
    Quit,
)
from gateway.state.people import Person
from ring.ids import GroupId
from ring.replication.application import EventId

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort


MEMBERS = 500
"""Members who are compared in a step: some tenths of a millisecond."""

ROOM = 5
"""The work for a channel without members, as that for so many members."""

RETURN_S = 10.0
"""Seconds within which a person's QUIT, once shown, comes in all channels; else the QUIT was wrong."""


def rejoin(
    edge: EdgePort, group: GroupId, name: str, user: User, done: Callable[[Any], None] = lambda outcome: None
) -> None:
    """Submit the join of the user again: the group no longer knows of the member, and the user is still here (P31)."""

    def answered(outcome: Any) -> None:
        user.seats.end_rejoining(group)
        if isinstance(outcome, HasLeft) and not user.quitting:
            kicks.learn(edge, user, group, name, outcome.kick)
        done(outcome)

    user.seats.begin_rejoining(group)
    edge.network.submit(group, Join(user.person, name=name, returns=True), answered)


def show_returned(edge: EdgePort) -> None:
    """Show people wrongly taken for gone as joining again, in each channel where the person still is."""
    for seen in edge.people.returned(edge.now - RETURN_S):
        for group in list(seen.gone_from):
            edge.people.returns(seen, group)
            show_clashes(edge, EventId("", int(edge.now * 1000)))
            room, state = edge.rooms.get(group), edge.network.state(group)
            if room is not None and isinstance(state, Channel) and seen.person.uid in state.members:
                _arrives(edge, room, state, seen.person)


def _arrives(edge: EdgePort, room: Room, channel: Channel, person: Person) -> None:
    server, member = edge.settings.network.server_name, channel.members[person.uid]
    deliver(Line(person.author, "JOIN", (channel.name,)), room.connections)
    ranks = [ModeChange(True, rank, person.nick) for rank in member.prefixes]
    for params in render_changes(ranks, edge.settings.limits.modes):
        deliver(Line(server, "MODE", (channel.name, *params)), room.connections)


def reconcile(edge: EdgePort) -> Slices[None]:
    """Claim seats again for users here, and give back a channel's seats of users no longer here (P30)."""
    seen = 0
    for group, room in list(edge.rooms.items()):
        state = edge.network.state(group)
        if not isinstance(state, Channel) or edge.rooms.get(group) is not room:
            continue
        seen += ROOM + len(state.members)
        if seen > MEMBERS:
            yield
            seen = 0
        here = {uid: None for uid, member in state.members.items() if member.person.edge == edge.network.me}
        for uid in here:
            if uid not in edge.users and not edge.sessions.has_gone(uid):
                edge.network.submit(group, Quit(uid, "Connection closed", lost=True))
        for uid in [uid for uid in room.users if uid not in here]:
            user = room.users[uid]
            if not user.quitting:
                rejoin(edge, group, state.name, user)
