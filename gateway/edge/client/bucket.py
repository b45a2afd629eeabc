"""The tokens of one connection: written by the flood control alone (client/flood.py)."""

from __future__ import annotations


class Bucket:
    """tokens: below 0 while the connection owes some. makes: channels made lately, and joins under way which may make
    a channel; falls with time. Times in Unix seconds."""

    __slots__ = ("makes", "makes_at", "refilled_at", "tokens")

    def __init__(self) -> None:
        self.tokens = 0.0
        self.refilled_at = 0.0
        self.makes = 0.0
        self.makes_at = 0.0

    def give_back(self) -> None:
        """Take back one count of `makes`: the JOIN has found an existing channel."""
        self.makes -= 1
