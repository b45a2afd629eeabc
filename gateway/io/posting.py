"""Posts messages of webhooks with a single HTTP client for the node.

A name is resolved once for each connection. Only addresses that the configuration allows are kept, and the connection
is made to an address from this list. So a name that changes its address in between (DNS rebinding) cannot redirect the
request.

aiohttp takes long to import, and most nodes post nothing: the shell imports this module for the first message
(io/webhooks.py).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from gateway.webhooks.addresses import Allow, read_url
from gateway.webhooks.deliveries import Deliveries, Post

ANSWER_MAX: Final = 16 * 1024
"""Bytes of the answer's body that are read before the connection is closed; the body is not used."""

PER_HOST: Final = 4


class Refused(OSError):
    """The configuration does not allow the address. The text gives the reason."""


class Failed(Exception):
    """Nobody has answered the request. The text gives the reason. refused: the configuration forbids the address."""

    def __init__(self, reason: str, *, refused: bool = False) -> None:
        super().__init__(reason)
        self.refused = refused


class AllowedResolver(AbstractResolver):
    """Resolves names to allowed addresses only. allow: called each time, since the configuration may change."""

    def __init__(self, allow: Callable[[], Allow], inner: AbstractResolver) -> None:
        self._allow = allow
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        allow, name = self._allow(), host.lower().rstrip(".")
        kept = [one for one in found if allow.permits(name, ip_address(one["host"].partition("%")[0]))]
        if not kept:
            raise Refused(allow.refusal(name, (ip_address(one["host"].partition("%")[0]) for one in found)))
        return kept

    async def close(self) -> None:
        await self._inner.close()


class Poster:
    """Makes requests. bind_ip: this node's own address."""

    def __init__(self, core: Deliveries, bind_ip: str, resolver: AbstractResolver | None = None) -> None:
        self._core = core
        self._bind_ip = bind_ip
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def post(self, post: Post) -> tuple[int, float]:
        """Make the request. Returns the status, and the seconds of a Retry-After header (0: none). Raises Failed."""
        try:
            return await self._answer(post)
        except Refused as problem:
            raise Failed(str(problem), refused=True) from problem
        except TimeoutError as problem:
            raise Failed(f"the receiver did not answer within {post.time_limit_s:g} s") from problem
        except (OSError, aiohttp.ClientError, ValueError) as problem:
            refused = problem.__cause__ if isinstance(problem.__cause__, Refused) else _refusal_in(problem)
            if refused is not None:
                raise Failed(str(refused), refused=True) from problem
            raise Failed(_words(problem)) from problem

    async def _answer(self, post: Post) -> tuple[int, float]:
        target = read_url(post.url)
        address = target.address
        if address is not None and not self._core.allow.permits(target.host, address):
            raise Refused(self._core.allow.why_not(target))  # aiohttp calls no resolver for an address
        session = self._ready()
        async with (
            asyncio.timeout(post.time_limit_s),
            session.post(post.url, data=post.content, headers=post.headers, allow_redirects=False) as response,
        ):
            await response.content.read(ANSWER_MAX)
            return response.status, _retry_after(response)

    def _ready(self) -> aiohttp.ClientSession:
        """Return the HTTP client. The first request makes the client, since most nodes post nothing."""
        if self._session is None:
            family = socket.AF_INET6 if ":" in self._bind_ip else socket.AF_INET
            connector = aiohttp.TCPConnector(
                resolver=AllowedResolver(lambda: self._core.allow, self._resolver or ThreadedResolver()),
                use_dns_cache=False,
                local_addr=(self._bind_ip, 0),
                family=family,
                limit=0,
                limit_per_host=PER_HOST,
                force_close=True,  # frees a receiver with a single connection for other nodes
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                auto_decompress=False,
                trust_env=False,
            )
        return self._session


def _refusal_in(problem: BaseException) -> Refused | None:
    """Find the refusal inside an error of aiohttp."""
    inner = getattr(problem, "os_error", None)
    return inner if isinstance(inner, Refused) else None


def _words(problem: BaseException) -> str:
    """Describe a problem without the URL, which may have a secret."""
    if isinstance(problem, aiohttp.ClientConnectorDNSError):
        return "the name of the receiver cannot be resolved"
    if isinstance(problem, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return "the receiver's certificate is not accepted, or the receiver does not speak TLS"
    if isinstance(problem, aiohttp.ClientConnectorError):
        return f"the receiver cannot be reached: {problem.os_error.strerror or 'no connection'}"
    if isinstance(problem, aiohttp.ServerDisconnectedError | ConnectionError):
        return "the receiver closed the connection without an answer"
    return f"the receiver's answer cannot be read ({type(problem).__name__})"


def _retry_after(response: aiohttp.ClientResponse) -> float:
    """Return the seconds of a Retry-After header; 0 for a missing or unreadable header."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        wanted, sent = parsedate_to_datetime(text), parsedate_to_datetime(response.headers.get("Date", ""))
        return max(0.0, (wanted - sent).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return 0.0
