"""Routes without a token: the page of the ring, the page's lists, metrics, and the health of the process."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from gateway.web import views
from gateway.web.files import KINDS, answer, file
from gateway.web.metrics.exporter import CONTENT_TYPE, Exporter
from gateway.web.page import page
from gateway.web.pages import Pages, View
from gateway.web.refusal import Refused
from gateway.web.ring_files import POLICY, RingFiles
from gateway.web.sight import Known


class PublicSite:
    """The routes of both nodes and directories."""

    def __init__(self, known: Known, exporter: Exporter, pages: Pages | None = None) -> None:
        """pages: by default, pages from the knowledge of this process alone."""
        self._known = known
        self._exporter = exporter
        self._pages = pages or Pages(self._look)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self._page),
            *RingFiles().routes(),
            web.get("/nodes.json", self._nodes),
            web.get("/locate", self._locate),
            web.get("/metrics", self._metrics),
            web.get("/healthz", self._health),
            web.get("/readyz", self._ready),
        ]

    async def _look(self) -> View:
        return partial(views.ring, self._known.sight())

    def sharing(self, request: web.Request) -> dict[str, str]:
        """Return headers that let pages of other sites read the list of nodes."""
        return {}

    async def _page(self, request: web.Request) -> web.Response:
        asked, located, problem = request.query.get("name", ""), None, ""
        try:
            located = views.locate(self._known.sight(), asked) if asked else None
        except Refused as refused:
            problem = str(refused)
        text = page(await self._pages.latest(), located, problem, asked)
        return answer(request, file(text.encode("utf-8", "replace"), KINDS["html"]), POLICY)

    async def _nodes(self, request: web.Request) -> web.Response:
        return web.json_response(views.nodes(self._known.sight()), headers=self.sharing(request))

    async def _locate(self, request: web.Request) -> web.Response:
        return web.json_response(views.locate(self._known.sight(), request.query.get("name", "")))

    async def _metrics(self, request: web.Request) -> web.Response:
        return web.Response(body=self._exporter.text(), headers={"Content-Type": CONTENT_TYPE})

    async def _health(self, request: web.Request) -> web.Response:
        found = self._known.health()
        if found.healthy:
            return web.json_response({"status": "ok"})
        return web.json_response({"status": "unhealthy", "why": found.why}, status=503)

    async def _ready(self, request: web.Request) -> web.Response:
        found = self._known.ready()
        return web.json_response({"ready": found.ready, "why": found.why}, status=200 if found.ready else 503)
