"""Where people connect: plain and TLS, IPv4 and IPv6. Connections are counted when they come, before TLS."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from gateway.edge.client.admission import farewell
from gateway.io.client_tls import Context
from gateway.io.clients import ClientSocket
from gateway.status import Certificate
from ring.io.accepting import Acceptor
from ring.io.certificates import reload_pair

if TYPE_CHECKING:
    from config.node import Listener
    from gateway.io.node_process import NodeProcess
    from ring.links.admission import Ticket

EXHAUSTED_EVERY_S: Final = 3600.0
"""That no descriptor is left is logged once in so long."""


class Listeners:
    """The listening sockets of a node: bound before anybody hears of the node, and opened once it may serve (P40)."""

    def __init__(self, node: NodeProcess) -> None:
        self._node = node
        self._acceptors: list[tuple[Listener, Acceptor]] = []
        self._contexts: list[tuple[Context, str, str]] = []
        self._shown: list[tuple[Context, Listener]] = []
        self._exhausted_at = float("-inf")

    async def bind(self) -> None:
        """Hold the ports; connections are refused. Raises OSError that names the setting, if a port cannot be had."""
        for number, listener in enumerate(self._node.config.listeners):
            acceptor = self._acceptor(listener)
            try:
                await acceptor.bind(str(listener.host), listener.port)
            except OSError as problem:
                raise _cannot_listen(number, listener, problem) from problem
            self._acceptors.append((listener, acceptor))

    def open(self) -> None:
        """Accept clients. Raises OSError that names the setting, if another process has taken a port meanwhile."""
        for number, (listener, acceptor) in enumerate(self._acceptors):
            try:
                acceptor.open()
            except OSError as problem:
                raise _cannot_listen(number, listener, problem) from problem
            self._node.log.info("listening", host=listener.host, port=listener.port, tls=listener.tls is not None)

    def _acceptor(self, listener: Listener) -> Acceptor:
        node, context = self._node, None
        if listener.tls is not None:
            context = Context.load(str(listener.tls.cert), str(listener.tls.key))
            self._contexts.append((context, str(listener.tls.cert), str(listener.tls.key)))
            self._shown.append((context, listener))
        secure = context is not None

        def protocol(ticket: Ticket) -> asyncio.BaseProtocol:
            return ClientSocket(node, secure=secure, ticket=ticket)

        return Acceptor(
            admit=node.core.edge.admission.admit,
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
        """Log how many connections were refused: once a minute, however many there are."""
        report = self._node.core.edge.admission.report(time.monotonic())
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
        """What the listeners show to clients now."""
        return [
            Certificate(f"{listener.host}:{listener.port}", str(listener.tls.cert), context.ends)
            for context, listener in self._shown
            if listener.tls is not None
        ]

    def reload_certificates(self) -> tuple[str, ...]:
        """New connections get what the files hold now. Returns what is wrong, in words; the old pair stays then."""
        log = self._node.log
        return tuple(
            said for context, cert, key in self._contexts for said in reload_pair(context.reload, cert, key, log)
        )

    async def stop(self) -> None:
        """Accept no more; who is connected stays."""
        for _, acceptor in self._acceptors:
            acceptor.close()
        self._acceptors.clear()


def _cannot_listen(number: int, listener: Listener, problem: OSError) -> OSError:
    return OSError(
        f"listeners: cannot listen on {listener.host} port {listener.port}: {problem.strerror or problem}: "
        f"choose an address of this machine and a free port (listeners.{number}.host, listeners.{number}.port)"
    )
