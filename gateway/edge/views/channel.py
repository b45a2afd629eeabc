"""Shows events of followed channels to local members."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import TYPE_CHECKING, Any

from gateway.edge.client import rendering
from gateway.edge.client.connection import deliver
from gateway.edge.client.lines import Line
from gateway.edge.cursors.playback import await_echo
from gateway.edge.cursors.read_markers import send_marker
from gateway.edge.sessions.detach import attach, called
from gateway.edge.users import metadata
from gateway.edge.users.names import Roll, roll, send_names, send_topic
from gateway.edge.users.rooms import Room
from gateway.edge.users.user import User
from gateway.edge.views import kicks
from gateway.edge.views.invitations import show_invited, show_knocked
from gateway.edge.views.nick import show_clashes, show_heirs, show_quit, show_update
from gateway.edge.views.ranks import show_entered, show_ranks
from gateway.edge.views.seats import rejoin
from gateway.edge.views.showing import author_of, show, show_redacted
from gateway.edge.views.veil import unveil, veil, witnesses
from gateway.irc.modes import ModeChange
from gateway.state.channel.access import moves
from gateway.state.channel.channel import Channel
from gateway.state.channel.emptying_messages import Emptied
from gateway.state.channel.messages import (
    HEARERS,
    Flooded,
    Forgotten,
    HasQuit,
    Invited,
    Joined,
    Kicked,
    Knocked,
    ModesSet,
    Parted,
    Redacted,
    Said,
    TopicSet,
    Updated,
)
from gateway.state.channel.metadata_messages import MetadataSet
from gateway.state.channel.registration_messages import (
    AccessSet,
    AkickSet,
    Doubted,
    HolderSet,
    Registered,
    SettingSet,
    Unregistered,
)
from gateway.state.channel.snapshot import PutOut
from gateway.state.channel.upkeep_messages import HistoryTrimmed, Sighted
from gateway.state.channel.webhook_messages import Advanced, Subscribed, Unsubscribed
from ring.ids import GroupId
from ring.replication.application import EventId
from ring.replication.state_machine import State

if TYPE_CHECKING:
    from gateway.edge.client.call import Call
    from gateway.edge.client.connection import Connection
    from gateway.edge.ports import EdgePort


def applied(edge: EdgePort, group: GroupId, state: State, event: Any, stamp: EventId, call: Call | None) -> None:
    room = edge.rooms.get(group)
    if room is None:
        room = edge.rooms[group] = Room(group)
    channel: Channel = state  # type: ignore[assignment]
    if room.unseen:
        unveil(edge, room, channel, stamp)
    _SHOW[type(event)](edge, room, channel, event, stamp, call)


def talked(edge: EdgePort, group: GroupId, state: State, event: Said, stamp: EventId, own: Connection) -> None:
    """Show a message that has no slots for answers. own: the connection that has said it."""
    room = edge.rooms.get(group)
    if room is None:
        room = edge.rooms[group] = Room(group)
    channel: Channel = state  # type: ignore[assignment]
    if type(event) is not Said:  # the message has broken a limit of the channel (+F)
        applied(edge, group, state, event, stamp, None)
        return
    if room.unseen:
        unveil(edge, room, channel, stamp)
    line = _spread(edge, room, channel, event, stamp, own)
    if "echo-message" in own.caps and not _is_catching_up(room, own):
        own.send(line.render(own.variant))


def said(edge: EdgePort, room: Room, channel: Channel, event: Said, stamp: EventId, call: Call | None) -> None:
    own, tag_only = _speaker(edge, event, call), event.verb == "TAGMSG"
    line = _spread(edge, room, channel, event, stamp, own)
    if own is None or (not tag_only and _is_catching_up(room, own)):
        if call is not None and own is not None:
            await_echo(call, room.group)
        return
    if "echo-message" in own.caps and not (tag_only and "message-tags" not in own.caps):
        if call is not None:
            call.send(line)
        else:
            own.send(line.render(own.variant))


def _spread(edge: EdgePort, room: Room, channel: Channel, event: Said, stamp: EventId, own: Connection | None) -> Line:
    """Show a message to all members here but the connection that has said it. Returns the line."""
    tag_only = event.verb == "TAGMSG"
    line = rendering.said(event, edge.people.author(event.uid, event.source, event.account), channel.name, stamp)
    some: Collection[Connection] | None = None  # everybody
    if event.status or tag_only:
        some = _qualified(room, channel, event)
    if room.held_back:
        everybody = room.connections if some is None else some
        some = [connection for connection in everybody if connection not in room.held_back]
    if room.watchers:
        called(edge, room, event.uid, event.text)
    edge.traffic.messages_sent += room.deliver(line, own) if some is None else deliver(line, some, own)
    return line


def _speaker(edge: EdgePort, event: Said, call: Call | None) -> Connection | None:
    """Return the connection that has said the line. The user's other connections are shown the line."""
    if call is not None:
        return call.connection
    user = edge.users.get(event.uid)
    return user.speaker(event.idempotency_key) if user is not None else None


