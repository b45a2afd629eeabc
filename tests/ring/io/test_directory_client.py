"""A node and its directories over UDP on loopback, and questions open to anybody at a directory."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

import msgspec
import pytest

from ring.io.datagram_port import Address
from ring.io.directory_client import NoAnswer, ask_directories, query_denials, query_nodes
from tests.patience import WITHIN_S
from tests.ring.io.directories import place, record, unused
from tests.ring.io.hubs import run


def test_nodes_find_each_other_and_tell_what_changes() -> None:
    async def tell() -> None:
        async with place() as here:
            directory = await here.directory()
            a, b = await here.member(record(2)), await here.member(record(3))
            await here.until(lambda: set(a.known) == {b.record.key} and set(b.known) == {a.record.key})
            assert a.log.of("directory_reached") == [{"ip": "127.0.0.1", "port": directory.server.address[1]}]
            (left,) = a.client.leases_left()
            assert left is not None and 0 < left <= 30.0
            a.record = msgspec.structs.replace(a.record, leaving=True)
            a.client.wake()
            await here.until(lambda: b.known[a.record.key].leaving)
            await a.client.stop()
            await here.until(lambda: not b.known)
            assert b.departed == {a.record.key} and directory.server.nodes == 1 and not a.log.of("depart_unanswered")

    run(tell())


def test_a_directory_that_goes_is_told_and_one_that_comes_back_too() -> None:
    async def tell() -> None:
        async with place() as here:
            directory = await here.directory(lease_s=1.0)
            port = directory.server.address[1]
            a = await here.member(record(2))
            await here.until(lambda: a.log.of("directory_reached"))
            await directory.server.stop()
            await here.until(lambda: a.log.of("directory_lost"))
            await here.directory(port=port)
            await here.until(lambda: len(a.log.of("directory_reached")) >= 2)

    run(tell())


def test_a_refusal_is_told_with_its_reason() -> None:
    async def tell() -> None:
        async with place() as here:
            await here.directory()
            await here.member(record(2))
            await here.until(lambda: here.directories[0].server.nodes == 1)
            double = await here.member(record(3, name="n2.test"))
            await here.until(lambda: double.log.of("directory_refused"))
            assert "n2.test" in double.log.of("directory_refused")[0]["reason"]
            (denial,) = await query_denials(here.addresses, WITHIN_S)
            assert (denial.key, denial.name) == ("127.0.0.3", "n2.test") and "n2.test" in denial.reason

    run(tell())


def test_a_departure_that_nobody_answers_is_told_and_ends() -> None:
    async def tell() -> None:
        async with place() as here:
            directory = await here.directory()
            a = await here.member(record(2), announce_every_s=10.0)
            await here.until(lambda: a.log.of("directory_reached"))
            await directory.server.stop()
            await a.client.stop()
            await a.client.stop()
            assert a.log.of("depart_unanswered") == [{}]

    run(tell())


def test_an_address_that_only_others_see_can_still_announce() -> None:
    async def tell() -> None:
        async with place() as here:
            directory = await here.directory()
            a = await here.member(record(2, ip="203.0.113.9"))
            await here.until(lambda: directory.server.nodes == 1)
            assert a.log.of("own_ip_not_local")[0]["ip"] == "203.0.113.9"

    run(tell())


def test_words_of_strangers_are_not_taken_for_a_directorys() -> None:
    async def tell() -> None:
        async with place() as here:
            directory = await here.directory()
            a = await here.member(record(2))
            await here.until(lambda: a.log.of("directory_reached"))
            port = next(iter(a.client._ports.values())).address
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                for noise in (b"", b"noise", bytes(1200)):
                    stranger.sendto(noise, port)
            b = await here.member(record(3))
            await here.until(lambda: a.known)
            assert set(a.known) == {b.record.key} and not a.log.of("bug") and directory.server.nodes == 2

    run(tell())


def test_anybody_may_ask_for_the_list_of_nodes() -> None:
    async def tell() -> None:
        async with place() as here:
            await here.directory()
            await here.directory()
            await here.member(record(2))
            await here.member(record(3), directories=here.addresses[:1])
            await here.until(lambda: [one.server.nodes for one in here.directories] == [2, 1])
            listed = await query_nodes([*here.addresses, unused()], 2.0)
            assert [one.record for one in listed] == [record(2), record(3)]
            found = await ask_directories(here.addresses, WITHIN_S)
            assert found.finished and found.answered

    run(tell())


def test_where_no_directory_answers_each_is_named_with_the_reason() -> None:
    async def tell() -> None:
        nobody = unused()
        with pytest.raises(NoAnswer, match=f"127.0.0.1 port {nobody[1]}: "):
            await query_nodes([nobody], 0.3)
        assert await query_denials([nobody], 0.1) == set()

    run(tell())


def test_an_answer_from_an_address_that_was_not_asked_is_dropped() -> None:
    """The question goes to a silent port; a stranger sends the answer of a real directory."""

    async def tell() -> None:
        async with place() as here:
            await here.directory()
            with Silent() as asked, Silent() as stranger:
                asking = asyncio.create_task(query_nodes([asked.address], 1.0))
                await here.until(lambda: asked.hear())
                question, asker = asked.heard[0]
                stranger.socket.sendto(question, here.addresses[0])
                await here.until(lambda: stranger.hear())
                stranger.socket.sendto(stranger.heard[0][0], asker)
                with pytest.raises(NoAnswer):
                    await asking
                asked.hear()
                assert {data for data, _ in asked.heard} == {question}, (
                    "a cookie that was taken is in the next question"
                )

    run(tell())


class Silent:
    """A silent socket."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.heard: list[tuple[bytes, Address]] = []

    @property
    def address(self) -> Address:
        ip, port = self.socket.getsockname()
        return ip, port

    def hear(self) -> bool:
        """Read the waiting datagrams. Return whether anything came, now or before."""
        with suppress(BlockingIOError):
            while True:
                self.heard.append(self.socket.recvfrom(2000))
        return bool(self.heard)

    def __enter__(self) -> Silent:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()
