"""The HTTP listener of a node: routes, errors and the socket. What is told is made in `views`, `metrics` and `page`."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from config.http import Http
from gateway.web import views
from gateway.web.metrics import CONTENT_TYPE, exposition
from gateway.web.page import page
from gateway.web.source import Source

MAX_BODY = 64 * 1024
CLOSE_S = 1.0
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
PAGE_POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class WebServer:
    """Listens from `start` to `stop`."""

    def __init__(self, config: Http, source: Source, log: Any) -> None:
        self._config = config
        self._source = source
        self._log = log
        app = web.Application(client_max_size=MAX_BODY, middlewares=[self._guard])
        app.router.add_get("/", self._page)
        app.router.add_get("/nodes.json", self._nodes)
        app.router.add_get("/locate", self._locate)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/healthz", self._health)
        app.router.add_get("/readyz", self._ready)
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
        except views.BadRequest as problem:
            response = _error(400, str(problem))
        except web.HTTPException as problem:
            response = _error(problem.status, f"{problem.reason}: {request.method} {request.path[:200]}")
        except Exception:
            self._log.error("bug", where=f"http {request.path[:200]}", exc_info=True)
            response = _error(500, "the server made a mistake, which is in its log")
        response.headers.update(HEADERS)
        return response

    async def _page(self, request: web.Request) -> web.Response:
        asked, located, problem = request.query.get("name", ""), None, ""
        try:
            located = views.locate(self._source.core, asked) if asked else None
        except views.BadRequest as refused:
            problem = str(refused)
        text = page(views.nodes(self._source.core), located, problem, asked)
        return web.Response(text=text, content_type="text/html", headers=PAGE_POLICY)

    async def _nodes(self, request: web.Request) -> web.Response:
        return web.json_response(views.nodes(self._source.core))

    async def _locate(self, request: web.Request) -> web.Response:
        return web.json_response(views.locate(self._source.core, request.query.get("name", "")))

    async def _metrics(self, request: web.Request) -> web.Response:
        return web.Response(body=exposition(self._source), headers={"Content-Type": CONTENT_TYPE})

    async def _health(self, request: web.Request) -> web.Response:
        """The process runs, and its loop turns."""
        return web.json_response({"status": "ok"})

    async def _ready(self, request: web.Request) -> web.Response:
        found = views.readiness(self._source.core)
        return web.json_response({"ready": found.ready, "why": found.why}, status=200 if found.ready else 503)


def _error(status: int, text: str) -> web.Response:
    return web.json_response({"error": text}, status=status)