def _is_catching_up(room: Room, connection: Connection) -> bool:
    """Return whether missed lines are on the way to the connection, perhaps from the session's present node, and the
    new message among the missed lines (P38)."""
    user = connection.user
    played = room.group in connection.delivery.awaiting and user is not None and room.group not in user.session.detached
    return played or connection.remote.forwarder is not None


def _qualified(room: Room, channel: Channel, event: Said) -> list[Connection]:
    """Return the connections for a status message, or for a message of tags alone."""
    ranks = HEARERS.get(event.status, "")
    found = []
    for uid, user in room.users.items():
        member = channel.members.get(uid)
        ranked = not ranks or (member is not None and any(rank in ranks for rank in member.prefixes))
        if ranked:
            able = [c for c in user.connections if event.verb != "TAGMSG" or "message-tags" in c.caps]
            found += [c for c in able if c in room.connections]
    return found


def _joined(edge: EdgePort, room: Room, channel: Channel, event: Joined, stamp: EventId, call: Call | None) -> None:
    if call is not None and event.name:
        call.made = (*call.made, room.group)
    edge.people.add(event.person, room.group)
    show_clashes(edge, stamp)
    person = edge.people.newest(event.person)
    user = edge.users.get(person.uid) if person.edge == edge.network.me else None
    returns = user is not None and edge.sessions.is_returning(user, room.group)
    if user is not None and not returns:
        room.add(user)
        user.seats.withdraw_invite(room.group)
    plain = rendering.joined(person, channel.name, stamp, extended=False)
    full = rendering.joined(person, channel.name, stamp, extended=True)
    others = [] if person.uid in room.listed else [c for c in room.connections if c.user is not user]
    room.listed.discard(person.uid)
    veil(room, channel, person.uid)
    if person.uid in room.unseen:
        seeing = witnesses(edge, room, person.uid)
        others = [c for c in others if c in seeing]
    extended = [c for c in others if "extended-join" in c.caps]
    deliver(plain, [c for c in others if "extended-join" not in c.caps] if extended else others)
    deliver(full, extended)
    if user is not None:
        edge.clients.outputs.may_wait(others, edge.now)
    if person.away is not None:
        away = Line(person.author, "AWAY", (person.away,), at=stamp.at)
        deliver(away, [c for c in others if "away-notify" in c.caps])
    metadata.show_person(edge, others, person)
    if event.prefixes and not event.name:
        show_entered(edge, channel.name, moves(person, "", event.prefixes), stamp, others)
    if user is None:
        return
    edge.sessions.moved(user, call)
    if returns:
        edge.sessions.arrive(user, room)
        return
    joins = plain, full
    for connection in user.connections:
        if call is not None and call.connection is connection:
            # Later events of the channel come after these lines, no matter when this client is shown the lines.
            found, line = roll(channel, user.uid), joins["extended-join" in connection.caps]
            call.draw(partial(_enter, edge, user, found, connection, line))
        else:
            enter(edge, user, channel, connection, joins["extended-join" in connection.caps], connection.show)


