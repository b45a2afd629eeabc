"""Shows the ranks that members have by access (ChanServ), where no MODE of a person gives or takes the ranks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gateway.edge.client.connection import Connection, deliver
from gateway.edge.client.lines import Line
from gateway.edge.users.rooms import Room
from gateway.irc.modes import ModeChange, render_changes
from gateway.state.channel import mode_change
from gateway.state.channel.channel import Channel
from ring.replication.application import EventId

if TYPE_CHECKING:
    from gateway.edge.client.call import Call
    from gateway.edge.ports import EdgePort


def lines_of(edge: EdgePort, name: str, changes: Sequence[mode_change.ModeChange], stamp: EventId) -> list[Line]:
    """Make the MODE lines of the changes, from the server, with the nicks that people here know."""
    settings, shown = edge.settings, []
    for change in changes:
        person = edge.people.get(change.uid) if change.uid else None
        shown.append(ModeChange(change.adding, change.letter, person.nick if person is not None else change.param))
    server = settings.network.server_name
    return [Line(server, "MODE", (name, *one), at=stamp.at) for one in render_changes(shown, settings.limits.modes)]


def show_ranks(
    edge: EdgePort,
    room: Room,
    name: str,
    changes: Sequence[mode_change.ModeChange],
    stamp: EventId,
    call: Call | None = None,
) -> None:
    """Show the changes to everybody here. call: of the command that caused the changes: its connection reads the lines
    in turn."""
    own = call.connection if call is not None else None
    for line in lines_of(edge, name, changes, stamp):
        room.deliver(line, skip=own)
        if call is not None and own is not None and own in room.connections:
            call.send(line)


def show_entered(
    edge: EdgePort, name: str, changes: Sequence[mode_change.ModeChange], stamp: EventId, others: Sequence[Connection]
) -> None:
    """Show the ranks of a member who has just entered to the others: the member reads its ranks in the list of
    names."""
    for line in lines_of(edge, name, changes, stamp):
        deliver(line, others)


def tell_void_registration(edge: EdgePort, old: Channel, new: Channel) -> None:
    """Tell the founder of a registration which a merge has made void: the other side's registration is older (P50)."""
    void, known = old.register.kept[:1], new.register.kept[:1]
    if not void or not known or void[0].id == known[0].id:
        return
    server = edge.settings.network.server_name
    text = f"Your registration of {new.name} is void: {known[0].founder.name} has registered the channel before you"
    for user in edge.users.values():
        if user.person.life == void[0].founder.life:
            user.send(Line(server, "NOTICE", (user.person.nick, f"{text}, on another side of a partition.")))
