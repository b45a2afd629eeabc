"""One connection of a client, without the socket: half a line of input, lines of output, negotiated capabilities."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from gateway.edge.accounts.exchange import Proof
from gateway.edge.client.bucket import Bucket
from gateway.edge.client.draft import Draft
from gateway.edge.client.outputs import Outputs
from gateway.edge.client.queue import CommandQueue
from gateway.edge.cursors.delivery import Delivery
from gateway.edge.sessions.remote import RemoteSide
from gateway.irc.splitter import LineSplitter

if TYPE_CHECKING:
    from gateway.edge.accounts.identity import Login
    from gateway.edge.client.lines import Line
    from gateway.edge.users.user import User
    from ring.links.admission import Ticket


class Connection:
    """A client's connection. The shell reads `out` and `closed` at each flush and owns the socket."""

    __slots__ = (
        "address",
        "bucket",
        "cap_version",
        "caps",
        "certificate",
        "closed",
        "delivery",
        "draft",
        "ending",
        "host",
        "last_heard",
        "left",
        "login",
        "markers",
        "number",
        "opened",
        "out",
        "outputs",
        "pinged_at",
        "proof",
        "queue",
        "ready",
        "remote",
        "secure",
        "splitter",
        "ticket",
        "unread",
        "user",
        "variant",
    )

    def __init__(
        self,
        number: int,
        address: str,
        outputs: Outputs,
        *,
        secure: bool,
        now: float,
        certificate: str | None = None,
    ) -> None:
        self.number = number
        self.address = address
        self.host = f"0{address}" if address.startswith(":") else address or "unknown"
        self.secure = secure
        self.certificate = certificate  # fingerprint of the client's certificate: SHA-256 of the DER, in hex
        self.splitter = LineSplitter()
        self.ready: list[bytes] = []  # what is written at the next flush
        self.out = self.ready  # the list for new lines: `ready`, or a list of lines which wait for earlier lines
        self.outputs = outputs  # of all connections of the node
        self.closed: str | None = None  # why the shell should close the socket once `out` is written
        self.left = False  # the user goes on without the connection
        self.ending: str | None = None  # why the client, which sends no more, leaves once all lines are carried out
        self.unread = False  # the socket is closed, and nobody reads the answers
        self.ticket: Ticket | None = None  # from the admission; None for another node's client
        self.opened = now
        self.last_heard = now
        self.pinged_at = 0.0  # when the unanswered PING was sent, 0 for none
        self.bucket = Bucket()
        self.draft = Draft()
        self.proof = Proof()
        self.delivery = Delivery()
        self.remote = RemoteSide()
        self.queue = CommandQueue()
        self.caps: frozenset[str] = frozenset()
        self.cap_version = 0
        self.variant = 0
        self.user: User | None = None  # once registered
        self.login: Login | None = None  # the account which the client has proven
        self.markers: dict[str, int] = {}  # of a client without an account: folded target -> read up to, Unix ms

    @property
    def is_free(self) -> bool:
        """Whether the next line may be carried out, as far as the lines before are concerned."""
        return self.closed is None and not self.queue.busy and self.queue.gate is None

    @property
    def device(self) -> str:
        """The name of the client among the account's clients. Each device has a cursor."""
        return self.login.device if self.login is not None else ""

    @property
    def source(self) -> str:
        """nick!user@host, with "*" for each part which is not known yet."""
        if self.user is not None:
            return self.user.person.source
        return f"{self.draft.nick or '*'}!{self.draft.username or '*'}@{self.host}"

    @property
    def settled(self) -> int:
        """The number up to which all lines of the client are carried out, and answered."""
        first = next(iter(self.queue.calls), None)
        return first.line - 1 if first is not None else self.queue.line

    def sent(self) -> int:
        """Return the number of bytes sent to the client, including bytes which wait to be written."""
        written = self.delivery.receipts.written if self.delivery.receipts is not None else 0
        return written + sum(map(len, self.ready))

    def negotiate(self, caps: frozenset[str], variant: int) -> None:
        """Set the capabilities, and the variant of lines for these."""
        self.caps = caps
        if variant != self.variant:
            self.variant = variant
            if self.user is not None:  # before the registration, the client is in no room
                self.outputs.layout += 1

    def turn_aside(self) -> None:
        """Hold back all further lines until `turn_back`."""
        self.out = []
        self.outputs.layout += 1

    def turn_back(self) -> list[bytes]:
        """Let further lines go out again. Returns the lines held back meanwhile."""
        meanwhile = self.out
        if meanwhile is self.ready:
            return []
        self.out = self.ready
        self.outputs.layout += 1
        return meanwhile

    def show(self, line: Line) -> None:
        """Queue one line as this connection's capabilities want it."""
        self.send(line.render(self.variant))

    def send(self, data: bytes) -> None:
        """Queue one formatted line."""
        if self.closed is None:
            if not self.out:
                self.outputs.dirty[self] = None
            self.out.append(data)


def deliver(line: Line, connections: Collection[Connection], skip: Connection | None = None) -> int:
    """Append the line to every connection's output, rendered once per variant. Returns the number of connections."""
    rendered, skipped = line.rendered, 0
    for connection in connections:
        if connection is skip:
            skipped = 1
            continue
        data = rendered.get(connection.variant)
        if data is None:
            data = line.render(connection.variant)
        out = connection.out
        if not out:
            connection.outputs.dirty[connection] = None
        out.append(data)
    return len(connections) - skipped
