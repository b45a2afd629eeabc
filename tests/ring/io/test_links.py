"""Nodes' links over real sockets and TLS: admission, refusals with their reasons, and signs of death."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import ExitStack, asynccontextmanager, suppress
from typing import Any

import msgspec
import pytest

from ring.links.door import STRANGERS
from ring.links.framing import DATA, HANDSHAKE_MAX, HELLO, REFUSE, Deframer, frame
from ring.links.hello import PROTOCOL, Hello
from ring.roster import NodeRecord
from tests.patience import WITHIN_S
from tests.ring.io.hubs import CALM, FAST, TERMS, Peer, Stranger, Town, mute_server, run, story, town

# A link that holds ----------------------------------------------------------------------------------------------------


@story
async def test_a_link_comes_up_on_demand_and_carries_frames_both_ways(place: Town) -> None:
    a, b = await place.pair()
    a.hub.send(b.key, b"one")
    a.hub.send(b.key, b"two")
    await b.until(lambda: len(b.heard) == 2)
    assert b.heard == [(a.record.id, b"one"), (a.record.id, b"two")]
    b.hub.send(a.key, b"three")
    await a.until(lambda: a.heard == [(b.record.id, b"three")])
    assert a.ups == [b.record] and b.ups == [a.record]
    assert [facts["role"] for facts in a.log.of("link_up") + b.log.of("link_up")] == ["dialler", "listener"]


@story
async def test_a_peer_s_hello_tells_the_level_of_the_network(place: Town) -> None:
    a, b = await place.peer(1, acting=lambda: 1), await place.peer(2, acting=lambda: 2)
    for peer in (a, b):
        peer.record = place.roster[peer.key] = msgspec.structs.replace(peer.record, level=2)
    a.hub.send(b.key, b"one")
    await b.until(lambda: b.heard)
    assert (a.levels, b.levels) == ([2], [1])


@story
async def test_frames_are_whole_and_in_order_whatever_their_size(place: Town) -> None:
    a, b = await place.linked_pair()
    sent = [bytes([n % 256]) * (n * 997 % 300_000) for n in range(60)]
    for payload in sent:
        a.hub.send(b.key, payload)
    await b.until(lambda: len(b.heard) == len(sent))
    assert b.payloads() == sent


@story
async def test_heartbeats_keep_a_quiet_link(place: Town) -> None:
    a, b = await place.linked_pair()
    await asyncio.sleep(2 * FAST.dead_after_s)
    assert a.linked(b) and b.linked(a) and not a.downs + b.downs


@story
async def test_a_link_tells_its_round_trip_and_its_bytes(place: Town) -> None:
    a, b = await place.linked_pair()
    a.hub.send(b.key, b"x" * 1000)
    await b.until(b.payloads)
    await a.until(lambda: a.hub.connected()[b.key].round_trip_s is not None)
    here, there = a.hub.connected()[b.key], b.hub.connected()[a.key]
    assert 0 < (here.round_trip_s or 0) < here.up_s and here.queued == 0
    assert here.sent > 1000 and there.received > 1000 > here.received > 0


@story
async def test_the_links_that_a_node_closes_as_it_stops_are_no_trouble(place: Town) -> None:
    a, b = await place.linked_pair()
    await a.hub.stop()
    await a.until(lambda: a.log.of("link_lost"))
    await b.until(lambda: b.log.of("link_lost"))
    assert {level for one in (a, b) for level, event, _ in one.log.lines if event == "link_lost"} == {"info"}


@story
async def test_an_idle_link_is_closed_and_opened_again_on_demand(place: Town) -> None:
    a, b = await place.linked_pair(settings=FAST.model_copy(update={"idle_close_s": 0.3}))
    await a.until(lambda: a.linked() and b.linked())
    assert {evidence for _, _, evidence in a.downs + b.downs} == {"none"}
    assert {*a.reasons("link_lost"), *b.reasons("link_lost")} == {"closed"}
    b.hub.send(a.key, b"again")
    await a.until(lambda: a.payloads() == [b"again"])


def test_two_that_dial_each_other_at_once_end_with_one_link() -> None:
    """Whichever dial is ahead, both sides keep the same link."""

    async def tell() -> None:
        for _ in range(8):
            async with town() as place:
                a, b = await place.pair(settings=CALM)
                a.hub.send(b.key, b"first words")
                b.hub.send(a.key, b"first words")
                await a.until(lambda a=a, b=b: a.linked(b) and b.linked(a))
                await settled(a, b)
                a.hub.send(b.key, b"over the one link")
                b.hub.send(a.key, b"and back")
                await a.until(lambda a=a, b=b: b.payloads()[-1:] + a.payloads()[-1:] == LAST_WORDS)
                assert not [evidence for _, _, evidence in a.downs + b.downs if evidence != "none"]

    run(tell())


LAST_WORDS = [b"over the one link", b"and back"]


def open_sockets(peer: Peer) -> int:
    """Return links, and connections in their handshake or about to close."""
    return len(peer.hub._sockets)


async def settled(a: Peer, b: Peer) -> None:
    """Wait until nobody dials any more and each side has the other's one connection."""
    async with asyncio.timeout(WITHIN_S):
        while a.dials or b.dials or open_sockets(a) != 1 or open_sockets(b) != 1:
            await asyncio.sleep(0.01)


