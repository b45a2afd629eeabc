"""The listeners for clients: plain and TLS, IPv4 and IPv6. Connections are counted before TLS begins."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

from gateway.edge.client.admission import farewell
from gateway.io.client_tls import Context
from gateway.io.clients import ClientSocket
from gateway.status import Certificate
from ring.io.accepting import Acceptor
from ring.io.certificates import reload_pair

if TYPE_CHECKING:
    from config.node import Listener
    from gateway.io.process import Process
    from ring.links.admission import Ticket

EXHAUSTED_EVERY_S: Final = 3600.0
"""A lack of descriptors is logged at most once in this time."""


class Listeners:
    """The listening sockets of a node. The ports are bound before other nodes hear of this node, and opened once the
    node may serve (P40).
    """

    def __init__(self, node: Process) -> None:
        self._node = node
        self._acceptors: list[tuple[Listener, Acceptor[Any]]] = []
        self._contexts: list[tuple[Context, str, str]] = []
        self._shown: list[tuple[Context, Listener]] = []
        self._exhausted_at = float("-inf")

    async def bind(self) -> None:
        """Bind the ports; connections are still refused. Raises OSError with the setting's name if a port cannot be
        used.
        """
        for number, listener in enumerate(self._node.config.listeners):
            acceptor = self._acceptor(listener)
            try:
                await acceptor.bind(str(listener.host), listener.port)
            except OSError as problem:
                raise _cannot_listen(number, listener, problem) from problem
            self._acceptors.append((listener, acceptor))

    def open(self) -> None:
        """Accept clients. Raises OSError with the setting's name if another process has taken a port."""
        for number, (listener, acceptor) in enumerate(self._acceptors):
            try:
                acceptor.open()
            except OSError as problem:
                raise _cannot_listen(number, listener, problem) from problem
            self._node.log.info("listening", host=listener.host, port=listener.port, tls=listener.tls is not None)

    def _acceptor(self, listener: Listener) -> Acceptor[Any]:
        node, context = self._node, None
        if listener.tls is not None:
            context = Context.load(str(listener.tls.cert), str(listener.tls.key))
            self._contexts.append((context, str(listener.tls.cert), str(listener.tls.key)))
            self._shown.append((context, listener))
        secure = context is not None

        def protocol(ticket: Ticket) -> asyncio.BaseProtocol:
            return ClientSocket(node, secure=secure, ticket=ticket)

        return Acceptor(
            admit=node.core.edge.admit,
            protocol=protocol,
            context=context,
            handshake_s=node.config.clients.register_timeout_s,
            farewell=farewell,
            exhausted=self._exhausted,
        )

    def _exhausted(self, problem: OSError) -> None:
        now = time.monotonic()
        if now - self._exhausted_at >= EXHAUSTED_EVERY_S:
            self._exhausted_at = now
            self._node.log.error(
                "descriptors_exhausted", port="listeners", limit=self._node.descriptors, reason=problem.strerror
            )

    def report(self) -> None:
        """Log the number of refused connections, at most once a minute."""
        report = self._node.core.edge.clients.admission.report(time.monotonic())
        if report is not None:
            self._node.log.warning(
                "clients_refused",
                number=report.number,
                too_fast=report.rate,
                per_address=report.per_source,
                total=report.total,
                addresses=report.sources,
                most_from=report.most,
                most=report.most_number,
            )

    def certificates(self) -> list[Certificate]:
        """Return the certificates that the listeners show now."""
        return [
            Certificate(f"{listener.host}:{listener.port}", str(listener.tls.cert), context.ends)
            for context, listener in self._shown
            if listener.tls is not None
        ]

    def reload_certificates(self) -> tuple[str, ...]:
        """Read the certificate files again, for new connections. Returns the problems in words; after a problem the old
        pair stays.
        """
        log = self._node.log
        return tuple(
            said for context, cert, key in self._contexts for said in reload_pair(context.reload, cert, key, log)
        )

    async def stop(self) -> None:
        """Stop accepting connections; existing connections stay."""
        for _, acceptor in self._acceptors:
            acceptor.close()
        self._acceptors.clear()


def _cannot_listen(number: int, listener: Listener, problem: OSError) -> OSError:
    return OSError(
        f"listeners: cannot listen on {listener.host} port {listener.port}: {problem.strerror or problem}: "
        f"choose an address of this machine and a free port (listeners.{number}.host, listeners.{number}.port)"
    )
