"""The words for people whom a ban of the network hits."""

from __future__ import annotations

from typing import Final

from gateway.state.bans.messages import Entry

WORDS: Final = {"kline": "K-lined", "dline": "D-lined", "xline": "X-lined", "filter": "Filtered"}
"""How a ban is called in the last line to a client."""


def told(entry: Entry) -> str:
    """Return the reason for the end of a connection, as the client and the channels read the reason."""
    word = WORDS[entry.kind]
    return f"{word}: {entry.reason}" if entry.reason else word


def banned(entry: Entry) -> str:
    """Return the text of 465: that the client is banned, and why."""
    return f"You are banned from this network ({told(entry)})"
