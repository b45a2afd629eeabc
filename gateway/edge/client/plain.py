"""A plain line under way that normally has no answer: it stands among the unanswered commands, as a Call does, and
holds up later answers. Where there is something to answer after all, a Call takes the place of the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.edge.client.call import Call
from gateway.edge.client.order import advance
from gateway.edge.client.slots import Command
from gateway.edge.ports import EdgePort
from gateway.irc.message import Message

if TYPE_CHECKING:
    from gateway.edge.client.connection import Connection


class PlainCommand(Command):
    """A command without slots for answers."""

    __slots__ = ("connection", "edge", "late", "line", "since")

    def __init__(self, edge: EdgePort, connection: Connection) -> None:
        self.open = True
        self.edge = edge
        self.connection = connection
        self.line = connection.queue.line
        self.since = edge.network.now
        self.late = False

    def stand(self) -> None:
        """Stand among the unanswered commands."""
        connection = self.connection
        self.edge.clients.attention.restless[connection] = None
        connection.queue.calls[self] = None

    def end(self) -> None:
        """End without an answer."""
        self.late = True
        queue = self.connection.queue
        if self in queue.calls:
            del queue.calls[self]
            if queue.calls:
                advance(self.connection)

    def become_call(self, message: Message) -> Call:
        """Put a call in the place of this command among the unanswered commands. The call is held until `release`."""
        connection, calls = self.connection, self.connection.queue.calls
        call = Call(self.edge, connection, message)
        call.line, call.since, call.late = self.line, self.since, self.late
        later = list(calls)[list(calls).index(self) :] if self in calls else []
        for command in later:
            del calls[command]
        call.begin()
        for command in later[1:]:
            calls[command] = None
        return call

    def go_on(self) -> bool:
        return self.late

    def let_go(self) -> None:
        self.late = True

    def flush(self) -> None:
        """Nothing waits: this command has no answer."""
