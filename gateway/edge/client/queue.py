"""The waiting lines and the unanswered commands of one connection."""

from __future__ import annotations

from gateway.edge.client.slots import Command
from gateway.irc.splitter import Item


class CommandQueue:
    """calls: unanswered commands, the oldest first. pending: lines which wait for the flood control or for a NICK under
    way. line: number of lines carried out, or sent to the session's node. gate: further lines wait until this command
    has ended; busy: further lines wait for something else. resuming, advancing: Clients.resume and order.advance are
    running, and must not begin again within the same run."""

    __slots__ = ("advancing", "busy", "calls", "gate", "line", "pending", "resuming")

    def __init__(self) -> None:
        self.calls: dict[Command, None] = {}
        self.pending: list[Item] = []
        self.line = 0
        self.busy = False
        self.gate: Command | None = None
        self.resuming = False
        self.advancing = False
