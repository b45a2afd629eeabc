"""Define the messages between two nodes about the nodes themselves: questions, news of nodes, and duplex streams."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from ring.ids import Incarnation
from ring.roster import NodeRecord

# Questions ------------------------------------------------------------------------------------------------------------


class Ask(msgspec.Struct, frozen=True, array_like=True, tag=14):
    """Ask one node; the node's application answers."""

    id: int
    body: msgspec.Raw


class Reply(msgspec.Struct, frozen=True, array_like=True, tag=15):
    """Answer a Question or an Ask."""

    id: int
    body: msgspec.Raw


# Nodes, and who hears them --------------------------------------------------------------------------------------------


class Records(msgspec.Struct, frozen=True, array_like=True, tag=22):
    """Spread news of nodes over the links, above all the sender's leaving (P4).

    thin: whether the sender holds account groups that fewer than `copies` nodes hold (P37); None: no statement. A build
    of level 0 ignores the field, and a network with such a node does not use the field. The field is sent all the same,
    so that the value is known when the network's level rises.
    """

    BY_BUILD: ClassVar = True
    NEWER: ClassVar = {"thin": 1}

    records: list[NodeRecord]
    thin: bool | None = None


class PingRequest(msgspec.Struct, frozen=True, array_like=True, tag=25):
    """Ask whether the receiver has heard the node lately; the sender has not (P19)."""

    node: Incarnation


class PingReply(msgspec.Struct, frozen=True, array_like=True, tag=26):
    """Answer a PingRequest. lately: the sender has heard the node lately."""

    node: Incarnation
    lately: bool


class Relay(msgspec.Struct, frozen=True, array_like=True, tag=27):
    """Pass a list of messages to a node that `origin` cannot reach, through a node that hears both (P19)."""

    to: str
    origin: Incarnation
    payload: msgspec.Raw


# Duplex streams -------------------------------------------------------------------------------------------------------


class Flow(msgspec.Struct, frozen=True, array_like=True, tag=41):
    """Carry a stream between two nodes: parts from `first` on, and the sender's state.

    opener: whether the sender opened the stream. ack: the number of the next part that the sender expects. end: why the
    sender has ended the stream, after these parts. heard: the sender knows the other side's end. used: so many parts
    have reached the destination on the sender's side.
    """

    number: int
    opener: bool
    first: int
    parts: list[bytes]
    ack: int
    end: str | None = None
    heard: bool = False
    used: int = 0