@story
async def test_a_restarted_peer_replaces_its_old_life(place: Town) -> None:
    a, b = await place.linked_pair(settings=CALM)
    again = Peer(2, dict(place.roster), place.news, incarnation=2, settings=CALM)
    place.peers.append(again)
    await again.start()
    again.hub.send(a.key, b"I am back")
    await a.until(lambda: a.heard)
    assert a.heard == [(again.record.id, b"I am back")]
    await b.until(lambda: b.linked())
    assert [peer.incarnation for peer in a.ups] == [1, 2]
    assert a.linked(b) and not [key for key, incarnation, _ in a.downs if incarnation == 2]
    a.hub.send(b.key, b"welcome")
    await again.until(lambda: again.payloads() == [b"welcome"])


# Who is refused, and told why -----------------------------------------------------------------------------------------


def differing(**changes: Any) -> dict[str, Any]:
    return {"terms": msgspec.structs.replace(TERMS, **changes)}


@pytest.mark.parametrize(
    ("change", "dialler_reads", "listener_reads"),
    [
        ({"key": bytes(32)}, "network.key_file differs", "network.key_file differs"),
        (differing(network="Other"), "network.name: here Circlet, there Other", "network.name: here Other"),
        (differing(server_name="irc.b.test"), "network.server_name: here irc.circlet", "network.server_name: here irc"),
        (differing(distance="circular"), "ring.distance: here absolute, there circular", "ring.distance: here"),
        (differing(points=4), "ring.points: here 1, there 4", "ring.points: here"),
        (differing(casemapping="ascii"), "network.casemapping: here rfc1459, there ascii", "network.casemapping"),
        (differing(limits={"nick_len": 9}), "limits.nick_len: here 30, there 9", "limits.nick_len: here"),
        ({"ring_key": "127.0.0.1"}, "the same ring key 127.0.0.1", "the same ring key 127.0.0.1"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_node_that_does_not_fit_is_refused_in_words_on_both_sides(
    change: dict[str, Any], dialler_reads: str, listener_reads: str
) -> None:
    async def tell() -> None:
        async with town() as place:
            a, b = await place.pair(**change)
            a.roster["other"] = msgspec.structs.replace(b.record, key="other") if b.key == a.key else b.record
            a.hub.send("other" if b.key == a.key else b.key, b"a secret of the network")
            await a.until(lambda: a.log.of("link_refused") and b.log.of("link_refused"))
            (seen_by_dialler,) = a.reasons()
            (seen_by_listener,) = b.reasons()
            assert dialler_reads in seen_by_dialler or listener_reads in seen_by_dialler
            assert dialler_reads in seen_by_listener or listener_reads in seen_by_listener
            assert a.log.lines[-1][0] == b.log.lines[-1][0] == "warning"
            assert not a.ups + b.ups and not a.heard + b.heard and a.linked() and b.linked()

    run(tell())


@story
async def test_another_version_of_the_protocol_is_refused(place: Town) -> None:
    a = await place.peer(1, settings=CALM)
    stranger = await Stranger.knock(a)
    hello = Hello(PROTOCOL + 1, TERMS, NodeRecord("127.0.0.2", 1, "n2.test", "127.0.0.2", 1, "", "1", 0), b"n" * 32)
    stranger.say(frame(HELLO, msgspec.msgpack.encode(hello)))
    words = f"protocol version: here {PROTOCOL}, there {PROTOCOL + 1}: upgrade the node of version {PROTOCOL}"
    assert said(await stranger.hears())[-1] == (REFUSE, words.encode())
    await a.until(lambda: a.reasons() == [words])


@story
async def test_another_node_at_the_address_is_not_taken_for_the_one_that_was_meant(place: Town) -> None:
    a, b = await place.pair()
    a.roster["127.0.0.3"] = msgspec.structs.replace(b.record, key="127.0.0.3")
    a.hub.send("127.0.0.3", b"for another")
    await a.until(lambda: a.log.of("link_refused") and b.log.of("link_refused"))
    assert a.reasons() == b.reasons() == ["it is 127.0.0.2, not 127.0.0.3"]
    assert not a.ups and not b.heard


@story
async def test_who_was_refused_is_not_dialled_again_without_a_pause(place: Town) -> None:
    slow = FAST.model_copy(update={"redial_min_s": 5.0, "redial_max_s": 5.0})
    a, b = await place.peer(1, settings=slow), await place.peer(2, key=bytes(32))
    a.hub.send(b.key, b"hello")
    await a.until(lambda: a.log.of("link_refused") and b.log.of("link_refused"))
    for _ in range(50):
        a.hub.send(b.key, b"hello?")
    assert not a.dials and not a.hub.connector.waiting


def said(data: bytes) -> list[tuple[int, bytes]]:
    return Deframer(1 << 20).feed(data)


# What shows that a node is dead ---------------------------------------------------------------------------------------


@story
async def test_a_refused_connection_is_evidence_of_death(place: Town) -> None:
    a, b = await place.pair()
    await b.hub.stop()
    a.hub.send(b.key, b"anybody?")
    await a.until(lambda: a.downs)
    assert a.downs == [(b.key, 1, "refused")]
    assert not a.hub.connector.waiting


@story
async def test_a_port_that_takes_the_connection_and_says_nothing_is_silence(place: Town) -> None:
    a = await place.peer(1)
    async with mute_server() as (ip, port):
        a.roster[ip] = NodeRecord(ip, 3, "mute.test", ip, port, "", "1", 0)
        a.hub.send(ip, b"anybody?")
        await a.until(lambda: a.downs)
    assert a.downs == [(ip, 3, "silent")]


@story
async def test_a_node_that_stops_within_the_handshake_is_silence_too(place: Town) -> None:
    """TLS answers, the node does not: as when a process is stopped a moment after accepting the connection."""
    a, b = await place.pair()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.2", 0, ssl=b.hub._listener)
    async with server:
        port = server.sockets[0].getsockname()[1]
        a.roster[b.key] = msgspec.structs.replace(b.record, link_port=port)
        a.hub.send(b.key, b"anybody?")
        await a.until(lambda: a.downs)
        assert a.downs == [(b.key, 1, "silent")] and not a.hub.connector.waiting


@story
async def test_a_dial_that_goes_unanswered_says_nothing_while_a_link_is_up(place: Town) -> None:
    """The dial of one side went into a cut; the other side's dial makes the link first (issue 19)."""
    a, b = await place.peer(1), await place.peer(2)
    async with mute_server() as (ip, port):
        a.roster[b.key] = msgspec.structs.replace(b.record, ip=ip, link_port=port)
        a.hub.want(b.key)
        await asyncio.sleep(FAST.dead_after_s / 2)
        b.hub.send(a.key, b"here I am")
        await a.until(lambda: a.heard and not a.dials)
        await asyncio.sleep(FAST.dead_after_s)
    assert a.linked(b) and not a.downs and not a.log.of("link_dial_failed")


@story
async def test_a_linked_peer_that_goes_silent_is_found_and_called_dead(place: Town) -> None:
    a, b = await place.linked_pair()
    b.hub._timer.cancel()  # type: ignore[union-attr]  # a stopped process: no heartbeats, and nothing is read
    b.link(a)._transport.pause_reading()  # type: ignore[union-attr]
    began = asyncio.get_running_loop().time()
    await a.until(lambda: a.downs)
    assert a.downs == [(b.key, 1, "silent")]
    assert a.reasons("link_lost") == ["silent"]
    assert asyncio.get_running_loop().time() - began > FAST.dead_after_s / 2


@story
async def test_a_cut_link_is_no_evidence_and_is_dialled_again_at_once(place: Town) -> None:
    a, b = await place.linked_pair(settings=CALM)
    a.link(b).abort()
    await a.until(lambda: len(a.ups) == 2 and a.linked(b) and b.linked(a))
    assert [evidence for _, _, evidence in a.downs] == ["none"]
    a.hub.send(b.key, b"still there?")
    await b.until(lambda: b.payloads() == [b"still there?"])


@story
async def test_a_peer_that_dies_is_known_at_once(place: Town) -> None:
    """The dead peer's sockets are reset; the next dial is refused."""
    a, b = await place.linked_pair(settings=CALM)
    b.hub._acceptor.close()
    b.hub._stopping = True
    b.link(a).abort()
    await a.until(lambda: (b.key, 1, "refused") in a.downs)


@story
async def test_a_goodbye_is_no_death(place: Town) -> None:
    a, b = await place.linked_pair(settings=CALM)
    await b.hub.stop()
    await a.until(lambda: a.downs)
    assert a.downs == [(b.key, 1, "none")] and a.reasons("link_lost") == ["closed"]


@story
async def test_an_address_that_only_others_see_can_still_dial(place: Town) -> None:
    """Behind a translator node.ip is none of this machine's addresses."""
    a, b = await place.peer(1, ip="203.0.113.9", ring_key="203.0.113.9"), await place.peer(2)
    a.hub.send(b.key, b"from behind")
    await b.until(lambda: b.payloads() == [b"from behind"])


@story
async def test_an_ipv4_node_dials_an_ipv6_node(place: Town) -> None:
    a, b = await place.pair()
    a.record = msgspec.structs.replace(a.record, ip="::1")
    a.hub.send(b.key, b"across")
    await b.until(lambda: b.payloads() == [b"across"])


# Limits ---------------------------------------------------------------------------------------------------------------


@story
async def test_a_peer_that_does_not_read_is_cut_when_its_queue_overflows(place: Town) -> None:
    small = CALM.model_copy(update={"queue": 256 * 1024})
    a, b = await place.linked_pair(settings=small)
    b.link(a)._transport.pause_reading()  # type: ignore[union-attr]
    link = a.link(b)
    most = 0
    for _ in range(20_000):
        if not link._transport:
            break
        a.hub.send(b.key, bytes(10_000))
        most = max(most, link._transport.get_write_buffer_size())
        await asyncio.sleep(0)
    await a.until(lambda: a.log.of("link_lost"))
    assert a.reasons("link_lost") == ["queue"]
    assert most < small.queue + 300_000
    assert not [evidence for _, _, evidence in a.downs if evidence != "none"]


@story
async def test_what_waits_for_a_dial_is_bounded(place: Town) -> None:
    a = await place.peer(1, settings=CALM.model_copy(update={"queue": 64 * 1024}))
    async with mute_server() as (ip, port):
        a.roster[ip] = NodeRecord(ip, 1, "mute.test", ip, port, "", "1", 0)
        for _ in range(1000):
            a.hub.send(ip, bytes(1000))
            assert sum(map(len, a.hub.connector.waiting.get(ip, []))) <= 64 * 1024


GARBAGE = {
    "random bytes": (bytes((n * 89 + 7) % 256 for n in range(5000)), "a frame of"),
    "an HTTP request": (b"GET / HTTP/1.1\r\nHost: circlet\r\n\r\n", "a frame of"),
    "zeros": (bytes(100), "a frame of unknown type 0"),
    "an oversized frame": (frame(HELLO, bytes(HANDSHAKE_MAX + 1)), f"a frame of {HANDSHAKE_MAX + 1} bytes, at most"),
    "the head of a huge one": (b"\xff\xff\xff\xff\x04", "a frame of 4294967295 bytes, at most"),
    "data before the handshake": (frame(DATA, b"let me in"), "data before the handshake"),
    "an empty hello": (frame(HELLO), "it does not speak the link protocol"),
    "a hello of nonsense": (frame(HELLO, b"\xc1" * 50), "it does not speak the link protocol"),
    "an unreadable hello": (frame(HELLO, msgspec.msgpack.encode([PROTOCOL, "x", 3])), "its hello cannot be read"),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_refused_in_words_and_the_hub_goes_on(name: str) -> None:
    data, words = GARBAGE[name]

    async def tell() -> None:
        async with town() as place:
            a, b = await place.pair(settings=CALM)
            stranger = await Stranger.knock(b)
            stranger.say(data)
            heard = said(await stranger.hears())
            assert heard[-1][0] == REFUSE and heard[-1][1].decode().startswith(words)
            await b.until(lambda: b.log.lines)
            (line,) = b.log.of("link_refused")
            assert line["peer"] == "127.0.0.1" and line["reason"].startswith(words)
            await b.until(lambda: not b.strangers)
            a.hub.send(b.key, b"still here")
            await b.until(lambda: b.payloads() == [b"still here"])

    run(tell())


@story
async def test_a_truncated_frame_and_a_hang_up_leave_nothing(place: Town) -> None:
    a = await place.peer(1, settings=CALM)
    for cut in (0, 3, 5, 100):
        stranger = await Stranger.knock(a)
        stranger.say(frame(HELLO, bytes(1000))[:cut])
        stranger.writer.write_eof() if stranger.writer.can_write_eof() else stranger.writer.close()
        await stranger.hears()
    await a.until(lambda: not a.strangers)
    assert not a.ups + a.downs


@story
async def test_a_stranger_that_says_half_a_frame_has_no_more_time_than_a_peer(place: Town) -> None:
    a = await place.peer(1)
    stranger = await Stranger.knock(a)
    stranger.say(frame(HELLO, bytes(1000))[:500])
    await stranger.hears()
    await a.until(lambda: not a.strangers)  # the stranger's place is free after the close
    assert not a.ups


@story
async def test_a_stranger_that_drips_bytes_has_no_more_time_either(place: Town) -> None:
    a = await place.peer(1)
    stranger = await Stranger.knock(a)
    hearing = asyncio.create_task(stranger.hears())
    for byte in frame(HELLO, bytes(1000)):
        if hearing.done():
            break
        stranger.say(bytes([byte]))
        await asyncio.sleep(FAST.dead_after_s / 20)
    assert said(await hearing)[-1] == (REFUSE, b"the handshake took too long")
    assert a.reasons() == ["the handshake took too long"]


@story
async def test_plain_text_at_the_port_is_no_trouble(place: Town) -> None:
    """Not even TLS: HTTP, IRC, a hello in the clear."""
    a, b = await place.pair(settings=CALM)
    for words in (b"GET / HTTP/1.1\r\n\r\n", b"NICK ann\r\nUSER a 0 * :a\r\n", frame(HELLO, b"x"), b""):
        reader, writer = await asyncio.open_connection(*b.address)
        writer.write(words)
        writer.write_eof()
        assert b"hello" not in await reader.read()
        writer.close()
    await b.until(lambda: not b.strangers)
    assert not b.log.lines
    a.hub.send(b.key, b"still here")
    await b.until(lambda: b.payloads() == [b"still here"])


@asynccontextmanager
async def silent(peer: Peer, sources: Iterable[str]) -> AsyncIterator[list[socket.socket]]:
    """Open connections to the link port from these addresses, all silent, without even the first words of TLS."""
    loop = asyncio.get_running_loop()
    with ExitStack() as stack:
        made = []
        for source in sources:
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.bind((source, 0))
            with suppress(ConnectionResetError):
                await loop.sock_connect(one, peer.address)
            made.append(one)
        yield made


@story
async def test_silent_connections_of_one_address_are_refused_before_tls(place: Town) -> None:
    """Also where a node has that address: others keep their places, and this node can dial the other node."""
    a, b = await place.peer(1), await place.peer(2, settings=CALM)
    async with silent(b, ["127.0.0.77"] * 300):
        await b.until(lambda: b.hub.door.strangers.refused.total() == 300 - STRANGERS.per_source)
        assert b.strangers == b.hub._acceptor.handshakes == STRANGERS.per_source
        a.hub.send(b.key, b"from an address that b does not know either")
        await b.until(lambda: b.heard)
    await b.until(lambda: not b.strangers and b.log.of("link_connections_refused"))
    (line,) = b.log.of("link_connections_refused")
    assert line["most"] == "127.0.0.77" and line["number"] >= 1
    assert len(b.log.lines) == 2 and len(b.log.of("link_up")) == 1


@story
async def test_silent_connections_of_many_addresses_take_no_place_of_a_peer(place: Town) -> None:
    a, b = await place.peer(1), await place.peer(2, settings=CALM)
    b.hub.door.meet([a.record, b.record])
    crowd = [f"127.0.3.{n % 200 + 1}" for n in range(3 * STRANGERS.total)]
    async with silent(b, crowd):
        await b.until(lambda: b.hub.door.strangers.refused["total"] == 2 * STRANGERS.total)
        assert b.strangers == STRANGERS.total
        a.hub.send(b.key, b"a node of the roster comes in")
        await b.until(lambda: b.heard)
        c = await place.peer(3)
        b.hub.send(c.key, b"and this node reaches every other")
        await c.until(lambda: c.heard)


@story
async def test_strangers_that_finish_tls_and_say_nothing_go_in_time(place: Town) -> None:
    a, b = await place.pair()
    strangers = [await Stranger.knock(b) for _ in range(STRANGERS.per_source)]
    with pytest.raises((OSError, asyncio.IncompleteReadError)):
        await Stranger.knock(b)
    await b.until(lambda: not b.strangers)
    b.hub.send(a.key, b"strangers do not keep this node from dialling")
    await a.until(lambda: a.heard)
    (await Stranger.knock(b)).writer.close()
    for stranger in strangers:
        stranger.writer.transport.abort()
    assert len([line for line in b.log.lines if line[0] == "warning"]) <= 2


@story
async def test_a_stranger_with_ever_new_words_does_not_fill_the_log(place: Town) -> None:
    a = await place.peer(1, settings=CALM)
    for number in range(60):
        stranger = await Stranger.knock(a)
        stranger.say(frame(REFUSE, f"I do not like you, {number}".encode()))
        await stranger.hears()
    assert 1 <= len(a.log.lines) <= 25


@story
async def test_a_refused_stranger_that_does_not_hang_up_is_not_kept(place: Town) -> None:
    """The stranger answers no close: the stranger must not hold a place among the strangers until TLS gives up."""
    a = await place.peer(1)
    stranger = await Stranger.knock(a)
    stranger.writer.transport.pause_reading()  # type: ignore[attr-defined]
    stranger.say(bytes(100))
    await a.until(lambda: a.log.of("link_refused"))
    await a.until(lambda: not a.strangers)
    stranger.writer.close()


@story
async def test_stop_closes_everything(place: Town) -> None:
    a, b = await place.linked_pair(settings=CALM)
    stranger = await Stranger.knock(a)
    await a.hub.stop()
    await b.until(lambda: b.linked())
    await stranger.hears()
    a.hub.send(b.key, b"too late")
    assert not a.dials
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(a.address)
