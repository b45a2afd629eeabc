"""Nodes' links over real sockets and TLS: who is let in, who is refused and told why, and how death is seen."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import msgspec
import pytest

from ring.links.framing import DATA, HANDSHAKE_MAX, HELLO, REFUSE, Deframer, frame
from ring.links.hello import PROTOCOL, Hello
from ring.roster import NodeRecord
from ring.shells import links
from tests.ring.shells.hubs import CALM, FAST, TERMS, Peer, Stranger, Town, mute_server, run, story, town

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
async def test_an_idle_link_is_closed_and_opened_again_on_demand(place: Town) -> None:
    a, b = await place.linked_pair(settings=FAST._replace(idle_close_s=0.3))
    await a.until(lambda: a.linked() and b.linked())
    assert {dead for _, _, dead in a.downs + b.downs} == {False}
    assert {*a.reasons("link_lost"), *b.reasons("link_lost")} == {"closed"}
    b.hub.send(a.key, b"again")
    await a.until(lambda: a.payloads() == [b"again"])


@story
async def test_two_that_dial_each_other_at_once_end_with_one_link(place: Town) -> None:
    a, b = await place.pair()
    for number in range(10):
        a.hub.send(b.key, b"to b")
        b.hub.send(a.key, b"to a")
        await a.until(lambda: a.linked(b) and b.linked(a))
        await settled(place)
        assert a.linked(b) and b.linked(a) and len(open_links(a)) == len(open_links(b)) == 1
        a.heard.clear()
        b.heard.clear()
        a.hub.send(b.key, b"over the one link")
        b.hub.send(a.key, b"and back")
        await a.until(lambda: b"over the one link" in b.payloads() and b"and back" in a.payloads())
        if number < 9:
            for peer, other in ((a, b), (b, a)):
                peer.hub._links[other.key].abort()
            await a.until(lambda: a.linked() and b.linked())
            for peer in (a, b):
                await asyncio.gather(*peer.hub._dials.values())
                for link in open_links(peer):
                    link.abort()
            await a.until(lambda: not open_links(a) and not open_links(b))


def open_links(peer: Peer) -> list[Any]:
    """Links and handshakes whose socket is open."""
    return [s for s in {*peer.hub._links.values(), *peer.hub._strangers} if s._transport is not None]


async def settled(place: Town) -> None:
    """Until nobody dials and every connection is a link."""
    peers = place.peers
    async with asyncio.timeout(5):
        while any(p.hub._dials or p.hub._strangers for p in peers) or len({len(open_links(p)) for p in peers}) > 1:
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
