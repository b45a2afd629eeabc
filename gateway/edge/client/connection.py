"""One socket of a client, without the socket: what came in half, what goes out, what was negotiated."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from gateway.irc.splitter import Item, LineSplitter

if TYPE_CHECKING:
    from gateway.edge.accounts.exchange import Exchange
    from gateway.edge.accounts.identity import Login
    from gateway.edge.client.lines import Line
    from gateway.edge.client.slots import Command
    from gateway.edge.cursors.delivery import Inquiry, OnTheWay, Reader, Receipts, Sent
    from gateway.edge.sessions.remote import Forwarder, Standing
    from gateway.edge.users.user import User
    from gateway.state.once import Sayer
    from ring.duplex import Stream
    from ring.ids import GroupId
    from ring.links.admission import Ticket
    from ring.wire.history import Cursor


class Connection:
    """A client's connection. The shell reads `out` and `closed` at each flush and owns the socket."""

    __slots__ = (
        "address",
        "advancing",
        "behind",
        "busy",
        "calls",
        "cap_open",
        "cap_version",
        "caps",
        "certificate",
        "claimed",
        "closed",
        "dirty",
        "ending",
        "failures",
        "farewell",
        "gate",
        "host",
        "inquiry",
        "last_heard",
        "late_echoes",
        "left",
        "line",
        "login",
        "makes",
        "makes_at",
        "markers",
        "nick",
        "number",
        "on_the_way",
        "opened",
        "out",
        "parted",
        "password",
        "pending",
        "pinged_at",
        "places",
        "playbacks",
        "proving",
        "reached",
        "reader",
        "ready",
        "real",
        "receipts",
        "refilled_at",
        "resuming",
        "sasl",
        "sayer",
        "secure",
        "settled_told",
        "splitter",
        "stream",
        "ticket",
        "tokens",
        "told",
        "tunnel",
        "unread",
        "user",
        "username",
        "variant",
    )

    def __init__(
        self,
        number: int,
        address: str,
        dirty: list[Connection],
        *,
        secure: bool,
        now: float,
        certificate: str | None = None,
    ) -> None:
        self.number = number
        self.address = address
        self.host = f"0{address}" if address.startswith(":") else address or "unknown"
        self.secure = secure
        self.certificate = certificate  # fingerprint of the one that the client showed: SHA-256 of its DER, in hex
        self.splitter = LineSplitter()
        self.ready: list[bytes] = []  # what is written at the next flush
        self.out = self.ready  # where a line for the client goes: there, or to what has to wait for earlier lines
        self.dirty = dirty  # shared list of the connections with something in `out`
        self.closed: str | None = None  # why the shell should close it once `out` is written
        self.left = False  # its user goes on without it
        self.ending: str | None = None  # why it leaves once its lines are carried out: the client says no more
        self.unread = False  # the socket is closed, and nobody reads the answers
        self.ticket: Ticket | None = None  # its place among the connections of its address; none if it is elsewhere's
        self.opened = now
        self.last_heard = now
        self.pinged_at = 0.0  # when the unanswered PING was sent, 0 for none
        self.calls: dict[Command, None] = {}  # commands that are not answered yet, the oldest first
        self.pending: list[Item] = []  # lines that wait, for the flood control or for a NICK under way
        self.line = 0  # so many have been carried out, or sent to its session's node
        self.busy = False
        self.gate: Command | None = None  # further lines wait until it has ended
        self.resuming = self.advancing = False  # just now: nobody else does it within that
        self.places: dict[str, Sent] = {}  # by folded channel, how far it is once all that was sent has come
        self.parted: dict[str, Cursor] = {}  # and besides, until that is taken down
        self.on_the_way: deque[OnTheWay] = deque()  # of those, after how much
        self.reached: dict[str, Cursor] = {}  # and what has come there
        self.receipts: Receipts | None = None  # of its socket; None: whatever is sent arrives
        self.farewell: Callable[[], None] | None = None  # once it is known how much has come to a client that is cut
        self.behind: dict[GroupId, Cursor | None] = {}  # channels not shown yet, and the cursor of each
        self.playbacks: dict[GroupId, object] = {}  # of those, by which it is
        self.late_echoes: dict[
            GroupId, list[Callable[[Any], None]]
        ] = {}  # of those, commands whose own line is played with the rest
        self.inquiry: Inquiry | None = None  # under way: what has come to its device on other nodes
        self.reader: Reader | None = None  # of what it is played
        self.tokens = 0.0  # of the flood control (client/flood.py), below 0 while it owes some
        self.refilled_at = 0.0
        self.makes = (
            0.0  # channels made lately, and joins under way that may make one; falls with time (client/flood.py)
        )
        self.makes_at = 0.0
        self.caps: frozenset[str] = frozenset()
        self.cap_version = 0
        self.cap_open = False
        self.variant = 0
        self.password: str | None = None
        self.claimed = ""  # account@device, if USER names one
        self.nick: str | None = None
        self.username: str | None = None
        self.real = ""
        self.user: User | None = None  # once registered
        self.login: Login | None = None  # the account that it has proven to be
        self.markers: dict[str, int] = {}  # of a client without an account: folded target -> read up to, Unix ms
        self.sasl: Exchange | None = None  # under way
        self.proving = False  # a password of its is being checked
        self.tunnel: Forwarder | None = None  # to its session, where that is on another node
        self.stream: Stream | None = None  # from its client, where that is on another node
        self.told: Standing | None = None  # what its client's node knows of it, where that is another
        self.settled_told = -1  # and of its lines; it is told that they are heard, too
        self.sayer: Sayer | None = None  # what its words are known by, where another edge may say them, too
        self.failures = 0  # of SASL

    @property
    def is_free(self) -> bool:
        """Whether its next line may be carried out, as far as the lines before are concerned."""
        return self.closed is None and not self.busy and self.gate is None

    @property
    def device(self) -> str:
        """Which of the account's clients this is; each has its own place in what was said."""
        return self.login.device if self.login is not None else ""

    @property
    def source(self) -> str:
        """nick!user@host, with "*" for what is not known yet."""
        if self.user is not None:
            return self.user.person.source
        return f"{self.nick or '*'}!{self.username or '*'}@{self.host}"

    @property
    def settled(self) -> int:
        """All its lines up to this number are carried out, and answered."""
        first = next(iter(self.calls), None)
        return first.line - 1 if first is not None else self.line

    def sent(self) -> int:
        """Bytes that it was sent, those that wait to be written included."""
        written = self.receipts.written if self.receipts is not None else 0
        return written + sum(map(len, self.ready))

    def turn_aside(self) -> None:
        """What comes from here on waits for `turn_back`."""
        self.out = []

    def turn_back(self) -> list[bytes]:
        """Lines go out again. Returns what has come meanwhile."""
        meanwhile, self.out = (self.out if self.out is not self.ready else []), self.ready
        return meanwhile

    def show(self, line: Line) -> None:
        """Queue one line as this connection's capabilities want it."""
        self.send(line.render(self.variant))

    def send(self, data: bytes) -> None:
        """Queue one formatted line."""
        if self.closed is None:
            if not self.out:
                self.dirty.append(self)
            self.out.append(data)


def deliver(line: Line, connections: Collection[Connection], skip: Connection | None = None) -> int:
    """Append the line to every connection's output, rendered once per variant. Returns how many connections got it."""
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
            connection.dirty.append(connection)
        out.append(data)
    return len(connections) - skipped
