"""Shows channels with a state replaced by a snapshot, and ends channels which this node follows no more (P16)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from gateway.edge.client.connection import deliver
from gateway.edge.client.lines import Line
from gateway.edge.users import hosts
from gateway.edge.users.rooms import Room
from gateway.edge.users.user import User
from gateway.edge.views import kicks
from gateway.edge.views.channel_diff import Believed, differences, gone
from gateway.edge.views.nick import show_clashes, show_heirs, show_update
from gateway.state.channel.channel import Channel
from gateway.state.channel.messages import (
    Said,
)
from gateway.state.channel.veil import is_veiled
from ring.ids import GroupId
from ring.replication.application import EventId
from ring.replication.state_machine import State

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort


from gateway.edge.views.channel import enter, said, show_late
from gateway.edge.views.ranks import tell_void_registration
from gateway.edge.views.seats import rejoin


def replaced(
    edge: EdgePort,
    group: GroupId,
    old_state: State | None,
    new_state: State,
    missed: Sequence[tuple[Any, EventId]],
    lost: int,
) -> None:
    """Show the messages in between, then the lines that explain the difference between the two states (P16)."""
    old, new = cast(Channel | None, old_state), cast(Channel, new_state)
    room = edge.rooms.get(group)
    if room is None:
        room = edge.rooms[group] = Room(group)
    people = [member.person for member in new.members.values()]
    if old is None:
        # The local user's JOIN comes next and shows the members.
        room.listed = set(new.members)
        room.unseen = {uid: uid in new.hidden for uid in new.members if is_veiled(new, uid)}
        for person in people:
            edge.people.add(person, group)
        show_clashes(edge, EventId("", int(edge.now * 1000)))
        return
    for event, stamp in missed:
        if isinstance(event, Said):
            said(edge, room, new, event, stamp, None)
    now = EventId("", int(edge.now * 1000))
    for person in people:
        show_update(edge, person, now)
    show_clashes(edge, now)  # people who give way by now are shown to go here, and may come back below
    tell_void_registration(edge, old, new)
    before = _shown(edge, group, old)
    for person in people:
        edge.people.add(person, group)
    show_clashes(edge, now)
    unseen = room.unseen
    before = {uid: one for uid, one in before.items() if uid not in unseen and not edge.people.is_gone(uid, group)}
    room.unseen = {uid: uid in new.hidden for uid in new.members if uid not in before and is_veiled(new, uid)}
    after = {uid: one for uid, one in _shown(edge, group, new).items() if uid not in room.unseen}
    settings = edge.settings
    for line in differences(settings.network.server_name, settings.limits.modes, before, after, old, new):
        deliver(hosts.past(edge, line), room.connections)
    if lost:
        text = f"{lost} events of this channel were missed."
        notice = Line(edge.settings.network.server_name, "NOTICE", (new.name, text))
        deliver(notice, [connection for connection in room.connections if connection not in room.held_back])
    for user in room.users.values():
        edge.sessions.cursors.mark(user, group)
    for uid in [uid for uid in old.members if uid not in new.members]:
        out, kick = edge.users.get(uid), new.kick_of(uid)
        if uid in room.users and uid in new.left:
            show_late(room, uid, gone(room.users[uid].person, new))
        if uid in room.users and kick is not None:
            kicks.note(edge, room.users[uid], group, new.name, kick)
        room.discard(uid)
        edge.people.remove(uid, group)
        if out is not None and not out.quitting and uid not in new.left:
            rejoin(edge, group, new.name, out)
    show_heirs(edge, now)
    for uid, member in new.members.items():
        cursor_of = edge.users.get(uid) if member.person.edge == edge.network.me else None
        if cursor_of is None or uid in room.users:
            continue
        if edge.sessions.is_returning(cursor_of, group):
            edge.sessions.arrive(cursor_of, room)
        else:
            room.add(cursor_of)
            _welcome(edge, cursor_of, new)


def _shown(edge: EdgePort, group: GroupId, channel: Channel) -> Believed:
    """Return the members as clients here believe, or are to believe."""
    people = edge.people
    members = channel.members.items()
    return {uid: (people.newest(m.person), m.prefixes) for uid, m in members if not people.is_gone(uid, group)}


def _welcome(edge: EdgePort, user: User, channel: Channel) -> None:
    """Show the user a JOIN known from a snapshot alone."""
    line = Line(user.person.author, "JOIN", (channel.name,))
    for connection in user.connections:
        enter(edge, user, channel, connection, line, connection.show)


def dropped(edge: EdgePort, group: GroupId) -> None:
    room = edge.rooms.pop(group, None)
    if room is None:
        return
    for uid, user in list(room.users.items()):
        if user.session.account and not user.quitting:
            user.lose_sight(room)
        room.discard(uid)
        if user.session.account and not user.quitting:
            edge.sessions.takeover.come_back(user, group, group.name)
        elif not user.quitting:
            rejoin(edge, group, group.name, user)
    for uid in [uid for uid, seen in edge.people.seen.items() if group in seen.groups]:
        edge.people.remove(uid, group)
