"""Messages between a client's node and the session's node, and the ends of the stream (sessions/forwarding.py)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import msgspec

from gateway.edge.accounts.proof import Login
from gateway.edge.sessions.unsettled import UnsettledLines
from gateway.state.idempotency import Speaker
from ring.duplex import Stream
from ring.wire.history import Cursor


class Standing(msgspec.Struct, frozen=True, array_like=True):
    """The effects of a client's commands on its connection: told to the node that does not read these commands.

    session: the folded account of the client's session; "" for none: then the client has no session to come back to.
    away, metadata: what the client said before registration. keys: of metadata, which the client follows.
    """

    NEWER: ClassVar = {"away": 3, "keys": 3, "metadata": 3}

    caps: frozenset[str]
    cap_version: int
    login: Login | None
    session: str
    away: str | None = None
    keys: tuple[str, ...] = ()
    metadata: dict[str, str] = {}


class Hello(msgspec.Struct, frozen=True, array_like=True):
    """Introduces the client to the session's node.

    silent: the client was shown the session already. gone: the client is gone, and only the client's lines are left.
    settled: the number of the line before the first line to follow; speaker: identifies the client's lines (P9).
    """

    address: str
    secure: bool
    certificate: str | None
    standing: Standing
    nick: str
    silent: bool
    cursors: dict[str, Cursor]
    speaker: Speaker
    settled: int
    gone: bool = False


class Shown(msgspec.Struct, frozen=True, array_like=True):
    """Bytes for the client, and the client's cursors after these bytes (folded name -> cursor).

    settled: the client's lines up to this number are carried out and answered with these bytes. standing: None if
    unchanged.
    """

    data: bytes
    cursors: dict[str, Cursor]
    settled: int
    standing: Standing | None = None


class Forwarder(ABC):
    """On the client's node: the way to a session on another node. account: the session's, folded. delivered: the
    client's cursors, by folded channel, by lines received at the last look."""

    account: str
    unsettled: UnsettledLines
    delivered: dict[str, Cursor]

    @property
    @abstractmethod
    def device(self) -> str: ...

    @property
    @abstractmethod
    def owes(self) -> bool:
        """Tell whether the session's node has still to hear that bytes have come to the client."""

    @abstractmethod
    def send(self, line: bytes) -> None:
        """Forward a line of the client."""

    @abstractmethod
    def tick(self) -> None: ...

    @abstractmethod
    def close(self) -> None:
        """End the forwarding: the client has gone."""

    @abstractmethod
    def was_sent(self, cursors: dict[str, Cursor]) -> None:
        """Note the cursors that the client reaches by all bytes sent so far."""

    @abstractmethod
    def delivered_now(self) -> dict[str, Cursor]:
        """Return the client's cursors, by folded channel, counting lines received by the client's machine."""


class RemoteSide:
    """The other node of a connection, if client and session are on different nodes.

    forwarder: on the client's node, the way to the session. stream: on the session's node, the way from the client.
    told: the client's standing as known to the client's node; settled_told: the last line that the client's node knows
    to be settled; both on the session's node. speaker: identifies the client's lines, in case another edge says a line
    again (P9).
    """

    __slots__ = ("forwarder", "settled_told", "speaker", "stream", "told")

    def __init__(self) -> None:
        self.forwarder: Forwarder | None = None
        self.stream: Stream | None = None
        self.told: Standing | None = None
        self.settled_told = -1
        self.speaker: Speaker | None = None
