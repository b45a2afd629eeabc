"""Visit one node as an admin client: dial the link port, prove the network key, ask, go."""

from __future__ import annotations

import asyncio
import hashlib
import os
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from ring.io.certificates import dialler_context
from ring.io.source import source_for
from ring.links.hello import NONCE, Terms
from ring.links.link import Close, Effect, Link, LinkSettings, Replied, Up, Write
from ring.roster import NodeRecord

E = TypeVar("E", Up, Replied)


class NoReply(Exception):
    """The node did not answer. The text says why."""


class Unfit(NoReply):
    """The node refuses this key or these settings. reason: only the node's reason, in words."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"refused: {reason}")
        self.reason = reason


async def ask(
    node: NodeRecord, payload: bytes, *, terms: Terms, key: bytes, settings: LinkSettings, timeout_s: float
) -> bytes:
    """Return the node's reply to the payload.

    node: the node to dial. The node must have the record's ring key, in any life. timeout_s: for the whole visit.
    Raises NoReply.
    """
    async with _in_words(timeout_s):
        entered = await visit(node, terms=terms, key=key, settings=settings, timeout_s=timeout_s, expected=node.key)
        try:
            return await entered.ask(payload, timeout_s)
        finally:
            entered.leave()


async def check_fit(
    node: NodeRecord, own_ip: str, *, terms: Terms, key: bytes, settings: LinkSettings, timeout_s: float
) -> None:
    """Check that the node lets this key and these settings in: as an admin client, which takes no part in the ring.

    own_ip: address to dial from, if this machine has the address. Raises Unfit if the node refuses, NoReply if the node
    cannot be asked.
    """
    entered = await visit(node, terms=terms, key=key, settings=settings, timeout_s=timeout_s, own_ip=own_ip)
    entered.leave()


async def be_refused(
    node: NodeRecord, me: NodeRecord, *, terms: Terms, key: bytes, settings: LinkSettings, timeout_s: float
) -> None:
    """Knock with the own record where an admin client was refused, so that the node can name the refused node and the
    reason.

    The result does not matter.
    """
    with suppress(NoReply):
        entered = await visit(node, me, terms=terms, key=key, settings=settings, timeout_s=timeout_s, own_ip=me.ip)
        entered.leave()


class Visit:
    """An admin client's connection to one node, for one question after the other."""

    def __init__(self, link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._link = link
        self._reader = reader
        self._writer = writer
        self._effects: deque[Effect] = deque(link.start())

    async def enter(self) -> None:
        """Wait until the handshake is done. Raises NoReply."""
        await self._next(Up)

    async def ask(self, payload: bytes, timeout_s: float) -> bytes:
        """Return the node's reply to the payload. Raises NoReply, and then the visit is over."""
        async with _in_words(timeout_s):
            self._writer.write(self._link.request(payload))
            return (await self._next(Replied)).payload

    async def _next(self, wanted: type[E]) -> E:
        while True:
            while self._effects:
                effect = self._effects.popleft()
                if isinstance(effect, wanted):
                    return effect
                if isinstance(effect, Write):
                    self._writer.write(effect.data)
                elif isinstance(effect, Close):
                    raise Unfit(effect.reason) if effect.refused else NoReply("it hung up")
            await self._writer.drain()
            data = await self._reader.read(1 << 16)
            if not data:
                raise NoReply("it hung up")
            self._effects.extend(self._link.feed(data, time.monotonic()))

    def leave(self) -> None:
        """Say goodbye, and hang up."""
        self._writer.write(self._link.bye())
        self._writer.transport.abort()


async def visit(
    node: NodeRecord,
    me: NodeRecord | None = None,
    *,
    terms: Terms,
    key: bytes,
    settings: LinkSettings,
    timeout_s: float,
    own_ip: str = "",
    expected: str | None = None,
) -> Visit:
    """Dial, and prove the network key. The caller leaves the visit in the end.

    me: the own record of a node; None for an admin client. timeout_s: for the dial and the proof. own_ip: address to
    dial from, if this machine has the address. expected: the ring key that must be there. Raises NoReply.
    """
    async with _in_words(timeout_s):
        reader, writer = await asyncio.open_connection(
            node.ip,
            node.link_port,
            ssl=dialler_context(),
            server_hostname="",
            local_addr=source_for(own_ip, node.ip) if own_ip else None,
        )
        try:
            seen = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            certificate, nonce = hashlib.sha256(seen or b"").digest(), os.urandom(NONCE)
            link = Link("dialler", terms, me, key, certificate, nonce, settings, time.monotonic(), expected)
            entered = Visit(link, reader, writer)
            await entered.enter()
        except BaseException:
            writer.transport.abort()
            raise
        return entered


@asynccontextmanager
async def _in_words(timeout_s: float) -> AsyncIterator[None]:
    """Turn problems within, and a visit longer than the time, into NoReply."""
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except TimeoutError as problem:
        raise NoReply(f"silent for {timeout_s:g} s") from problem
    except ssl.SSLError as problem:
        raise NoReply(f"it does not speak TLS: {problem.reason or problem}") from problem
    except OSError as problem:
        raise NoReply(_words(problem)) from problem


def _words(problem: OSError) -> str:
    """Return the system's text of the error: asyncio's own text repeats the address."""
    return (os.strerror(problem.errno) if problem.errno else str(problem) or "connection lost").lower()
