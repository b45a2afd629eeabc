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

from gateway.edge.client.connection import Connection
from gateway.edge.client.slots import Command


def first(connection: Connection) -> Command | None:
    """The oldest unanswered command for which later commands still wait."""
    for call in connection.queue.calls:
        if not call.late:
            return call
    return None


def advance(connection: Connection) -> None:
    """A command has ended: later commands may be answered, and commands that waited for this end begin."""
    if connection.queue.advancing or not connection.queue.calls:
        return
    connection.queue.advancing = True
    while (call := first(connection)) is not None and call.go_on():
        pass
    connection.queue.advancing = False


def hurry(connection: Connection, before: float) -> None:
    """Commands given before that time hold up nobody any more."""
    for call in list(connection.queue.calls):
        if call.since > before:
            break
        if not call.late:
            call.let_go()
    advance(connection)


def let_go(connection: Connection, upto: Command) -> None:
    """Commands given before this one hold up nobody any more."""
    for call in list(connection.queue.calls):
        if call is upto:
            break
        if not call.late:
            call.let_go()


def flush(connection: Connection) -> None:
    """The connection ends: what waits goes out now, in its order."""
    for call in list(connection.queue.calls):
        call.flush()
