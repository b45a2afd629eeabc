"""The client's side of a connection: the machine at the other end, the socket, and when the machine was heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.irc.splitter import LineSplitter

if TYPE_CHECKING:
    from ring.links.admission import Ticket


class SocketSide:
    """number: of the connection on this node. certificate: fingerprint of the client's certificate: SHA-256 of the DER,
    in hex. ticket: from the admission; None for another node's client. ready: lines for the next flush. unread: the
    socket is closed, and nobody reads the answers. left: the user goes on without the connection.

    opened: moved on by time for which the client is not to blame. pinged_at: when the unanswered PING was sent, 0 for
    none. Times in Unix seconds.
    """

    __slots__ = (
        "address", "certificate", "last_heard", "left", "number", "opened", "pinged_at", "ready", "secure", "splitter",
        "ticket", "unread",
    )  # fmt: skip

    def __init__(self, number: int, address: str, *, secure: bool, now: float, certificate: str | None) -> None:
        self.number = number
        self.address = address
        self.secure = secure
        self.certificate = certificate
        self.splitter = LineSplitter()
        self.ready: list[bytes] = []
        self.ticket: Ticket | None = None
        self.opened = now
        self.last_heard = now
        self.pinged_at = 0.0
        self.unread = False
        self.left = False

    @property
    def host(self) -> str:
        """The address as the host in a user's source, where no colon may come first."""
        return f"0{self.address}" if self.address.startswith(":") else self.address or "unknown"

    def excuse(self, seconds: float) -> None:
        """Give the client more time to register: the node has made the client wait."""
        self.opened += seconds

    def take(self) -> bytes:
        """Take the lines for the next flush, to send these to the client's node."""
        data = b"".join(self.ready)
        self.ready.clear()
        return data

    def leave(self) -> None:
        self.left = True
