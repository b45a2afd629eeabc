"""What a client's node and its session's node tell each other, and the way between them (sessions/forwarding.py)."""

from __future__ import annotations

from abc import ABC, abstractmethod

import msgspec

from gateway.edge.accounts.identity import Login
from gateway.edge.sessions.unsettled import UnsettledLines
from gateway.state.once import Sayer
from ring.duplex import Stream
from ring.wire.history import Cursor


class Standing(msgspec.Struct, frozen=True, array_like=True):
    """What a client may become by what it says: told to whichever node does not read it.

    session: the folded account whose session it is in; "" for none, and then it has none to come back to.
    """

    caps: frozenset[str]
    cap_version: int
    login: Login | None
    session: str


class Hello(msgspec.Struct, frozen=True, array_like=True):
    """What the session's node has to know of the client.

    silent: it has been shown the session already. gone: it is not there any more, and only what it has said is left.
    settled: the number of the line before the first that follows; sayer: what its words are known by (P9).
    """

    address: str
    secure: bool
    certificate: str | None
    standing: Standing
    nick: str
    silent: bool
    places: dict[str, Cursor]
    sayer: Sayer
    settled: int
    gone: bool = False


class Shown(msgspec.Struct, frozen=True, array_like=True):
    """Bytes for the client, and how far it is in its channels once it has them (folded name -> place).

    settled: with these, its lines up to this number are carried out and answered. standing: None where it is as before.
    """

    data: bytes
    places: dict[str, Cursor]
    settled: int
    standing: Standing | None = None


class Forwarder(ABC):
    """On the client's node: the way to a session on another node. account: the session's, folded. came: by folded
    channel, how far the client is by what had come to its machine when that was last looked at."""

    account: str
    outbox: UnsettledLines
    came: dict[str, Cursor]

    @property
    @abstractmethod
    def device(self) -> str: ...

    @abstractmethod
    def send(self, line: bytes) -> None:
        """Pass on a line of the client."""

    @abstractmethod
    def tick(self) -> None: ...

    @abstractmethod
    def close(self) -> None:
        """The client has gone."""

    @abstractmethod
    def was_sent(self, places: dict[str, Cursor]) -> None:
        """The client is so far by what it has been sent until now."""

    @abstractmethod
    def came_now(self) -> dict[str, Cursor]:
        """By folded channel, how far the client is by what has come to its machine."""


class RemoteSide:
    """The other node of a connection whose session is not on the client's node.

    tunnel: on the client's node, the way to the session. stream: on the session's node, the way from the client. told:
    there, what the client's node knows of the client; settled_told: and of the client's lines, up to that number.
    sayer: what the client's words are known by, where another edge may say them, too (P9).
    """

    __slots__ = ("sayer", "settled_told", "stream", "told", "tunnel")

    def __init__(self) -> None:
        self.tunnel: Forwarder | None = None
        self.stream: Stream | None = None
        self.told: Standing | None = None
        self.settled_told = -1
        self.sayer: Sayer | None = None
