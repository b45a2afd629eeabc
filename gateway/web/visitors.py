"""The visitors of a node: the client's address of a request, and the web site of the asking page."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from config.http import Http
from gateway.node import NodeCore
from gateway.web.forwarded import Client, sender
from gateway.web.origins import is_own, may_open


class Visitors:
    """Judges requests by the network's nodes and the settings. Both may change while the node runs."""

    def __init__(self, core: NodeCore, settings: Callable[[], Http]) -> None:
        self._core = core
        self._settings = settings

    def client(self, request: web.Request) -> Client:
        """Return the client's address: behind a trusted proxy, the address named by the proxy."""
        return sender(request, self._settings().trusted_proxies)

    def may_open(self, request: web.Request) -> bool:
        """Tell whether the asking page, if any, belongs to the network or to a site that the operator has listed."""
        host = request.headers.get("Host", "")
        return may_open(request.headers.get("Origin"), host, self._settings().origins, self._nodes(), self._names())

    def is_own(self, host: str) -> bool:
        """Tell whether the host of a request, with the port, is the node's own."""
        return is_own(host, self._settings().origins, self._nodes(), self._names())

    def _nodes(self) -> list[str]:
        peers = self._core.engine.peers
        return [peers.me.http, *peers.pages.values()]

    def _names(self) -> tuple[str, str]:
        return self._core.engine.peers.me.name, self._core.edge.settings.network.server_name

    def sharing(self, request: web.Request) -> dict[str, str]:
        """Return headers that let such a page read the answer: a chat may ask a node that it moved to. Source: CORS."""
        origin = request.headers.get("Origin")
        if origin is None or not self.may_open(request):
            return {"Vary": "Origin"}
        return {"Vary": "Origin", "Access-Control-Allow-Origin": origin}