def enter(
    edge: EdgePort, user: User, channel: Channel, connection: Connection, line: Line, send: Callable[[Line], None]
) -> None:
    """Show the channel to the connection of a new member. line: the JOIN."""
    _enter(edge, user, roll(channel, user.uid), connection, line, send)


def _enter(
    edge: EdgePort, user: User, found: Roll, connection: Connection, line: Line, send: Callable[[Line], None]
) -> None:
    send(line)
    _send_welcome(edge, user, found.name, send)
    send_topic(edge, user, found, send)
    send_marker(edge, connection, found.name, send)
    if "no-implicit-names" not in connection.caps:
        send_names(edge, user, found, connection.caps, send)
    metadata.greet(edge, connection, user.person.nick, found, send)


def _send_welcome(edge: EdgePort, user: User, name: str, send: Callable[[Line], None]) -> None:
    """Send the text that the registered channel has for people who enter."""
    state = edge.network.state(edge.channel(name))
    kept = state.register.kept if isinstance(state, Channel) else ()
    if kept and (text := kept[0].setting("entrymsg")):
        send(Line(edge.settings.network.server_name, "NOTICE", (user.person.nick, f"[{name}] {text}")))


def show_late(room: Room, uid: str, line: Line) -> None:
    """Show a PART or KICK to the user's clients still catching up: these believe the user is in the channel."""
    user = room.users.get(uid)
    if user is not None and room.group not in user.session.detached:
        deliver(line, [connection for connection in user.connections if connection not in room.connections])


def _leaves(edge: EdgePort, room: Room, uid: str) -> None:
    if uid in room.users:
        edge.sessions.cursors.mark(room.users[uid], room.group)
    user = room.discard(uid)
    if user is not None:
        attach(edge, user, room.group)
        edge.sessions.moved(user)
    edge.people.remove(uid, room.group)
    show_heirs(edge, EventId("", int(edge.now * 1000)))


def _parted(edge: EdgePort, room: Room, channel: Channel, event: Parted, stamp: EventId, call: Call | None) -> None:
    line = rendering.parted(event, edge.people.author(event.uid, event.source, event.account), channel.name, stamp)
    if event.uid in room.unseen:
        deliver(line, witnesses(edge, room, event.uid), skip=call.connection if call is not None else None)
        if call is not None and call.connection in room.connections:
            call.send(line)
    else:
        show(room, line, call)
    show_late(room, event.uid, line)
    _leaves(edge, room, event.uid)


def _kicked(edge: EdgePort, room: Room, channel: Channel, event: Kicked, stamp: EventId, call: Call | None) -> None:
    victim = edge.people.get(event.uid)
    nick = victim.nick if victim is not None else event.nick
    author = author_of(edge, event)
    line = rendering.kicked(event, author, nick, channel.name, stamp)
    show(room, line, call)
    show_late(room, event.uid, line)
    if event.uid in room.users:
        out = PutOut(author.source, event.reason, stamp.at, event.account)
        kicks.note(edge, room.users[event.uid], room.group, channel.name, out)
    _leaves(edge, room, event.uid)


def _emptied(edge: EdgePort, room: Room, channel: Channel, event: Emptied, stamp: EventId, call: Call | None) -> None:
    for one in rendering.kicks_of(event):
        _kicked(edge, room, channel, one, stamp, call)


def _has_quit(edge: EdgePort, room: Room, channel: Channel, event: HasQuit, stamp: EventId, call: Call | None) -> None:
    """Show the QUIT of each person once to each client here that sees the person in any channel (P28)."""
    for uid, author in event.authors():
        user = room.users.get(uid)
        if event.evicted and user is not None and not user.quitting:
            _given_up(edge, room, channel, user, event.reason, stamp)
        else:
            show_quit(edge, uid, author, event.reason, stamp)
            _leaves(edge, room, uid)


