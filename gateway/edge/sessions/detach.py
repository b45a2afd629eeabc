"""Hides channels detached by a person: the person stays a member, lines are kept, and no client is shown the channel.

A detached channel looks to clients like a channel the person has left. A channel is attached again by JOIN, by
*circlet, or by a highlight of the person there. Then clients are shown a join with topic and names, and the missed
lines.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gateway.edge.client.lines import Line
from gateway.edge.cursors.history import visible
from gateway.state.session.messages import Detach, Stored
from gateway.state.session.session import Session
from ring.ids import GroupId

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort
    from gateway.edge.users.rooms import Room
    from gateway.edge.users.user import User


def detached(stored: Stored) -> dict[GroupId, bool]:
    """Return the detached channels: channel -> whether a highlight attaches the channel again."""
    found = stored.detached.items()
    return {GroupId("channel", name): one.highlight for name, one in found if not one.off}


def attach(edge: EdgePort, user: User, group: GroupId) -> None:
    """Attach the channel again, also when the user leaves: a later join is then an ordinary join."""
    if user.session.account and group in user.session.detached:
        user.unsettled[edge.sessions.group(user.session.account)] = None
        edge.network.submit(edge.sessions.group(user.session.account), Detach(group.name, off=True))


def check(edge: EdgePort, user: User) -> None:
    """Hide newly detached channels, and show channels no longer detached: the session's group has changed."""
    state = edge.network.state(edge.sessions.group(user.session.account))
    if not isinstance(state, Session):
        return
    before, user.session.detached = user.session.detached, detached(state.stored)
    for group in user.session.detached:
        if group in user.seats.rooms:
            user.seats.rooms[group].watch(user)
            if group not in before:
                _hide(edge, user, group)
    for group in before.keys() - user.session.detached.keys():
        if group in user.seats.rooms:
            user.seats.rooms[group].watch(user)
            edge.sessions.arrive(user, user.seats.rooms[group])


def _hide(edge: EdgePort, user: User, group: GroupId) -> None:
    channel, room = visible(edge, user, group), user.seats.rooms[group]
    for connection in user.connections:
        was_shown = group not in connection.delivery.awaiting
        connection.delivery.await_playback(group, edge.network.applied_to(group))
        room.drop(connection)
        if channel is not None and was_shown:
            connection.show(Line(user.person.author, "PART", (channel.name, "Detached")))


def called(edge: EdgePort, room: Room, uid: str, text: bytes) -> None:
    """Attach the channel again for each person named in the text."""
    words = text.decode("utf-8", "replace")
    for user in room.watchers.values():
        pattern = rf"(?<![\w-]){re.escape(user.person.nick)}(?![\w-])"
        if user.uid != uid and re.search(pattern, words, re.IGNORECASE):
            attach(edge, user, room.group)
