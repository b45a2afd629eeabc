"""/healthz, /readyz and /metrics over a real socket, of a node that is not well."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from config.http import Http
from gateway.happenings import Happenings
from gateway.look import Looks
from gateway.status import Around, Directory
from gateway.web.health import Health
from gateway.web.site import NodeSite
from gateway.web.source import Source
from gateway.web.stream import Streams
from gateway.web.visitors import Visitors
from tests.gateway.commands.stage import network
from tests.gateway.web.samples import samples

SLOW = Health(False, "every turn is late")


def source(**changes: Any) -> Source:
    core = network(2).nodes["n1"].core
    return Source(core, dict)._replace(**changes)


def get(asked: Source, *paths: str) -> list[tuple[int, str]]:
    """Status and body of each answer."""

    async def run() -> list[tuple[int, str]]:
        looks = Looks(asked.core, dict, Around, Happenings(asked.core))
        streams = Streams(asked.core, looks, asked.act, None)
        app = web.Application()
        app.add_routes(NodeSite(asked, Visitors(asked.core, Http), streams).routes())
        async with TestClient(TestServer(app, host="127.0.0.1")) as client:
            answers = [await client.get(path) for path in paths]
            return [(answer.status, await answer.text()) for answer in answers]

    return asyncio.run(run())


def test_a_node_that_is_well_says_so() -> None:
    health, ready = get(source(), "/healthz", "/readyz")
    assert health == (200, '{"status": "ok"}') and ready == (200, '{"ready": true, "why": ""}')


def test_a_node_whose_loop_lags_is_unhealthy_and_still_tells_its_metrics() -> None:
    (status, body), metrics, ready = get(source(health=lambda: SLOW), "/healthz", "/metrics", "/readyz")
    assert status == 503
    assert msgspec.json.decode(body) == {"status": "unhealthy", "why": "every turn is late"}
    assert metrics[0] == 200 and samples(metrics[1])[("circlet_healthy",)] == 0
    assert ready[0] == 200  # a supervisor reads /healthz, a load balancer /readyz


@pytest.mark.parametrize("leaves", [True, False])
def test_a_node_that_drains_or_is_refused_gets_no_clients_and_is_not_restarted(leaves: bool) -> None:
    refused = Around([Directory("127.0.0.1:7700", "the directory is full", refused=True)])
    asked = source() if leaves else source(around=lambda: refused)
    if leaves:
        asked.core.engine.leave(msgspec.structs.replace(asked.core.engine.peers.me, leaving=True))
    (status, body), health = get(asked, "/readyz", "/healthz")
    found = msgspec.json.decode(body)
    assert status == 503 and not found["ready"]
    assert ("stopping" if leaves else "127.0.0.1:7700 refuses the node: the directory is full") in found["why"]
    assert health[0] == 200


def test_a_page_that_a_browser_has_already_is_not_sent_again() -> None:
    async def run() -> None:
        asked = source()
        looks = Looks(asked.core, dict, Around, Happenings(asked.core))
        app = web.Application()
        site = NodeSite(asked, Visitors(asked.core, Http), Streams(asked.core, looks, asked.act, None))
        app.add_routes(site.routes())
        async with TestClient(TestServer(app, host="127.0.0.1")) as client:
            first = await client.get("/")
            assert (first.status, first.headers["Cache-Control"]) == (200, "no-cache")
            site._pages.old_at = float("inf")
            same = await client.get("/", headers={"If-None-Match": first.headers["ETag"]})
            assert (same.status, await same.text()) == (304, "")
            other = await client.get("/?name=%23erlang", headers={"If-None-Match": first.headers["ETag"]})
            assert other.status == 200 and "1310262970" in await other.text()

    asyncio.run(run())


def test_an_open_page_goes_on_at_other_nodes_after_its_own_node_has_left_for_good() -> None:
    """A browser hides an answer from the page, unless the answer names the page's site."""

    async def run() -> list[str | None]:
        asked = source()
        peers = asked.core.engine.peers
        left = msgspec.structs.replace(
            peers.me, key="127.0.0.9", name="n9.test", ip="127.0.0.9", http="http://127.0.0.9:8067/", leaving=True
        )
        peers.learn([left], 1.0)
        assert peers.forget(left.key, left.incarnation, 2.0) and peers.roster.get(left.key) is None
        looks = Looks(asked.core, dict, Around, Happenings(asked.core))
        app = web.Application()
        site = NodeSite(asked, Visitors(asked.core, Http), Streams(asked.core, looks, asked.act, None))
        app.add_routes(site.routes())
        origins = ["http://127.0.0.9:8067", "http://127.0.0.8:8067"]
        async with TestClient(TestServer(app, host="127.0.0.1")) as client:
            answers = [await client.get("/nodes.json", headers={"Origin": origin}) for origin in origins]
            return [answer.headers.get("Access-Control-Allow-Origin") for answer in answers]

    assert asyncio.run(run()) == ["http://127.0.0.9:8067", None]
