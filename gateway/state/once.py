"""What somebody said is known by, where more than one edge may come to say it: it is said once (P9)."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from gateway.irc import numerics as n
from gateway.state.people import refused
from ring.ids import Incarnation
from ring.replication.state_machine import Decision


class Sayer(NamedTuple):
    """A client's connection, wherever its session is. node: the one that it is connected to, number: its there."""

    node: Incarnation
    number: int


class Once(NamedTuple):
    """line: the how manieth of its client. target: the how manieth of those that the line names."""

    sayer: Sayer
    line: int
    target: int = 0


_NOBODY: Final = -1
"""No connection has this number."""


def of_command(origin: Incarnation, number: int) -> Once:
    """The name of a message that no other edge may come to say: the origin and the number of its command."""
    return Once(Sayer(origin, _NOBODY), number)


class Repeat(msgspec.Struct, frozen=True, array_like=True, tag=60):
    """Has this been done here? Answered as it was then; with a Refusal, if it was not."""

    once: Once | None


def decide_repeat(*_: Any) -> Decision:
    """Whoever keeps the log has not found it there."""
    return Decision(refused(n.ERR_NOSUCHNICK, "*"), None)
