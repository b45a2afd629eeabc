"""A client reads the answers to its commands in the order of the commands.

Commands are carried out as they come, many at a time, and are answered in any order. So each command has a place among
the connection's calls, and within the command each step that waits for the network has a place: a `Slot`. What a slot
is answered goes out at once where all before it has ended, and waits in the slot otherwise.

Lines of other people do not wait, for their PONG promises that everybody has been sent the lines (P34). So when
something happens in a channel in which a client's own line waits (a JOIN, an echo), the client reads its own line
first, and earlier commands are answered after: all clients must read the channel in the same order.

Nothing waits for longer than settle_max_s: a call that is older holds up nobody any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from gateway.edge.lines import Line

if TYPE_CHECKING:
    from gateway.edge.call import Call
    from gateway.edge.connection import Connection
    from gateway.edge.edge import Edge
    from ring.ids import GroupId
    from ring.wire.history import Cursor

Send = Callable[[Line], None]
Drawn = Callable[[Send], None]
"""Lines that are made when they may be read: what they say is true then."""

Answer = tuple[Line, str | None] | Drawn
"""A line with its batch (None: no batch); or lines that are made later."""


class Slot:
    """A place among a command's answers. items: the waiting answers and the command's further slots, in order."""

    __slots__ = ("items", "open")

    def __init__(self) -> None:
        self.items: list[Answer | Slot] = []
        self.open = True


def drain(slot: Slot, emit: Callable[[Answer], None]) -> Slot | None:
    """Emit what may be read by now. Returns the slot that everything after it waits for; None: the slot is done."""
    items = slot.items
    for done, item in enumerate(items):
        if not isinstance(item, Slot):
            emit(item)
        elif (waits := drain(item, emit)) is not None:
            del items[:done]
            return waits
    items.clear()
    return slot if slot.open else None


def empty(slot: Slot, emit: Callable[[Answer], None]) -> None:
    """Emit all that waits. Slots that are open stay so."""
    items, slot.items = slot.items, []
    for item in items:
        if isinstance(item, Slot):
            empty(item, emit)
        else:
            emit(item)


def is_empty(slot: Slot) -> bool:
    return all(isinstance(item, Slot) and is_empty(item) for item in slot.items)


def first(connection: Connection) -> Call | None:
    """The oldest unanswered command for which later commands still wait."""
    for call in connection.calls:
        if not call.late:
            return call
    return None


def advance(connection: Connection) -> None:
    """A command has ended: later commands may be answered, and commands that waited for this end begin."""
    if connection.advancing or not connection.calls:
        return
    connection.advancing = True
    while (call := first(connection)) is not None and call.go_on():
        pass
    connection.advancing = False


def hurry(connection: Connection, before: float) -> None:
    """Commands given before that time hold up nobody any more."""
    for call in list(connection.calls):
        if call.since > before:
            break
        if not call.late:
            call.let_go()
    advance(connection)


def let_go(connection: Connection, upto: Call) -> None:
    """Commands given before this one hold up nobody any more."""
    for call in list(connection.calls):
        if call is upto:
            break
        if not call.late:
            call.let_go()


def flush(connection: Connection) -> None:
    """The connection ends: what waits goes out now, in its order."""
    for call in list(connection.calls):
        call.flush()


# Channels -------------------------------------------------------------------------------------------------------------


class Aside(NamedTuple):
    """A command's own lines in one group, while these lines wait. before: how far the client is until it has read the
    first line. upto: how far the client is once it has read the last line."""

    before: Cursor
    upto: Cursor


class Asides:
    """Where a client's own line waits for its turn, and nothing else has happened in that group since."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self.groups: dict[GroupId, dict[Connection, list[Call]]] = {}  # whose own lines, the oldest first

    def add(self, group: GroupId, call: Call) -> None:
        """The command's own line in the group waits. The line is the last that was applied here."""
        here, known = self._edge.engine.applied_to(group), call.asides.get(group)
        if known is None:
            self.groups.setdefault(group, {}).setdefault(call.connection, []).append(call)
        before = known.before if known is not None else msgspec.structs.replace(here, seq=here.seq - 1, at=here.at - 1)
        call.asides = {**call.asides, group: Aside(before, here)}

    def place(self, connection: Connection, group: GroupId) -> Cursor | None:
        """How far the connection is in the group, where a line of its own waits there."""
        calls = self.groups.get(group, {}).get(connection)
        return calls[0].asides[group].before if calls else None

    def release(self, group: GroupId, own: Connection | None) -> None:
        """Something happens in the group: whoever's own line waits there reads that line first. own: whose command it
        is that happens."""
        for connection, calls in list(self.groups.get(group, {}).items()):
            if connection is not own and not calls[-1].late:
                let_go(connection, calls[-1])
                calls[-1].let_go()

    def end(self, call: Call) -> None:
        """The command's own lines are out: note anew how far the client is in these groups. A client whose session
        has left this node meanwhile reads the lines here all the same: the session's next node has to know (P38)."""
        connection, asides, call.asides = call.connection, call.asides, NOWHERE
        for group, aside in asides.items():
            waiting = self.groups[group]
            waiting[connection].remove(call)
            if connection.tunnel is not None:
                connection.tunnel.was_sent({group.name: self.place(connection, group) or aside.upto})
            if not waiting[connection]:
                del waiting[connection]
            if not waiting:
                del self.groups[group]
            self._edge.told[group] = None
        if connection not in self._edge.dirty:
            self._edge.dirty.append(connection)


NOWHERE: Mapping[GroupId, Aside] = MappingProxyType({})
