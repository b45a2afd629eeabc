"""A directory on loopback: the directory's log, and the answers to strangers' datagrams."""

from __future__ import annotations

import socket

import pytest

from tests.ring.io.directories import Directory, place, record
from tests.ring.io.hubs import News, run


def test_it_serves_from_start_to_stop() -> None:
    async def tell() -> None:
        made = Directory(News())
        assert made.server.address == ("127.0.0.1", 0)
        async with place() as here:
            made = await here.directory()
            address = made.server.address
            assert address[1] != 0 and made.server.nodes == 0
            await here.member(record(2))
            await here.until(lambda: made.server.nodes == 1)
            await made.server.stop()
            await made.server.stop()
        events = [event for _, event, _ in made.log.lines]
        assert events == ["directory_started", "node_joined", "directory_stopped"]
        assert (made.log.lines[0][2]["ip"], made.log.lines[0][2]["port"]) == address
        assert made.log.of("directory_stopped") == [{"nodes": 1}]

    run(tell())


def test_a_port_that_is_taken_is_told() -> None:
    async def tell() -> None:
        async with place() as here:
            made = await here.directory()
            with pytest.raises(OSError, match="in use"):
                await here.directory(port=made.server.address[1])

    run(tell())


def test_datagrams_that_are_not_believed_are_one_line_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    async def tell() -> None:
        async with place() as here:
            made = await here.directory(lease_s=0.1)
            server = made.server
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                stranger.bind(("127.0.0.7", 0))
                for number in range(5):
                    stranger.sendto(b"noise %d" % number, server.address)
                await here.until(lambda: sum(server.drops.values()) == 5 and made.log.of("datagrams_dropped"))
                stranger.sendto(b"more noise", server.address)
                await here.until(lambda: sum(server.drops.values()) == 6)
                ticks = server.now + 3 * server._tick_s
                await here.until(lambda: server.now > ticks)
                assert len(made.log.of("datagrams_dropped")) == 1
                monkeypatch.setattr(server, "_drops_due", 0.0)  # a minute later
                await here.until(lambda: len(made.log.of("datagrams_dropped")) == 2)
            lines = made.log.of("datagrams_dropped")
            assert {line["last_from"] for line in lines} == {"127.0.0.7"} and server.nodes == 0
            assert sum(sum(line["reasons"].values()) for line in lines) == 6

    run(tell())


def test_a_refused_node_is_a_warning_and_a_silent_node_leaves() -> None:
    async def tell() -> None:
        async with place() as here:
            made = await here.directory(max_nodes=1, lease_s=1.0)
            first = await here.member(record(2))
            await here.until(lambda: made.server.nodes == 1)
            await here.member(record(3))
            await here.until(lambda: made.log.of("announce_refused"))
            assert {level for level, event, _ in made.log.lines if event == "announce_refused"} == {"warning"}
            await first.client.stop(depart=False)
            await here.until(lambda: made.log.of("node_left"))
            assert made.log.of("node_left")[0]["reason"] == "lease ran out"

    run(tell())


def test_a_node_that_is_refused_again_and_again_does_not_fill_the_log() -> None:
    async def tell() -> None:
        async with place() as here:
            made = await here.directory(max_nodes=0)
            member = await here.member(record(2))
            for _ in range(60):
                refused = made.server.core.counts["refused"]
                member.client.core.announce(member.record)
                member.client.wake()
                await here.until(lambda refused=refused: made.server.core.counts["refused"] > refused)
            assert 1 <= len(made.log.of("announce_refused")) < 30

    run(tell())
