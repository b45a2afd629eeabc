"""The HTTP listener of a node or directory: socket and errors. It answers the routes that it is given."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from config.http import HttpListener
from gateway.web.refusal import Refused

MAX_BODY = 64 * 1024
CLOSE_S = 1.0
HOOKS = "/api/v1/hooks/"
"""Addresses of webhooks: who knows one may speak."""

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _NoHttp(logging.Filter):
    """Leaves out of the log what is no HTTP: strangers would fill the disk with it, and it may hold a secret."""

    def filter(self, record: logging.LogRecord) -> bool:
        problem = record.exc_info[1] if record.exc_info else None
        return not isinstance(problem, HttpProcessingError)


_NO_HTTP = _NoHttp()


class WebServer:
    """Listens from `start` to `stop`."""

    def __init__(self, config: HttpListener, routes: Iterable[web.AbstractRouteDef], log: Any) -> None:
        self._config = config
        self._log = log
        app = web.Application(client_max_size=MAX_BODY, middlewares=[self._guard])
        app.add_routes(routes)
        logging.getLogger("aiohttp.server").addFilter(_NO_HTTP)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSE_S)

    async def start(self) -> None:
        """Raises OSError that names the setting, if the port cannot be had."""
        tls, address = self._config.tls, self._config.address
        context = None
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls.cert, tls.key)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, address.host, address.port, ssl_context=context).start()
        except OSError as problem:
            raise OSError(
                f"http: cannot listen on {address}: {problem.strerror or problem}: "
                "choose an address of this machine and a free port"
            ) from problem
        self._log.info("http_listening", host=address.host, port=address.port, tls=tls is not None)

    async def stop(self) -> None:
        await self._runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Errors are JSON with a text; a mistake of the program is logged and ends the request alone."""
        try:
            response = await handler(request)
        except Refused as problem:
            response = error(problem.status, str(problem), problem.headers)
        except web.HTTPException as problem:
            allow = {"Allow": problem.headers["Allow"]} if "Allow" in problem.headers else {}
            response = error(problem.status, f"{problem.reason}: {request.method} {shown(request.path)}", allow)
        except Exception:
            self._log.error("bug", where=f"http {shown(request.path)}", exc_info=True)
            response = error(500, "the server made a mistake, which is in its log")
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response


def error(status: int, text: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response({"error": text}, status=status, headers=headers)


def shown(path: str) -> str:
    """A path as logs and errors may show it: what follows HOOKS is a secret."""
    return f"{HOOKS}..." if path.startswith(HOOKS) else path[:200]
