"""Where a client's own lines wait for their turn, and how far the client is in each of these groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.edge.client.order import let_go
from gateway.edge.client.slots import NOWHERE, Aside
from gateway.edge.ports import AsidesPort, EdgePort
from ring.ids import GroupId
from ring.wire.history import Cursor

if TYPE_CHECKING:
    from gateway.edge.client.call import Call
    from gateway.edge.client.connection import Connection


class Asides(AsidesPort):
    """Where a client's own line waits for its turn, and nothing else has happened in that group since."""

    def __init__(self, edge: EdgePort) -> None:
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
            if connection.remote.tunnel is not None:
                connection.remote.tunnel.was_sent({group.name: self.place(connection, group) or aside.upto})
            if not waiting[connection]:
                del waiting[connection]
            if not waiting:
                del self.groups[group]
            self._edge.told[group] = None
        if connection not in self._edge.clients.dirty:
            self._edge.clients.dirty.append(connection)
