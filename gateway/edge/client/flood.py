"""Flood control: how fast a client's lines are carried out, and when the client's socket is not read on.

Each connection has a bucket of tokens: `burst` at most, refilled by `rate` a second. A line costs one token, and one
token more for each further KiB. A command with much work costs more, by the number of lines in the answer: these lines
take time here, on the way, and on the nodes with the history. Such a command may overdraw the bucket; the connection's
next line then waits longer.

Lines which may not pass yet wait in `connection.queue.pending`, in order. While a line waits, the shell does not read
the socket on: further input waits in the kernel, and the TCP window makes the client's machine wait, too. So a client
can make the node keep one read of READ_BYTES and the beginning of a line, and no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.irc.splitter import Item

if TYPE_CHECKING:
    from gateway.edge.client.connection import Connection
    from gateway.edge.settings import EdgeSettings

READ_BYTES: Final = 8 * 1024
"""Most bytes of a client which the shell gives the edge at a time."""

WAITING_BYTES: Final = 16 * 1024
WAITING_REGISTERED_BYTES: Final = 64 * 1024
"""Most bytes of waiting lines before and after registration. A client gets there only if the shell reads on."""

FREE_LINES: Final = 10
"""Lines of an answer which the token of the command pays for."""

LINES_A_TOKEN: Final = 10
"""Further lines of an answer which one more token pays for."""

QUESTION: Final = 5
RECALL: Final = 10
"""The work of a question to another node, and of a question to the nodes with a group's history, counted in lines."""

DEBT_S: Final = 30.0
"""Longest wait for the cost of a single command."""


def fill(connection: Connection, settings: EdgeSettings, now: float) -> None:
    """Fill the bucket of a new connection, or of a connection from another node."""
    bucket = connection.queue.bucket
    bucket.tokens, bucket.refilled_at = float(settings.flood.burst), now


def may_pass(connection: Connection, line: Item, settings: EdgeSettings, now: float) -> bool:
    """Whether the line is carried out now; if so, take the tokens for the line."""
    bucket, control = connection.queue.bucket, settings.flood
    tokens = bucket.tokens + (now - bucket.refilled_at) * control.rate
    if tokens > control.burst:
        tokens = float(control.burst)
    bucket.tokens, bucket.refilled_at = tokens, now
    if connection.remote.stream is not None:
        # The client's node takes a token for each line, and this node takes tokens for the further work.
        return tokens >= 0.0
    if tokens < 1.0:
        return False
    bucket.tokens = tokens - 1.0 - (len(line) // 1024 if isinstance(line, bytes) else 0)
    return True


def charge(connection: Connection, tokens: float, settings: EdgeSettings) -> None:
    """Take tokens for work which was done or has begun; give back a surplus if `tokens` is below 0."""
    bucket = connection.queue.bucket
    bucket.tokens = max(bucket.tokens - tokens, -DEBT_S * settings.flood.rate)


def price(lines: int) -> float:
    """Return the tokens for an answer of so many lines, beside the tokens for the command itself."""
    return max(0, lines - FREE_LINES) / LINES_A_TOKEN


def may_make(connection: Connection, settings: EdgeSettings, now: float) -> bool:
    """Whether the connection may make a channel; if so, count the channel. To take back: `bucket.give_back`."""
    bucket, most = connection.queue.bucket, settings.flood.channels_per_minute
    if not most:
        return True
    bucket.makes = max(0.0, bucket.makes - (now - bucket.makes_at) * most / 60)
    bucket.makes_at = now
    if bucket.makes > most - 1:
        return False
    bucket.makes += 1
    return True


def is_stranger(connection: Connection) -> bool:
    """Whether the client of the connection is not registered, here or on its session's node."""
    return connection.user is None and connection.remote.forwarder is None


def is_too_much(connection: Connection, settings: EdgeSettings) -> bool:
    """Whether more lines or bytes wait than the limits allow."""
    pending = connection.queue.pending
    most = WAITING_BYTES if is_stranger(connection) else WAITING_REGISTERED_BYTES
    return len(pending) > settings.flood.queued or sum(len(one) for one in pending if isinstance(one, bytes)) > most
