"""The waiting lines and the unanswered commands of one connection, and the tokens for further lines."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.edge.client.slots import Command
from gateway.irc.splitter import Item


class Bucket:
    """Written by the flood control alone (client/flood.py). tokens: below 0 while the connection owes some. makes:
    channels made lately, and joins under way which may make a channel; falls with time. Times in Unix seconds."""

    __slots__ = ("makes", "makes_at", "refilled_at", "tokens")

    def __init__(self) -> None:
        self.tokens = 0.0
        self.refilled_at = 0.0
        self.makes = 0.0
        self.makes_at = 0.0

    def give_back(self) -> None:
        """Take back one count of `makes`: the JOIN has found an existing channel."""
        self.makes -= 1


class CommandQueue:
    """calls: unanswered commands, the oldest first. pending: lines which wait for the flood control or for a NICK under
    way. line: number of lines carried out, or sent to the session's node. gate: further lines wait until this command
    has ended; busy: further lines wait for something else. resuming, advancing: Clients.resume and order.advance are
    running, and must not begin again within the same run. ending: why the client, which sends no more, leaves once all
    lines are carried out. bucket: of the flood control."""

    __slots__ = ("advancing", "bucket", "busy", "calls", "ending", "gate", "line", "pending", "resuming")

    def __init__(self) -> None:
        self.calls: dict[Command, None] = {}
        self.pending: list[Item] = []
        self.line = 0
        self.busy = False
        self.gate: Command | None = None
        self.resuming = False
        self.advancing = False
        self.ending: str | None = None
        self.bucket = Bucket()

    def pause(self) -> None:
        """Let the client's further lines wait for something else than a command."""
        self.busy = True

    def unpause(self) -> None:
        """Let the client's lines be carried out. The lines that wait begin with `Clients.resume`."""
        self.busy = False

    def go_on_from(self, line: int) -> None:
        """Take over the number of lines that another node has carried out."""
        self.line = line

    def return_lines(self, lines: Sequence[Item]) -> None:
        """Put lines in front of the waiting lines."""
        self.pending[:0] = lines

    def drop_lines(self) -> None:
        self.pending.clear()
