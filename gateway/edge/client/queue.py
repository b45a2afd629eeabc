"""The lines of one connection that wait, and the commands that are not answered yet."""

from __future__ import annotations

from gateway.edge.client.slots import Command
from gateway.irc.splitter import Item


class CommandQueue:
    """calls: commands that are not answered yet, the oldest first. pending: lines that wait, for the flood control or
    for a NICK under way. line: so many lines have been carried out, or sent to the session's node. gate: further lines
    wait until this command has ended; busy: further lines wait for something else. resuming, advancing: just now, so
    that nobody else does the same within that."""

    __slots__ = ("advancing", "busy", "calls", "gate", "line", "pending", "resuming")

    def __init__(self) -> None:
        self.calls: dict[Command, None] = {}
        self.pending: list[Item] = []
        self.line = 0
        self.busy = False
        self.gate: Command | None = None
        self.resuming = False
        self.advancing = False
