"""A guest's visit to one node: dial its link port, prove the network key, ask one thing, go."""

from __future__ import annotations

import asyncio
import hashlib
import os
import ssl
import time

from ring.links.hello import NONCE, Terms
from ring.links.link import Close, Effect, Link, LinkSettings, Replied, Up, Write
from ring.roster import NodeRecord
from ring.shells.certificates import dialler_context


class NoReply(Exception):
    """Why the node did not answer, in words."""


async def ask(
    node: NodeRecord, payload: bytes, *, terms: Terms, key: bytes, settings: LinkSettings, timeout_s: float
) -> bytes:
    """The node's reply to the payload.

    node: where to dial, and whose ring key has to be there; any life of it will do. timeout_s: for all of it. Raises
    NoReply.
    """
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(
                node.ip, node.link_port, ssl=dialler_context(), server_hostname=""
            )
            try:
                return await _visit(node.key, payload, reader, writer, terms, key, settings)
            finally:
                writer.transport.abort()
    except TimeoutError as problem:
        raise NoReply(f"silent for {timeout_s:g} s") from problem
    except ssl.SSLError as problem:
        raise NoReply(f"it does not speak TLS: {problem.reason or problem}") from problem
    except OSError as problem:
        raise NoReply(_words(problem)) from problem


async def _visit(
    expected: str,
    payload: bytes,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    terms: Terms,
    key: bytes,
    settings: LinkSettings,
) -> bytes:
    seen = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    certificate = hashlib.sha256(seen or b"").digest()
    link = Link("dialler", terms, None, key, certificate, os.urandom(NONCE), settings, time.monotonic(), expected)
    effects: list[Effect] = link.start()
    while True:
        for effect in effects:
            if isinstance(effect, Write):
                writer.write(effect.data)
            elif isinstance(effect, Up):
                writer.write(link.request(payload))
            elif isinstance(effect, Replied):
                writer.write(link.bye())
                return effect.payload
            elif isinstance(effect, Close):
                raise NoReply(f"refused: {effect.reason}" if effect.refused else "it hung up")
        await writer.drain()
        data = await reader.read(1 << 16)
        if not data:
            raise NoReply("it hung up")
        effects = link.feed(data, time.monotonic())


def _words(problem: OSError) -> str:
    """asyncio's own text repeats the address; the system's is enough."""
    return (os.strerror(problem.errno) if problem.errno else str(problem) or "connection lost").lower()
