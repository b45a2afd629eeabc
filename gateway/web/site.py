"""The public routes of a node: a page with every node's status, and the stream of happenings."""

from __future__ import annotations

from aiohttp import web

from gateway.web.metrics.node import of_node
from gateway.web.public_site import PublicSite
from gateway.web.source import Source
from gateway.web.stream import Streams
from gateway.web.visitors import Visitors


class NodeSite(PublicSite):
    """The routes of directories, a stream of events, and answers that the chat of other nodes may read."""

    def __init__(self, source: Source, visitors: Visitors, streams: Streams) -> None:
        super().__init__(source, of_node(source), streams.pages)
        self._visitors = visitors
        self._streams = streams

    def routes(self) -> list[web.RouteDef]:
        return [*super().routes(), web.get("/events", self._streams.events, allow_head=False)]

    def sharing(self, request: web.Request) -> dict[str, str]:
        return self._visitors.sharing(request)
