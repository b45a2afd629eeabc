"""The HTTP side of a node: pages, metrics, the chat, WebSockets and the operators' API on one listener.

The process of a node imports this module only if the settings have `http`: aiohttp and the parts of the listener take a
quarter of the imports of a node.
"""

from __future__ import annotations

from config import NodeConfig
from config.http import Http
from gateway.io.process import Process
from gateway.io.tokens import api_of, tokens
from gateway.io.websocket import WebSockets
from gateway.look import Looks
from gateway.status import Certificate
from gateway.web.chat_site import ChatSite
from gateway.web.server import WebServer
from gateway.web.site import NodeSite
from gateway.web.source import Source
from gateway.web.stream import Streams
from gateway.web.visitors import Visitors


class WebSide:
    """All that the node's HTTP listener serves. http: the section of the settings at the start."""

    def __init__(self, node: Process, http: Http, source: Source, looks: Looks) -> None:
        self._log = node.log
        visitors = Visitors(node.core, lambda: node.config.http or Http())
        self._streams = Streams(node.core, looks, source.act, node.log)
        self._api = api_of(source, visitors, node.config, node.log)
        parts = (NodeSite(source, visitors, self._streams), self._api, WebSockets(node, visitors), ChatSite(visitors))
        self._server = WebServer(http, [route for part in parts for route in part.routes()], node.log)

    async def start(self) -> None:
        """Open the port. Raises OSError with the setting's name if the port cannot be used."""
        await self._server.start()

    async def stop(self) -> None:
        self._streams.close()
        await self._server.stop()

    def configure(self, config: NodeConfig) -> tuple[str, ...]:
        """Take the settings that were read again. Returns the mistakes: texts for the operator."""
        self._api.configure(*tokens(config, self._log))
        return self._server.configure(config.http) if config.http is not None else ()

    def certificates(self) -> list[Certificate]:
        """Return the certificate that the page shows now, if any."""
        shown = self._server.certificate()
        return [Certificate(*shown)] if shown is not None else []
