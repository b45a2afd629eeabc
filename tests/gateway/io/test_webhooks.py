"""Requests of webhooks over real sockets: what is followed, bound, limited, and refused."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from gateway.io.webhooks import WebhookShell
from gateway.webhooks.addresses import Allow
from gateway.webhooks.deliveries import Post
from tests.patience import WITHIN_S

IP = "127.0.0.1"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Names(AbstractResolver):
    """Tells these addresses in turn, the last one again and again."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        address = self.addresses.pop(0) if len(self.addresses) > 1 else self.addresses[0]
        return [ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None: ...


class Desk:
    """In place of the core: remembers what the shell says."""

    def __init__(self, *allow: str) -> None:
        self.allow = Allow(allow)
        self.wants: list[Post] = []
        self.said: asyncio.Queue[tuple[Any, ...]] = asyncio.Queue()

    def answered(self, number: int, status: int, retry_after_s: float = 0.0) -> None:
        self.said.put_nowait((number, status, retry_after_s))

    def failed(self, number: int, reason: str, *, refused: bool = False) -> None:
        self.said.put_nowait((number, reason, refused))


@asynccontextmanager
async def receiver(handler: Handler, host: str = "127.0.0.9") -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, host, 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def post(
    desk: Desk, url: str, names: AbstractResolver | None = None, limit_s: float = WITHIN_S
) -> tuple[Any, ...]:
    shell = WebhookShell(desk, IP, lambda job: job(), names)  # type: ignore[arg-type]
    desk.wants.append(Post(7, url, {"Idempotency-Key": "k"}, b"{}", limit_s))
    shell.flush()
    assert not desk.wants
    try:
        return await asyncio.wait_for(desk.said.get(), WITHIN_S)
    finally:
        await shell.stop()


def test_a_request_comes_from_the_nodes_address_with_its_headers_and_body() -> None:
    async def story() -> None:
        seen: list[Any] = []

        async def handle(request: web.Request) -> web.Response:
            seen.append((request.method, request.remote, request.headers["Idempotency-Key"], await request.read()))
            return web.Response(status=202, headers={"Retry-After": "7", "Set-Cookie": "a=b"})

        async with receiver(handle) as port:
            assert await post(Desk("127.0.0.9"), f"http://127.0.0.9:{port}/x") == (7, 202, 7.0)
        assert seen == [("POST", IP, "k", b"{}")]

    asyncio.run(story())


def test_a_redirect_is_not_followed() -> None:
    async def story() -> None:
        paths: list[str] = []

        async def handle(request: web.Request) -> web.Response:
            paths.append(request.path)
            return web.Response(status=307, headers={"Location": "/elsewhere"})

        async with receiver(handle) as port:
            assert await post(Desk("127.0.0.9"), f"http://127.0.0.9:{port}/x") == (7, 307, 0.0)
        assert paths == ["/x"]

    asyncio.run(story())


def test_an_endless_answer_and_a_late_one_end_in_time() -> None:
    async def story() -> None:
        async def endless(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            for _ in range(1_000):
                await response.write(b"x" * 4096)
            return response

        async def late(request: web.Request) -> web.Response:
            await asyncio.sleep(WITHIN_S)
            return web.Response()

        async with receiver(endless) as port:
            assert await post(Desk("127.0.0.9"), f"http://127.0.0.9:{port}/") == (7, 200, 0.0)
        async with receiver(late) as port:
            found = await post(Desk("127.0.0.9"), f"http://127.0.0.9:{port}/", limit_s=0.2)
            assert found == (7, "the receiver did not answer within 0.2 s", False)

    asyncio.run(story())


def test_a_name_leads_only_to_addresses_that_are_allowed_and_only_what_was_checked_is_connected_to() -> None:
    async def story() -> None:
        hits: list[str] = []

        async def handle(request: web.Request) -> web.Response:
            hits.append(request.host)
            return web.Response()

        async with receiver(handle) as port:
            url = f"http://hooks.example.net:{port}/"
            names = Names("127.0.0.9")
            found = await post(Desk("hooks.example.net"), url, names)
            assert found[2] is True and "hooks.example.net resolves to 127.0.0.9" in found[1] and not hits
            rebound = Names("127.0.0.9", "127.0.0.8")  # asked again, the name would lead elsewhere
            assert await post(Desk("127.0.0.9"), url, rebound) == (7, 200, 0.0)
            assert rebound.asked == 1 and len(hits) == 1
            found = await post(Desk("127.0.0.8"), f"http://127.0.0.9:{port}/")
            assert found[2] is True and "does not allow 127.0.0.9" in found[1] and len(hits) == 1

    asyncio.run(story())


@pytest.mark.parametrize("what", ["refused", "closed", "nonsense", "tls"])
def test_what_goes_wrong_is_told_in_words_without_the_url(what: str) -> None:
    async def story() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(10)
            if what == "nonsense":
                writer.write(b"SSH-2.0-x\r\n\r\n")
                await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.9", 0)
        port = server.sockets[0].getsockname()[1]
        if what == "refused":
            server.close()
            await server.wait_closed()
        scheme = "https" if what == "tls" else "http"
        found = await post(Desk("127.0.0.9"), f"{scheme}://127.0.0.9:{port}/secret-path?token=secret")
        assert found[0] == 7 and found[2] is False and str(found[1]).startswith("the receiver")
        assert "secret" not in found[1]
        if what != "refused":
            server.close()

    asyncio.run(story())


def test_a_node_that_stops_gives_up_what_is_on_its_way() -> None:
    async def story() -> None:
        began = asyncio.Event()

        async def handle(request: web.Request) -> web.Response:
            began.set()
            await asyncio.sleep(WITHIN_S)
            return web.Response()

        async with receiver(handle) as port:
            desk = Desk("127.0.0.9")
            shell = WebhookShell(desk, IP, lambda job: job())  # type: ignore[arg-type]
            desk.wants.append(Post(1, f"http://127.0.0.9:{port}/", {}, b"{}", WITHIN_S))
            shell.flush()
            await asyncio.wait_for(began.wait(), WITHIN_S)
            await asyncio.wait_for(shell.stop(), WITHIN_S)
            assert desk.said.empty()

    asyncio.run(story())


def test_each_request_has_a_connection_that_is_closed_after_the_answer() -> None:
    async def story() -> None:
        closed: asyncio.Queue[bytes] = asyncio.Queue()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"{}")
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")  # and the connection stays open on this side
            closed.put_nowait(await reader.read())
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.9", 0)
        url = f"http://127.0.0.9:{server.sockets[0].getsockname()[1]}/"
        desk = Desk("127.0.0.9")
        shell = WebhookShell(desk, IP, lambda job: job())  # type: ignore[arg-type]
        for number in (1, 2):
            desk.wants.append(Post(number, url, {}, b"{}", WITHIN_S))
            shell.flush()
            assert await asyncio.wait_for(desk.said.get(), WITHIN_S) == (number, 204, 0.0)
            # The next request on the same connection would be read here.
        for _ in range(2):
            assert await asyncio.wait_for(closed.get(), WITHIN_S) == b""
        await shell.stop()
        server.close()

    asyncio.run(story())
