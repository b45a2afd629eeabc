"""What everybody may ask a node by HTTP: the page of the ring, the lists behind it, metrics, and its health."""

from __future__ import annotations

from aiohttp import web

from gateway.web import views
from gateway.web.metrics import CONTENT_TYPE, of_node
from gateway.web.page import page
from gateway.web.refusal import BadRequest
from gateway.web.ring_files import POLICY, RingFiles
from gateway.web.source import Source
from gateway.web.stream import Streams
from gateway.web.visitors import Visitors


class NodeSite:
    """The public routes of one node."""

    def __init__(self, source: Source, visitors: Visitors, streams: Streams) -> None:
        self._source = source
        self._visitors = visitors
        self._streams = streams
        self._exporter = of_node(source)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self._page),
            web.get("/events", self._streams.events, allow_head=False),
            *RingFiles().routes(),
            web.get("/nodes.json", self._nodes),
            web.get("/locate", self._locate),
            web.get("/metrics", self._metrics),
            web.get("/healthz", self._health),
            web.get("/readyz", self._ready),
        ]

    async def _page(self, request: web.Request) -> web.Response:
        asked, located, problem = request.query.get("name", ""), None, ""
        try:
            located = views.locate(self._source.core, asked) if asked else None
        except BadRequest as refused:
            problem = str(refused)
        text = page(await self._streams.view(), located, problem, asked)
        return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": POLICY})

    async def _nodes(self, request: web.Request) -> web.Response:
        return web.json_response(views.nodes(self._source.core), headers=self._visitors.sharing(request))

    async def _locate(self, request: web.Request) -> web.Response:
        return web.json_response(views.locate(self._source.core, request.query.get("name", "")))

    async def _metrics(self, request: web.Request) -> web.Response:
        return web.Response(body=self._exporter.text(), headers={"Content-Type": CONTENT_TYPE})

    async def _health(self, request: web.Request) -> web.Response:
        found = self._source.health()
        if found.healthy:
            return web.json_response({"status": "ok"})
        return web.json_response({"status": "unhealthy", "why": found.why}, status=503)

    async def _ready(self, request: web.Request) -> web.Response:
        found = self._source.ready()
        return web.json_response({"ready": found.ready, "why": found.why}, status=200 if found.ready else 503)
