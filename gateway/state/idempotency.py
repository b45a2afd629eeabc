"""Idempotency keys of messages: several nodes may send the same message, and the message is said once (P9)."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from gateway.irc import numerics as n
from gateway.state.people import refused
from ring.ids import Incarnation
from ring.replication.state_machine import Decision


class Speaker(NamedTuple):
    """A client's connection. node: the node with the client's socket, which need not be the session's node. number: the
    connection's number on this node."""

    node: Incarnation
    number: int


class IdempotencyKey(NamedTuple):
    """line: index of the line in the connection. target: index of the target in the line."""

    speaker: Speaker
    line: int
    target: int = 0


_NOBODY: Final = -1
"""No connection has this number."""


def of_command(origin: Incarnation, number: int) -> IdempotencyKey:
    """Make the key of a message that no other node can send: the origin and the number of the command."""
    return IdempotencyKey(Speaker(origin, _NOBODY), number)


class Probe(msgspec.Struct, frozen=True, array_like=True, tag=60):
    """Has the group carried out the command with this key? If so, the answer is the command's outcome; if not, a
    Refusal."""

    idempotency_key: IdempotencyKey | None


def decide_probe(*_: Any) -> Decision:
    """Refuse: the log of the group does not have the command."""
    return Decision(refused(n.ERR_NOSUCHNICK, "*"), None)
