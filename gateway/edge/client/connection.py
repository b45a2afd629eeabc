"""One connection of a client, without the socket: half a line of input, lines of output, negotiated capabilities."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from gateway.edge.accounts.proof import Proof
from gateway.edge.client.draft import Draft
from gateway.edge.client.outputs import Outputs
from gateway.edge.client.queue import CommandQueue
from gateway.edge.client.socket_side import SocketSide
from gateway.edge.cursors.delivery import Delivery
from gateway.edge.sessions.remote import RemoteSide

if TYPE_CHECKING:
    from gateway.edge.accounts.proof import Login
    from gateway.edge.client.lines import Line
    from gateway.edge.users.user import User


class Connection:
    """A client's connection, composed of parts. The shell reads `closed` and the output at each flush, and owns the
    socket.

    out: the list for new lines: `socket.ready`, or a list of lines which wait for earlier lines. outputs: of all
    connections of the node. closed: why the shell should close the socket once all lines are written. user: None before
    the registration.
    """

    __slots__ = (
        "caps", "closed", "delivery", "draft", "out", "outputs", "proof", "queue", "remote", "socket", "user",
        "variant",
    )  # fmt: skip

    def __init__(
        self,
        number: int,
        address: str,
        outputs: Outputs[Connection],
        *,
        secure: bool,
        now: float,
        certificate: str | None = None,
    ) -> None:
        self.socket = SocketSide(number, address, secure=secure, now=now, certificate=certificate)
        self.queue = CommandQueue()
        self.draft = Draft()
        self.proof = Proof()
        self.delivery = Delivery()
        self.remote = RemoteSide()
        self.out = self.socket.ready
        self.outputs = outputs
        self.closed: str | None = None
        self.caps: frozenset[str] = frozenset()
        self.variant = 0
        self.user: User | None = None

    @property
    def number(self) -> int:
        return self.socket.number

    @property
    def address(self) -> str:
        return self.socket.address

    @property
    def certificate(self) -> str | None:
        return self.socket.certificate

    @property
    def login(self) -> Login | None:
        """The account which the client has proven."""
        return self.proof.login

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
        return f"{self.draft.nick or '*'}!{self.draft.username or '*'}@{self.socket.host}"

    @property
    def settled(self) -> int:
        """The number up to which all lines of the client are carried out, and answered."""
        first = next(iter(self.queue.calls), None)
        return first.line - 1 if first is not None else self.queue.line

    def sent(self) -> int:
        """Return the number of bytes sent to the client, including bytes which wait to be written."""
        written = self.delivery.receipts.written if self.delivery.receipts is not None else 0
        return written + sum(map(len, self.socket.ready))

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
        if meanwhile is self.socket.ready:
            return []
        self.out = self.socket.ready
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

    def go_last(self) -> None:
        """Have what waits written after the output of all other connections so far."""
        self.outputs.hurry()
        if self in self.outputs.dirty:
            del self.outputs.dirty[self]
            self.outputs.dirty[self] = None


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
