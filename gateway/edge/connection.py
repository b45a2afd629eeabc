"""One socket of a client, without the socket: what came in half, what goes out, what was negotiated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.irc.splitter import LineSplitter

if TYPE_CHECKING:
    from gateway.edge.flood import Bucket
    from gateway.edge.user import User


class Connection:
    """A client's connection. The shell reads `out` and `closed` at each flush and owns the socket."""

    __slots__ = (
        "address",
        "bucket",
        "cap_open",
        "caps",
        "cap_version",
        "certfp",
        "closed",
        "dirty",
        "host",
        "id",
        "last_heard",
        "nick",
        "opened",
        "out",
        "password",
        "pending",
        "pinged",
        "real",
        "registering",
        "secure",
        "splitter",
        "user",
        "username",
        "variant",
    )

    def __init__(self, id: int, address: str, host: str, *, secure: bool, dirty: list[Connection], now: float) -> None:
        self.id = id
        self.address = address  # IP of the client
        self.host = host  # what others see of it
        self.secure = secure
        self.certfp: str | None = None
        self.splitter = LineSplitter()
        self.out: list[bytes] = []
        self.dirty = dirty  # shared list of the connections with something in `out`
        self.closed: str | None = None  # the reason, once the shell should close it after `out` is written
        self.opened = now
        self.last_heard = now
        self.pinged = 0.0  # when the unanswered PING was sent, 0 for none
        # Lines that wait: flood control let them not pass yet, or the user's NICK is under way.
        self.pending: list[bytes] = []
        self.bucket: Bucket | None = None
        # Negotiation and registration.
        self.caps: frozenset[str] = frozenset()
        self.cap_version = 0
        self.cap_open = False
        self.variant = 0
        self.password: str | None = None
        self.nick: str | None = None
        self.username: str | None = None
        self.real: str | None = None
        self.registering = False  # its nick is being claimed
        self.user: User | None = None  # once registered

    def send(self, data: bytes) -> None:
        """Queue one formatted line."""
        if not self.out:
            self.dirty.append(self)
        self.out.append(data)
