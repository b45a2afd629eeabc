"""A guest's visit to one node: dial its link port, prove the network key, ask one thing, go."""

from __future__ import annotations

import asyncio
import hashlib
import os
import ssl
import time
from contextlib import suppress

from ring.links.hello import NONCE, Terms
from ring.links.link import Close, Effect, Link, LinkSettings, Replied, Up, Write
from ring.roster import NodeRecord
from ring.shells.certificates import dialler_context
from ring.shells.source import source_for


class NoReply(Exception):
    """Why the node did not answer, in words."""


class Unfit(NoReply):
    """The node refuses whoever has this key and these settings. reason: in words, without more."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"refused: {reason}")
        self.reason = reason


async def ask(
    node: NodeRecord, payload: bytes, *, terms: Terms, key: bytes, settings: LinkSettings, timeout_s: float
) -> bytes:
    """The node's reply to the payload.

    node: where to dial, and whose ring key has to be there; any life of it will do. timeout_s: for all of it. Raises
    NoReply.
    """
    reply = await _dial(node, payload, None, terms, key, settings, timeout_s)
    assert reply is not None
    return reply


async def check_fit(
    node: NodeRecord, own_ip: str, *, terms: Terms, key: bytes, settings: LinkSettings, timeout_s: float
) -> None:
    """Whether the node lets in who has this key and these settings: as a guest, so that nobody takes part in the ring.

    own_ip: where to dial from, if this machine has that address. Raises Unfit if the node does not let it in, NoReply
    if the node cannot be asked.
    """
    await _dial(node, None, None, terms, key, settings, timeout_s, own_ip)


async def be_refused(
    node: NodeRecord, me: NodeRecord, *, terms: Terms, key: bytes, settings: LinkSettings, timeout_s: float
) -> None:
    """Knock with the own record where a guest was refused, so that the node can say who was refused, and why.

    Whatever comes of it is known already.
    """
    with suppress(NoReply):
        await _dial(node, None, me, terms, key, settings, timeout_s, me.ip)


async def _dial(
    node: NodeRecord,
    payload: bytes | None,
    me: NodeRecord | None,
    terms: Terms,
    key: bytes,
    settings: LinkSettings,
    timeout_s: float,
    own_ip: str = "",
) -> bytes | None:
    """The reply to the payload; None, once the handshake is done, where there is none."""
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(
                node.ip,
                node.link_port,
                ssl=dialler_context(),
                server_hostname="",
                local_addr=source_for(own_ip, node.ip) if own_ip else None,
            )
            try:
                seen = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
                certificate = hashlib.sha256(seen or b"").digest()
                nonce, now = os.urandom(NONCE), time.monotonic()
                expected = node.key if payload is not None else None
                link = Link("dialler", terms, me, key, certificate, nonce, settings, now, expected)
                return await _visit(link, payload, reader, writer)
            finally:
                writer.transport.abort()
    except TimeoutError as problem:
        raise NoReply(f"silent for {timeout_s:g} s") from problem
    except ssl.SSLError as problem:
        raise NoReply(f"it does not speak TLS: {problem.reason or problem}") from problem
    except OSError as problem:
        raise NoReply(_words(problem)) from problem


async def _visit(
    link: Link, payload: bytes | None, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bytes | None:
    effects: list[Effect] = link.start()
    while True:
        for effect in effects:
            if isinstance(effect, Write):
                writer.write(effect.data)
            elif isinstance(effect, Up):
                if payload is None:
                    writer.write(link.bye())
                    await writer.drain()
                    return None
                writer.write(link.request(payload))
            elif isinstance(effect, Replied):
                writer.write(link.bye())
                return effect.payload
            elif isinstance(effect, Close):
                raise Unfit(effect.reason) if effect.refused else NoReply("it hung up")
        await writer.drain()
        data = await reader.read(1 << 16)
        if not data:
            raise NoReply("it hung up")
        effects = link.feed(data, time.monotonic())


def _words(problem: OSError) -> str:
    """asyncio's own text repeats the address; the system's is enough."""
    return (os.strerror(problem.errno) if problem.errno else str(problem) or "connection lost").lower()