def _given_up(edge: EdgePort, room: Room, channel: Channel, user: User, reason: str, stamp: EventId) -> None:
    """Bring the user back: this node was taken for dead, and the user for gone (P31). No client here reads a QUIT of a
    person with a live connection."""
    person = edge.people.newest(user.person)
    deliver(Line(person.author, "PART", (channel.name, reason), at=stamp.at, msgid=stamp.msgid), room.connections)
    _leaves(edge, room, user.uid)
    rejoin(edge, room.group, channel.name, user)


def _topic_set(
    edge: EdgePort, room: Room, channel: Channel, event: TopicSet, stamp: EventId, call: Call | None
) -> None:
    show(room, rendering.topic_set(event, author_of(edge, event), channel.name, stamp), call)


def _metadata_set(
    edge: EdgePort, room: Room, channel: Channel, event: MetadataSet, stamp: EventId, call: Call | None
) -> None:
    """Show the change to the other connections that follow the keys: the author's connection is answered."""
    own = call.connection if call is not None else None
    for key in event.keys:
        before, now = ({key: ""}, {}) if event.value is None else ({}, {key: event.value})
        metadata.show_changes(edge, [c for c in room.connections if c is not own], channel.name, before, now)


def _modes_set(
    edge: EdgePort, room: Room, channel: Channel, event: ModesSet, stamp: EventId, call: Call | None
) -> None:
    author = author_of(edge, event)
    changes = []
    for change in event.changes:
        person = edge.people.get(change.uid) if change.uid else None
        changes.append(ModeChange(change.adding, change.letter, person.nick if person is not None else change.param))
    for line in rendering.modes_set(changes, author, channel.name, stamp, edge.settings.limits.modes):
        show(room, line, call)


def _updated(edge: EdgePort, room: Room, channel: Channel, event: Updated, stamp: EventId, call: Call | None) -> None:
    show_update(edge, event.person, stamp)
    show_ranks(edge, room, channel.name, event.changes, stamp)
    user = edge.users.get(event.person.uid) if event.person.edge == edge.network.me else None
    if user is not None and user.uid not in room.users:  # the session has come to this node
        room.listed.discard(user.uid)
        edge.people.add(event.person, room.group)
        edge.sessions.arrive(user, room)
    elif user is None and event.person.uid in room.users:  # the session has gone elsewhere, for all the channel knows
        edge.sessions.cursors.mark(room.users[event.person.uid], room.group)
    if event.flooded is not None:
        _flooded(edge, room, channel, event.flooded, stamp, call)


def _flooded(edge: EdgePort, room: Room, channel: Channel, event: Flooded, stamp: EventId, call: Call | None) -> None:
    for part in rendering.parts_of(event):
        _SHOW[type(part)](edge, room, channel, part, stamp, call)


def _ranks_moved(
    edge: EdgePort,
    room: Room,
    channel: Channel,
    event: Registered | Unregistered | AccessSet | HolderSet | Doubted | SettingSet,
    stamp: EventId,
    call: Call | None,
) -> None:
    """Show the change of ranks: services answer the person who asked, and others are not told of accesses."""
    show_ranks(edge, room, channel.name, event.changes, stamp, call)


def _silent(*_: Any) -> None:
    """Show nothing: earlier lines stay with the readers, and IRC has no word for this event."""


_SHOW: dict[type, Callable[..., None]] = {
    Said: said,
    Joined: _joined,
    Parted: _parted,
    Kicked: _kicked,
    HasQuit: _has_quit,
    TopicSet: _topic_set,
    ModesSet: _modes_set,
    MetadataSet: _metadata_set,
    Redacted: show_redacted,
    Forgotten: _silent,
    Subscribed: _silent,
    Unsubscribed: _silent,
    Advanced: _silent,
    HistoryTrimmed: _silent,
    Sighted: _silent,
    Emptied: _emptied,
    Invited: show_invited,
    Updated: _updated,
    Flooded: _flooded,
    Knocked: show_knocked,
    SettingSet: _ranks_moved,
    AkickSet: _silent,
    Registered: _ranks_moved,
    Unregistered: _ranks_moved,
    AccessSet: _ranks_moved,
    HolderSet: _ranks_moved,
    Doubted: _ranks_moved,
}
