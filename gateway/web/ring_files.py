"""Serves the style sheet, the scripts and the icon of the page of the ring, for nodes and directories."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from gateway.web.files import answer, load

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""Content-Security-Policy of the page and the page's files: nothing from other sites, nothing inline."""


class RingFiles:
    def __init__(self) -> None:
        self._files = load("ring")

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/ring/{name}", self._file)]

    async def _file(self, request: web.Request) -> web.Response:
        file = self._files.get(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        return answer(request, file, POLICY)
