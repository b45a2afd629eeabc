"""The output of all connections of a node in a turn, and one line for all connections of a room.

Theory of operation. A connection's lines wait in the list `Connection.out` until the flush. A room's audience keeps the
lists of its connections, by capability variant, so that a message costs an append for each member and nothing else: a
message to a hundred people took six times as long when the lists, variants and marks were looked up for each member.

Invariants. A connection with something in `ready` is among `dirty`. An audience has the present lists and variants of
its connections, or `layout` has another value than when the audience was made: whoever gives a member of a room
another list or variant counts `layout` up (`Connection`), and whoever changes a room's connections drops the room's
audience (`Room`). An audience has marked its connections as dirty if its `turn` is the present turn.

While a crowd comes, each newcomer's JOIN goes to all members of a channel: a write for each member. Such lines are
patient: a connection with nothing else to write waits for at most PATIENCE_S. Any other line takes the patient lines
along, and a PONG waits for all patient lines of the node (P34). The first CROWD of each second go at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Generic, Protocol, TypeVar

from gateway.edge.client.lines import Line

PATIENCE_S: Final = 0.2
"""A JOIN waits so long for more lines for the same member, while a crowd comes."""

CROWD: Final = 16
"""So many JOINs of each second wait for nothing."""


class Writable(Protocol):
    """A connection, as the output sees the connection."""

    out: list[bytes]
    variant: int


C = TypeVar("C", bound=Writable)


class Outputs(Generic[C]):
    """Shared by the connections of a node. dirty: connections with something to write at the next flush, in order.
    turn: counts how often `dirty` was emptied or cut. layout: counts changes of a registered connection's variant, or
    of the list for its new lines. patient: number of lines that may wait, of connections to which such lines were sent.
    patient_until: Unix seconds, by which all patient lines are to be written."""

    __slots__ = ("_came", "_second", "dirty", "layout", "patient", "patient_until", "turn")

    def __init__(self) -> None:
        self.dirty: dict[C, None] = {}
        self.turn = 0
        self.layout = 0
        self.patient: dict[C, int] = {}
        self.patient_until = 0.0
        self._second = 0.0  # Unix seconds, when the present second began
        self._came = 0  # in the present second

    def take(self) -> dict[C, None]:
        """Return the dirty connections, and begin another turn."""
        found, self.dirty = self.dirty, {}
        self.turn += 1
        return found

    def leave(self, connections: list[C]) -> None:
        """Let only these connections be dirty: the others' output is sent."""
        self.dirty = dict.fromkeys(connections)
        self.patient = {connection: count for connection, count in self.patient.items() if connection in self.dirty}
        self.turn += 1

    def may_wait(self, connections: Iterable[C], now: float) -> None:
        """Let the JOIN, the last line of each of these connections, wait for further lines, if a crowd comes."""
        if not 0.0 <= now - self._second < 1.0:
            self._second, self._came = now, 0
        self._came += 1
        if self._came <= CROWD:
            return
        patient = self.patient
        if not patient:
            self.patient_until = now + PATIENCE_S
        for connection in connections:
            patient[connection] = patient.get(connection, 0) + 1

    def hurry(self) -> None:
        """Let nothing wait."""
        self.patient.clear()


class Audience(Generic[C]):
    """The lists for new lines of some connections, by variant, while nothing about the connections changes."""

    __slots__ = ("_connections", "_layout", "_lists", "_outputs", "_turn")

    def __init__(self, connections: dict[C, None], outputs: Outputs[C]) -> None:
        """connections: at least one, of a node with these outputs."""
        self._connections = connections
        self._outputs = outputs
        self._layout = outputs.layout
        self._turn = -1
        self._lists: dict[int, list[list[bytes]]] = {}
        for connection in connections:
            lists = self._lists.get(connection.variant)
            if lists is None:
                lists = self._lists[connection.variant] = []
            lists.append(connection.out)

    def deliver(self, line: Line) -> bool:
        """Append the line to the output of each connection, rendered once per variant. Returns False, and does nothing,
        if the lists are those of the past."""
        outputs = self._outputs
        if self._layout != outputs.layout:
            return False
        if self._turn != outputs.turn:
            self._turn = outputs.turn
            outputs.dirty.update(self._connections)
        for variant, lists in self._lists.items():
            data = line.render(variant)
            for out in lists:
                out.append(data)
        return True
