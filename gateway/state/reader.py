"""Reads the values of one kind of group from links, and names the outcome of a command that no rule has judged."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import msgspec

from gateway.irc import numerics as n
from gateway.state.people import Refusal
from ring.replication.state_machine import KindBase

UNJUDGED: Final = Refusal(n.ERR_UNKNOWNERROR, ("*", "The server made a mistake with that command: nothing was changed"))
"""The outcome of a command that the program failed to judge, for kinds with refusals.

Source: Modern IRC Client Protocol, ERR_UNKNOWNERROR.
"""


@cache
def _decoder(union: Any) -> Callable[..., Any]:
    """Make the decoder of a union of structs. Without the cache, the decoders take half of the time to make a node."""
    return msgspec.msgpack.Decoder(union).decode


class KindReader(KindBase):
    """The decoders for the unions of a kind."""

    def __init__(self, command: Any, event: Any, outcome: Any, question: Any, answer: Any) -> None:
        self.read_command = _decoder(command)
        self.read_event = _decoder(event)
        self.read_outcome = _decoder(outcome)
        self.read_question = _decoder(question)
        self.read_answer = _decoder(answer)
