"""Admin clients at a hub over real sockets and TLS: they ask, are answered, and are never taken for peers."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from typing import Any

import msgspec
import pytest

from ring.io.admin_client import NoReply, Unfit, ask, be_refused, check_fit, visit
from ring.links import link
from ring.links.door import ADMIN_CLIENTS
from ring.links.framing import DATA, REFUSE, REPLY, REQUEST, Deframer, frame
from ring.links.hello import NONCE
from ring.links.link import Link, Up, Write
from ring.roster import NodeRecord
from tests.ring.io.hubs import CALM, KEY, TERMS, WITHIN_S, Peer, Stranger, Town, mute_server, run, story, town


def asking(node: Peer | NodeRecord, payload: bytes = b"?", **changes: Any) -> asyncio.Task[bytes]:
    record = node.record if isinstance(node, Peer) else node
    facts: dict[str, Any] = {"terms": TERMS, "key": KEY, "settings": CALM, "timeout_s": WITHIN_S, **changes}
    return asyncio.create_task(ask(record, payload, **facts))


async def refused(task: asyncio.Task[bytes]) -> str:
    with pytest.raises(NoReply) as caught:
        await task
    return str(caught.value)


class Insider(Stranger):
    """An admin client with the network's key sends any payload."""

    @classmethod
    async def enter(cls, node: Peer) -> Insider:
        admin_client = await cls.knock(node)
        assert isinstance(admin_client, Insider)
        seen = admin_client.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        digest, now = hashlib.sha256(seen).digest(), time.monotonic()
        visit = Link("dialler", TERMS, None, KEY, digest, os.urandom(NONCE), CALM, now)
        effects = visit.start()
        while True:
            admin_client.say(b"".join(effect.data for effect in effects if isinstance(effect, Write)))
            if any(isinstance(effect, Up) for effect in effects):
                break
            effects = visit.feed(await admin_client.reader.read(65536), now)
        await node.until(lambda: node.hub._admin_clients)
        return admin_client


# Asked and answered ---------------------------------------------------------------------------------------------------


@story
async def test_an_admin_client_asks_is_answered_and_leaves_no_trace(place: Town) -> None:
    a, b = await place.linked_pair(settings=CALM)
    told = (list(a.ups), list(a.downs))
    task = asking(a, b"how are you?")
    await a.until(lambda: a.asked)
    (payload, reply) = a.asked[0]
    assert payload == b"how are you?" and a.linked(b) and len(a.hub._admin_clients) == 1
    reply(b"well" * 100_000)
    assert await task == b"well" * 100_000
    await a.until(lambda: not a.hub._admin_clients)
    assert (a.ups, a.downs) == told and a.linked(b) and not a.strangers and not a.heard
    assert not [line for line in a.log.lines if line[0] in ("warning", "error")]


@story
async def test_answers_may_come_later_and_in_any_order(place: Town) -> None:
    a = await place.peer(1, settings=CALM)
    tasks = {payload: asking(a, payload) for payload in (b"one", b"two", b"three")}
    await a.until(lambda: len(a.asked) == 3)
    for payload, reply in sorted(a.asked, key=lambda asked: asked[0]):
        reply(payload.upper())
    assert [await task for task in tasks.values()] == [b"ONE", b"TWO", b"THREE"]


@story
async def test_an_answer_to_an_admin_client_that_has_gone_is_dropped(place: Town) -> None:
    a = await place.peer(1, settings=CALM)
    task = asking(a)
    await a.until(lambda: a.asked)
    task.cancel()
    await a.until(lambda: not a.hub._admin_clients)
    a.asked[0][1](b"too late")
    again = asking(a, b"again")
    await a.until(lambda: len(a.asked) == 2)
    a.asked[1][1](b"in time")
    assert await again == b"in time"


# Why there is no answer -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"key": bytes(32)}, "network.key_file differs"),
        ({"terms": msgspec.structs.replace(TERMS, network="Other")}, "network.name: here"),
        ({"terms": msgspec.structs.replace(TERMS, limits={"nick_len": 9})}, "limits.nick_len: here"),
        ({"payload": bytes(1 << 20)}, "a frame of 1048576 bytes"),
    ],
    ids=["key", "network", "limits", "size"],
)
def test_an_admin_client_that_does_not_fit_is_refused_in_words_on_both_sides(
    change: dict[str, Any], words: str
) -> None:
    async def tell() -> None:
        async with town() as place:
            a = await place.peer(1, settings=CALM)
            told = await refused(asking(a, **change))
            assert told.startswith("refused: ") and words in told
            await a.until(lambda: a.reasons())
            (reason,) = a.reasons()
            assert words in reason
            await a.until(lambda: not a.hub._admin_clients and not a.strangers)
            assert not a.asked and not a.ups and not a.downs

    run(tell())


