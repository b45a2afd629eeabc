"""Serves the chat in the browser: the files of `gateway/web/chat`, unchanged."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from gateway.web.files import answer, load
from gateway.web.server import error
from gateway.web.visitors import Visitors

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self' http: https: ws: wss:",  # the client moves to nodes that joined after the page was loaded
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",  # no text becomes markup, even by mistake
    )
)

FOREIGN: Final = (
    "this node is not called {host}, so its chat is not opened under that name: open the chat at the IP address of "
    "the node, or let the node's operator add {scheme}://{host} to http.origins"
)


class ChatSite:
    """Serves the client."""

    def __init__(self, visitors: Visitors) -> None:
        self._visitors = visitors
        self._files = load("chat")

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/chat", self._index), web.get("/chat/", self._index), web.get("/chat/{name}", self._file)]

    async def _index(self, request: web.Request) -> web.Response:
        if not self._visitors.is_own(request.host):
            return error(421, FOREIGN.format(host=request.host[:200], scheme=request.scheme))
        return answer(request, self._files["index.html"], POLICY)

    async def _file(self, request: web.Request) -> web.Response:
        file = self._files.get(request.match_info["name"])
        if file is None:
            return error(404, "the chat has no such file: open /chat")
        return answer(request, file, POLICY)
