"""The groups in which a client's own lines wait, and how far the client is in each of these groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.edge.client.answer_port import AsidesPort
from gateway.edge.client.order import let_go
from gateway.edge.client.slots import NOWHERE, Aside
from gateway.edge.ports import EdgePort
from ring.ids import GroupId
from ring.wire.history import Cursor

if TYPE_CHECKING:
    from gateway.edge.client.answering import Answering
    from gateway.edge.client.connection import Connection


class Asides(AsidesPort):
    """The groups in which a client's own line waits, and in which nothing else has happened since."""

    def __init__(self, edge: EdgePort) -> None:
        self._edge = edge
        self.groups: dict[
            GroupId, dict[Connection, list[Answering]]
        ] = {}  # commands with waiting lines, the oldest first

    def add(self, group: GroupId, call: Answering) -> None:
        """Note that the command's own line in the group waits. The line is the last event applied here."""
        here, known = self._edge.network.applied_to(group), call.asides.get(group)
        if known is None:
            self.groups.setdefault(group, {}).setdefault(call.connection, []).append(call)
        before = known.before if known is not None else msgspec.structs.replace(here, seq=here.seq - 1, at=here.at - 1)
        call.asides = {**call.asides, group: Aside(before, here)}

    def cursor(self, connection: Connection, group: GroupId) -> Cursor | None:
        """Return how far the connection is in the group, if one of the connection's own lines waits there."""
        calls = self.groups.get(group, {}).get(connection)
        return calls[0].asides[group].before if calls else None

    def release(self, group: GroupId, own: Connection | None) -> None:
        """Let each client with a waiting own line read this line first, as something happens in the group. own: the
        connection whose command happens."""
        for connection, calls in list(self.groups.get(group, {}).items()):
            if connection is not own and not calls[-1].late:
                let_go(connection, calls[-1])
                calls[-1].let_go()

    def end(self, call: Answering) -> None:
        """Note anew how far the client is in these groups, as the command's own lines are out. If the session has left
        this node meanwhile, the client still reads the lines here: the session's next node has to know (P38)."""
        connection, asides, call.asides = call.connection, call.asides, NOWHERE
        for group, aside in asides.items():
            waiting = self.groups[group]
            waiting[connection].remove(call)
            if connection.remote.forwarder is not None:
                connection.remote.forwarder.was_sent({group.name: self.cursor(connection, group) or aside.upto})
            if not waiting[connection]:
                del waiting[connection]
            if not waiting:
                del self.groups[group]
            self._edge.told[group] = None
        self._edge.clients.outputs.dirty[connection] = None
