"""A client reads the answers to its commands in the order of the commands.

Commands are carried out as they come, many at a time, and are answered in any order. So each command has a place among
the connection's calls, and within the command each step on the network has a place: a `Slot`. The answers of a slot go
out at once if everything before the slot has ended, and otherwise wait in the slot.

Lines of other people do not wait: a PONG to the speaker promises that everybody has been sent the line (P34). So
something may happen in a channel while a client's own line (a JOIN, an echo) waits. Then the client reads the own line
first, and earlier commands are answered afterwards: all clients must read the channel in the same order.

Nothing waits for longer than settle_max_s: an older call holds up nobody any more.
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
    """Answer later commands after the end of a command, and begin the commands which waited for this end."""
    if connection.queue.advancing or not connection.queue.calls:
        return
    connection.queue.advancing = True
    while (call := first(connection)) is not None and call.go_on():
        pass
    connection.queue.advancing = False


def hurry(connection: Connection, before: float) -> None:
    """Let commands given before this time hold up nobody any more."""
    for call in list(connection.queue.calls):
        if call.since > before:
            break
        if not call.late:
            call.let_go()
    advance(connection)


def let_go(connection: Connection, upto: Command) -> None:
    """Let commands given before the command `upto` hold up nobody any more."""
    for call in list(connection.queue.calls):
        if call is upto:
            break
        if not call.late:
            call.let_go()


def flush(connection: Connection) -> None:
    """Send all waiting answers now, in order, as the connection ends."""
    for call in list(connection.queue.calls):
        call.flush()
