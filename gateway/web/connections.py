"""Connections of the HTTP listener, with limits on their number and on the time of each step.

A connection without a complete request is closed HEAD_S after the connection began or after the last answer (aiohttp's
keep-alive timeout). A connection with an unread answer is cut after WRITE_S.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, Final, cast

from aiohttp import web

from gateway.web.irc_frames import MaskCheck
from ring.links.admission import Refusal, Ticket

HEAD_S: Final = 15.0
"""Time for the head of a request, and for the pause before the next request."""

WRITE_S: Final = 20.0
"""Longest time that an answer waits for a client to read."""

LINGER_S: Final = 2.0
"""Longest time for reading an unwanted body, before the connection is closed."""

HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
"""Headers of every answer, unless the answer sets its own values."""

REFUSED: Final[dict[Refusal, tuple[str, str]]] = {
    "rate": ("429 Too Many Requests", "you connect too often: try again in a minute"),
    "per_source": ("429 Too Many Requests", "too many connections from your address: close some (http.per_address)"),
    "total": ("503 Service Unavailable", "too many connections: ask another node, or try again soon (http.total)"),
}


class HttpConnection(web.RequestHandler):
    """A connection of aiohttp, with a ticket of the admission."""

    __slots__ = ("_ticket", "_unread")

    def __init__(self, server: web.Server, ticket: Ticket) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=HEAD_S,
            lingering_time=LINGER_S,
            auto_decompress=False,  # 64 KiB can be 64 MiB of work
            access_log=None,  # type: ignore[arg-type]  # aiohttp's own runner passes None, too
        )
        self._ticket: Ticket | None = ticket
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # WRITE_S counts from the first byte that the kernel does not take.
        cast(asyncio.Transport, transport).set_write_buffer_limits(high=0)
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._stop_waiting()
        self._release()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._ticket is not None and self.transport is not None:
            self._unread = asyncio.get_running_loop().call_later(WRITE_S, self.transport.abort)

    def resume_writing(self) -> None:
        self._stop_waiting()
        super().resume_writing()

    def set_parser(self, parser: Any, data_received_cb: Callable[[], None] | None = None) -> None:
        """Turn the connection into a WebSocket. From now on each frame of the client must be masked."""
        super().set_parser(cast(Any, MaskedReader(parser)), data_received_cb)

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Answer bytes that are not HTTP, or a broken body, with an error in JSON. aiohttp then ends the connection."""
        super().handle_error(request, status, exc, message)  # logs, and raises if an answer has begun
        what = (message or "").partition("\n")[0].strip().rstrip(":")[:200]
        text = "the server made a mistake, which is in its log" if status >= 500 else f"the request is no HTTP: {what}"
        answer = web.json_response({"error": text}, status=status, headers=HEADERS)
        answer.force_close()
        return answer

    def hand_over(self) -> None:
        """Give the connection to an IRC client: the limits of IRC clients apply from now on."""
        self._stop_waiting()
        self._release()

    def _release(self) -> None:
        if self._ticket is not None:
            self._ticket.release()
            self._ticket = None

    def _stop_waiting(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None


class MaskedReader:
    """Stands before aiohttp's reader of frames, and checks that the client's frames are masked."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self._check = MaskCheck()

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        found: tuple[bool, bytes] = self._reader.feed_data(self._check.pass_on(bytes(data)))
        return found

    def feed_eof(self) -> None:
        self._reader.feed_eof()


def hand_over(request: web.Request) -> None:
    """Stop counting the connection as HTTP, since the connection now belongs to an IRC client."""
    protocol: Any = request.protocol
    if isinstance(protocol, HttpConnection):
        protocol.hand_over()


def farewell(why: Refusal, address: str) -> bytes:
    """Make the answer to a refused connection without TLS."""
    status, text = REFUSED[why]
    body = json.dumps({"error": text})
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Retry-After: 10\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n{body}".encode()
