"""Where people connect: plain and TLS, IPv4 and IPv6."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

from gateway.shells.client_tls import Context
from gateway.shells.clients import ClientSocket

if TYPE_CHECKING:
    from gateway.shells.node_process import NodeProcess

BACKLOG = 1024


class Listeners:
    """The listening sockets of a node."""

    def __init__(self, node: NodeProcess) -> None:
        self._node = node
        self._servers: list[asyncio.Server] = []
        self._contexts: list[tuple[Context, str, str]] = []

    async def start(self) -> None:
        """Raises OSError that names the address, if one cannot be opened."""
        loop = asyncio.get_running_loop()
        for listener in self._node.config.listeners:
            context = None
            if listener.tls is not None:
                context = Context.load(str(listener.tls.cert), str(listener.tls.key))
                self._contexts.append((context, str(listener.tls.cert), str(listener.tls.key)))
            secure = context is not None
            try:
                server = await loop.create_server(
                    lambda secure=secure: ClientSocket(self._node, secure=secure),
                    listener.host,
                    listener.port,
                    ssl=context,
                    ssl_handshake_timeout=self._node.config.clients.register_timeout_s if secure else None,
                    backlog=BACKLOG,
                )
            except OSError as problem:
                raise OSError(
                    f"listeners: cannot listen on {listener.host} port {listener.port}: {problem.strerror or problem}: "
                    "choose an address of this machine and a free port"
                ) from problem
            self._servers.append(server)
            self._node.log.info("listening", host=listener.host, port=listener.port, tls=secure)

    def reload_certificates(self) -> tuple[str, ...]:
        """New connections get what the files hold now. Returns what is wrong, in words; the old pair stays then."""
        wrong = []
        for context, cert, key in self._contexts:
            try:
                context.reload(cert, key)
            except (OSError, ssl.SSLError) as problem:
                self._node.log.error("certificate_reload_failed", file=cert, reason=str(problem))
                wrong.append(f"{cert} and {key} were not taken, the old certificate stays in use: {problem}")
        return tuple(wrong)

    async def stop(self) -> None:
        """Accept no more; who is connected stays."""
        for server in self._servers:
            server.close()
        self._servers.clear()