@story
async def test_another_node_at_the_address_is_not_asked(place: Town) -> None:
    a = await place.peer(1, settings=CALM)
    other = msgspec.structs.replace(a.record, key="127.0.0.9")
    assert await refused(asking(other)) == "refused: it is 127.0.0.1, not 127.0.0.9"
    assert not a.asked


@story
async def test_a_node_that_cannot_be_reached_is_told_in_words(place: Town) -> None:
    a = await place.peer(1, settings=CALM)
    await a.hub.stop()
    assert await refused(asking(a)) == "connection refused"
    async with mute_server() as (ip, port):
        mute = msgspec.structs.replace(a.record, ip=ip, link_port=port)
        assert await refused(asking(mute, timeout_s=0.3)) == "silent for 0.3 s"


@pytest.mark.parametrize(
    ("greeting", "words"), [(b"HTTP/1.1 400 Bad Request\r\n\r\n", "it does not speak TLS"), (b"", "connection")]
)
def test_a_port_of_something_else_is_told_in_words(greeting: bytes, words: str) -> None:
    async def tell() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            writer.write(greeting)
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.9", 0) as server:
            port = server.sockets[0].getsockname()[1]
            record = NodeRecord("127.0.0.9", 1, "n9.test", "127.0.0.9", port, "", "1", 0)
            assert words in await refused(asking(record))

    run(tell())


@story
async def test_a_node_that_stops_meanwhile_hangs_up(place: Town) -> None:
    a = await place.peer(1, settings=CALM)
    task = asking(a)
    await a.until(lambda: a.asked)
    await a.hub.stop()
    assert await refused(task) == "it hung up"
    await a.until(lambda: not a.hub._admin_clients)
    a.asked[0][1](b"too late")


# Limits ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (frame(DATA, b"messages for the engine"), b"data from an admin client, who may only ask"),
        (frame(REPLY, b"an answer"), b"a reply to nothing that was asked"),
        (frame(REQUEST, b"1") + frame(REQUEST, b"2"), b"a request before the last one was answered"),
        (bytes(100), b"a frame of unknown type 0"),
        (b"\xff\xff\xff\xff\x08", b"a frame of 4294967295 bytes, at most 16384 are allowed"),
    ],
    ids=["data", "reply", "two at once", "zeros", "huge"],
)
def test_an_insider_that_misbehaves_is_refused_and_the_hub_goes_on(said: bytes, words: bytes) -> None:
    async def tell() -> None:
        async with town() as place:
            a, b = await place.linked_pair(settings=CALM)
            admin_client = await Insider.enter(a)
            admin_client.say(said)
            assert Deframer(1 << 20).feed(await admin_client.hears())[-1] == (REFUSE, words)
            await a.until(lambda: not a.hub._admin_clients and a.reasons() == [words.decode()])
            assert not a.heard
            b.hub.send(a.key, b"still here")
            await a.until(lambda: a.payloads() == [b"still here"])

    run(tell())


@story
async def test_admin_clients_are_bounded_and_shut_no_node_out(place: Town) -> None:
    a, b = await place.peer(1, settings=CALM), await place.peer(2, settings=CALM)
    tasks = [asking(a) for _ in range(ADMIN_CLIENTS)]
    await a.until(lambda: len(a.asked) == ADMIN_CLIENTS)
    words = f"{ADMIN_CLIENTS} admin clients are here already: try again later"
    assert await refused(asking(a)) == f"refused: {words}"
    await a.until(lambda: len(a.hub._admin_clients) == ADMIN_CLIENTS and a.reasons() == [words])
    b.hub.send(a.key, b"a node comes in all the same")
    await a.until(lambda: a.heard)
    a.asked[0][1](b"done")
    assert await tasks[0] == b"done"
    await a.until(lambda: len(a.hub._admin_clients) < ADMIN_CLIENTS)
    late = asking(a, b"room again")
    await a.until(lambda: a.asked[-1][0] == b"room again")
    for task in (*tasks, late):
        task.cancel()
    await a.until(lambda: not a.hub._admin_clients)


def test_an_admin_client_that_asks_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "ADMIN_CLIENT_IDLE_S", 0.3)

    async def tell() -> None:
        async with town() as place:
            a, b = await place.linked_pair(settings=CALM)
            admin_client = await Insider.enter(a)
            await admin_client.hears()
            assert await refused(asking(a)) == "it hung up"  # so is one whose answer does not come
            await a.until(lambda: not a.hub._admin_clients)
            assert a.linked(b) and not a.reasons() and not a.downs

    run(tell())


