"""The HTTP listener of a node or directory: socket, limits and errors. The caller brings the routes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from config.http import HttpListener
from gateway.web.certificate import HttpsContext
from gateway.web.connections import HEAD_S, HEADERS, HttpConnection, farewell
from gateway.web.forwarded import is_trusted
from gateway.web.refusal import BadRequest, Refused
from gateway.web.visits import Visits, trusted_by
from ring.io.accepting import Acceptor
from ring.io.certificates import reload_pair
from ring.io.log_limit import LogLimit
from ring.links.admission import Admission, Limits, Refusal, Ticket

MAX_BODY = 64 * 1024
BODY_S = 15.0
"""Time for the body of a request."""

CLOSE_S = 1.0
EXHAUSTED_EVERY_S = 3600.0
"""A lack of descriptors is logged at most once in this time."""

HOOKS = "/api/v1/hooks/"
"""Addresses of incoming webhooks. Such an address is a secret: the address alone allows to speak."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _OfStrangers(logging.Filter):
    """Keeps mistakes of strangers out of the log: requests that are not HTTP, broken bodies, clients that leave during
    a request. Such log lines would fill the disk, and may hold a secret.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        problem = record.exc_info[1] if record.exc_info else None
        return not isinstance(problem, (HttpProcessingError, web.RequestPayloadError, ConnectionError))


_OF_STRANGERS = _OfStrangers()


class WebServer:
    """Listens from `start` to `stop`."""

    def __init__(self, config: HttpListener, routes: Iterable[web.AbstractRouteDef], log: Any) -> None:
        self._config = config
        self._log = log
        self._logged = LogLimit(burst=1, window_s=EXHAUSTED_EVERY_S)
        self._admission = Admission(_limits(config))
        self._visits = Visits(config)
        self._acceptor: Acceptor[Any] | None = None
        self._https: HttpsContext | None = None
        app = web.Application(client_max_size=MAX_BODY, middlewares=[self._guard])
        app.add_routes(routes)
        logging.getLogger("aiohttp.server").addFilter(_OF_STRANGERS)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSE_S)

    async def start(self) -> None:
        """Open the port. Raises OSError with the setting's name if the port cannot be used."""
        tls, address = self._config.tls, self._config.address
        self._https = HttpsContext(str(tls.cert), str(tls.key)) if tls is not None else None
        await self._runner.setup()
        self._acceptor = Acceptor(
            admit=self._admit,
            protocol=self._connection,
            context=self._https.context if self._https is not None else None,
            handshake_s=HEAD_S,
            shutdown_s=CLOSE_S,
            farewell=farewell,
            exhausted=self._exhausted,
        )
        try:
            await self._acceptor.start(address.host, address.port)
        except OSError as problem:
            raise OSError(
                f"http: cannot listen on {address}: {problem.strerror or problem}: "
                "choose an address of this machine and a free port"
            ) from problem
        self._log.info("http_listening", host=address.host, port=address.port, tls=tls is not None)

    async def stop(self) -> None:
        if self._acceptor is not None:
            self._acceptor.close()
        await self._runner.cleanup()

    def configure(self, config: HttpListener) -> tuple[str, ...]:
        """Take new limits after a reload, and read the certificate's files again.

        Returns the problems of the new certificate, in words; after a problem the old certificate stays.
        """
        self._config = config
        self._admission.limits = _limits(config)
        self._visits.configure(config)
        if self._https is None or config.tls is None:
            return ()
        return reload_pair(self._https.reload, str(config.tls.cert), str(config.tls.key), self._log)

    def certificate(self) -> tuple[str, str, float] | None:
        """Return the listener's address, the certificate's file and its end in Unix seconds; None without TLS."""
        if self._https is None or self._config.tls is None:
            return None
        return str(self._config.address), str(self._config.tls.cert), self._https.ends

    # Connections ----------------------------------------------------------------------------------------------------

    def _admit(self, address: str, now: float) -> Ticket | Refusal:
        verdict = self._admission.admit(address, now, shared=is_trusted(address, trusted_by(self._config)))
        report = self._admission.report(now)
        if report is not None:
            self._log.warning(
                "http_refused",
                number=report.number,
                per_address=report.per_source,
                total=report.total,
                addresses=report.sources,
                most_from=report.most,
                most=report.most_number,
            )
        return verdict

    def _connection(self, ticket: Ticket) -> HttpConnection:
        server = self._runner.server
        assert server is not None
        return HttpConnection(server, ticket)

    def _exhausted(self, problem: OSError) -> None:
        if self._logged.allow("descriptors_exhausted", time.monotonic()) is not None:
            self._log.error("descriptors_exhausted", port="http", reason=problem.strerror)

    # Requests -------------------------------------------------------------------------------------------------------

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a request. Errors become JSON with a text. A mistake of the program is logged and ends only this
        request.
        """
        try:
            self._visits.judge(request)
            await _read_body(request)
            response = await handler(request)
        except Refused as problem:
            response = error(problem.status, str(problem), problem.headers)
        except web.HTTPException as problem:
            allow = {"Allow": problem.headers["Allow"]} if "Allow" in problem.headers else {}
            response = error(problem.status, f"{problem.reason}: {request.method} {shown(request.path)}", allow)
        except ConnectionError:
            raise  # the client is gone
        except Exception:
            self._log.error("bug", where=f"http {shown(request.path)}", exc_info=True)
            response = error(500, "the server made a mistake, which is in its log")
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response


async def _read_body(request: web.Request) -> None:
    """Read the body in a limited time; handlers get the body from `request.read()`. Raises Refused, HTTPException."""
    if not request.can_read_body:
        return
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refused(415, "the body of the request is compressed: send it as it is, without Content-Encoding")
    try:
        async with asyncio.timeout(BODY_S):
            await request.read()
    except TimeoutError:
        raise Refused(408, f"the body of the request did not come within {BODY_S:g} s") from None
    except web.HTTPRequestEntityTooLarge:
        raise Refused(413, f"the body of the request is too long: send {MAX_BODY} bytes or less") from None
    except web.RequestPayloadError as problem:
        raise BadRequest("the body of the request is not what its head says") from problem


def _limits(config: HttpListener) -> Limits:
    return Limits(config.per_address, config.total)


def error(status: int, text: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response({"error": text}, status=status, headers=headers)


def shown(path: str) -> str:
    """Shorten a path for logs and errors: the part after HOOKS is a secret."""
    return f"{HOOKS}..." if path.startswith(HOOKS) else path[:200]
