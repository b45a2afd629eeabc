"""Channels that a person has detached: it stays in them, what is said there is kept, and its clients are not told.

To its clients a detached channel is one that they have left. Attached again, by JOIN, by *circlet, or when somebody
names the person there, it is one that they join: with topic, names, and what each has missed.
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
    from gateway.edge.users.user import Room, User


def detached(stored: Stored) -> dict[GroupId, bool]:
    """Channel -> whether a highlight attaches it again."""
    found = stored.detached.items()
    return {GroupId("channel", name): one.highlight for name, one in found if not one.off}


def attach(edge: EdgePort, user: User, group: GroupId) -> None:
    """Also where the user has left the channel: it is one like others when it comes back."""
    if user.session and group in user.detached:
        user.unsettled[edge.sessions.group(user.session)] = None
        edge.engine.submit(edge.sessions.group(user.session), Detach(group.name, off=True))


def check(edge: EdgePort, user: User) -> None:
    """The session's group has changed: hide what is detached now, and show what is no more."""
    state = edge.engine.state(edge.sessions.group(user.session))
    if not isinstance(state, Session):
        return
    before, user.detached = user.detached, detached(state.stored)
    for group in user.detached:
        if group in user.rooms:
            user.rooms[group].watch(user)
            if group not in before:
                _hide(edge, user, group)
    for group in before.keys() - user.detached.keys():
        if group in user.rooms:
            user.rooms[group].watch(user)
            edge.sessions.arrive(user, user.rooms[group])


def _hide(edge: EdgePort, user: User, group: GroupId) -> None:
    channel, room = visible(edge, user, group), user.rooms[group]
    for connection in user.connections:
        was_shown = group not in connection.delivery.behind
        connection.delivery.behind.setdefault(group, edge.engine.applied_to(group))
        room.drop(connection)
        if channel is not None and was_shown:
            connection.show(Line(user.person.author, "PART", (channel.name, "Detached")))


def called(edge: EdgePort, room: Room, uid: str, text: bytes) -> None:
    """Something was said: whoever is named, and has detached the channel until then, is attached again."""
    words = text.decode("utf-8", "replace")
    for user in room.watchers.values():
        pattern = rf"(?<![\w-]){re.escape(user.person.nick)}(?![\w-])"
        if user.uid != uid and re.search(pattern, words, re.IGNORECASE):
            attach(edge, user, room.group)