@story
async def test_an_admin_client_that_goes_silent_is_closed(place: Town) -> None:
    a = await place.peer(1)
    admin_client = await Insider.enter(a)
    admin_client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # and so answers no heartbeat
    await a.until(lambda: not a.hub._admin_clients)
    assert not a.downs
    admin_client.writer.transport.abort()


# A starting node asks whether it fits ---------------------------------------------------------------------------------

BEGINNER = NodeRecord("127.0.0.9", 1, "n9.test", "127.0.0.9", 7600, "", "1", 0)
HOW: dict[str, Any] = {"terms": TERMS, "key": KEY, "settings": CALM, "timeout_s": WITHIN_S}


@story
async def test_a_node_that_fits_is_told_so_and_nobody_takes_it_for_a_peer(place: Town) -> None:
    a = await place.peer(1, settings=CALM)
    await check_fit(a.record, BEGINNER.ip, **HOW)
    await check_fit(msgspec.structs.replace(a.record, key="moved"), BEGINNER.ip, **HOW)  # whoever is at that address
    assert not a.ups and not a.asked and not a.reasons() and a.hub.refusals.lately(time.time()) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"key": bytes(32)}, "network.key_file differs"),
        ({"terms": msgspec.structs.replace(TERMS, copies=9)}, "ring.copies: here"),
    ],
    ids=["key", "copies"],
)
def test_a_node_that_does_not_fit_is_told_why_and_remembered_by_name(change: dict[str, Any], words: str) -> None:
    async def tell() -> None:
        async with town() as place:
            a = await place.peer(1, settings=CALM)
            how = {**HOW, **change}
            with pytest.raises(Unfit) as caught:
                await check_fit(a.record, BEGINNER.ip, **how)
            assert words in caught.value.reason
            assert a.hub.refusals.lately(time.time()) == []  # an admin client is no node
            await be_refused(a.record, BEGINNER, **how)
            await a.until(lambda: a.hub.refusals.lately(time.time()))
            (refusal,) = a.hub.refusals.lately(time.time())
            assert (refusal.record, refusal.address) == (BEGINNER, "127.0.0.9") and words in refusal.reason
            assert not a.ups

    run(tell())


@story
async def test_a_node_that_cannot_be_reached_does_not_say_that_anybody_is_unfit(place: Town) -> None:
    a = await place.peer(1, settings=CALM)
    await a.hub.stop()
    with pytest.raises(NoReply, match="connection refused") as caught:
        await check_fit(a.record, BEGINNER.ip, **HOW)
    assert not isinstance(caught.value, Unfit)
    await be_refused(a.record, BEGINNER, **HOW)


@story
async def test_a_node_that_is_let_in_later_is_refused_no_more(place: Town) -> None:
    a, b = await place.peer(1, settings=CALM), await place.peer(2, settings=CALM)
    await be_refused(a.record, b.record, **{**HOW, "key": bytes(32)})
    await a.until(lambda: a.hub.refusals.lately(time.time()))
    b.hub.want(a.key)
    await a.until(lambda: a.linked(b))
    assert a.hub.refusals.lately(time.time()) == []


# A visit --------------------------------------------------------------------------------------------------------------


@story
async def test_a_visit_asks_one_question_after_the_other(place: Town) -> None:
    a = await place.peer(1, settings=CALM)
    admin_client = await visit(a.record, **HOW, expected=a.key)
    for number, payload in enumerate((b"one", b"two", b"three")):
        task = asyncio.create_task(admin_client.ask(payload, WITHIN_S))
        await a.until(lambda number=number: len(a.asked) == number + 1)
        assert a.asked[number][0] == payload and len(a.hub._admin_clients) == 1
        a.asked[number][1](payload.upper())
        assert await task == payload.upper()
    admin_client.leave()
    await a.until(lambda: not a.hub._admin_clients)


@story
async def test_a_visit_to_a_node_that_does_not_answer_or_ends_is_told_in_words(place: Town) -> None:
    a = await place.peer(1, settings=CALM)
    patient, admin_client = await visit(a.record, **HOW), await visit(a.record, **HOW)
    with pytest.raises(NoReply, match=r"^silent for 0\.05 s$"):
        await patient.ask(b"?", 0.05)
    patient.leave()
    await a.hub.stop()
    with pytest.raises(NoReply, match="hung up"):
        await admin_client.ask(b"?", WITHIN_S)
    admin_client.leave()
