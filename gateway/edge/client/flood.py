"""Flood control: how fast a client's lines are carried out, and when its socket is not read on.

Each connection has a bucket of tokens: `burst` at most, refilled by `rate` a second. A line costs one token, and one
more for each further KiB. A command that makes much work costs more: by the lines that it is answered with, as these
are what takes time here, on the way and at whoever keeps history. The bucket may be overdrawn by such a command; the
connection's next line then waits longer.

Lines that may not pass yet wait in `connection.queue.pending`, in order. While a line waits, the shell does not read
the socket on: what else the client sends waits in the kernel, whose window makes the client's machine wait, too. So one
read of READ_BYTES and the beginning of a line are all that a client can make its node keep.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.irc.splitter import Item

if TYPE_CHECKING:
    from gateway.edge.client.connection import Connection
    from gateway.edge.settings import EdgeSettings

READ_BYTES: Final = 8 * 1024
"""The shell gives the edge so much of a client's data at a time, at most."""

WAITING_BYTES: Final = 16 * 1024
WAITING_REGISTERED_BYTES: Final = 64 * 1024
"""So much may wait of a connection before it is registered, and after. A client gets there only if it is read on."""

FREE_LINES: Final = 10
"""Lines of an answer that the token of the command pays for."""

LINES_A_TOKEN: Final = 10
"""Further lines of an answer cost a token for so many."""

QUESTION: Final = 5
RECALL: Final = 10
"""A question to another node, and one to those who keep a group's history, make as much work as so many lines."""

DEBT_S: Final = 30.0
"""Nobody waits longer than so many seconds for the cost of a single command."""


def fill(connection: Connection, settings: EdgeSettings, now: float) -> None:
    """A new connection, or one that comes from another node, begins with a full bucket."""
    connection.bucket.tokens, connection.bucket.refilled_at = float(settings.burst), now


def may_pass(connection: Connection, line: Item, settings: EdgeSettings, now: float) -> bool:
    """Whether the line is carried out now; then its tokens are taken."""
    tokens = connection.bucket.tokens + (now - connection.bucket.refilled_at) * settings.rate
    if tokens > settings.burst:
        tokens = float(settings.burst)
    connection.bucket.tokens, connection.bucket.refilled_at = tokens, now
    if (
        connection.remote.stream is not None
    ):  # the client's node takes a token for each line, this one for what lines cost
        return tokens >= 0.0
    if tokens < 1.0:
        return False
    connection.bucket.tokens = tokens - 1.0 - (len(line) // 1024 if isinstance(line, bytes) else 0)
    return True


def charge(connection: Connection, tokens: float, settings: EdgeSettings) -> None:
    """Take tokens for work that was done or has begun; give back what was taken too much (below 0)."""
    connection.bucket.tokens = max(connection.bucket.tokens - tokens, -DEBT_S * settings.rate)


def price(lines: int) -> float:
    """Tokens that an answer of so many lines costs beside those of the command itself."""
    return max(0, lines - FREE_LINES) / LINES_A_TOKEN


def may_make(connection: Connection, settings: EdgeSettings, now: float) -> bool:
    """Whether the connection may make one more channel; then that is counted. To give back: `bucket.makes -= 1`."""
    most = settings.channels_per_minute
    if not most:
        return True
    connection.bucket.makes = max(0.0, connection.bucket.makes - (now - connection.bucket.makes_at) * most / 60)
    connection.bucket.makes_at = now
    if connection.bucket.makes > most - 1:
        return False
    connection.bucket.makes += 1
    return True


def is_stranger(connection: Connection) -> bool:
    """Whether the client of the connection is not registered, here or on its session's node."""
    return connection.user is None and connection.remote.tunnel is None


def is_too_much(connection: Connection, settings: EdgeSettings) -> bool:
    """Whether more waits than may."""
    pending = connection.queue.pending
    most = WAITING_BYTES if is_stranger(connection) else WAITING_REGISTERED_BYTES
    return len(pending) > settings.queued or sum(len(one) for one in pending if isinstance(one, bytes)) > most
