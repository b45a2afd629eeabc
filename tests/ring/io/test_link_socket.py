"""One connection between the loop and the protocol, without a kernel: the calls of the owner, and their number."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import Callable
from typing import Any

import pytest

from config.node import Links
from ring.io.link_socket import LinkOwner, LinkSocket
from ring.links.admission import Admission, Limits, Ticket
from ring.links.connector import Dial
from ring.links.framing import HELLO, REFUSE, Deframer, frame
from ring.links.hello import Role
from ring.links.link import Link
from ring.roster import NodeRecord
from tests.ring.io.hubs import KEY, TERMS
from tests.settings import section

CERTIFICATE = b"the listener's certificate"
SETTINGS = section(Links, queue=1000)


def record(number: int) -> NodeRecord:
    return NodeRecord(f"127.0.0.{number}", 1, f"n{number}.test", f"127.0.0.{number}", 7600, "", "1", 0)


class Wire(asyncio.Transport):
    """A transport with all output kept until `flush`."""

    def __init__(self, peer: str = "127.0.0.9") -> None:
        super().__init__({"peername": (peer, 4000), "socket": self, "ssl_object": self})
        self.options: list[tuple[int, int, int]] = []
        self.written = b""
        self.over = ""

    def setsockopt(self, *option: int) -> None:
        level, name, value = option
        self.options.append((level, name, value))

    def getpeercert(self, binary_form: bool) -> bytes:
        return CERTIFICATE

    def write(self, data: Any) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return len(self.written)

    def flush(self) -> bytes:
        data, self.written = self.written, b""
        return data

    def close(self) -> None:
        self.over = self.over or "closed"

    def abort(self) -> None:
        self.over = self.over or "aborted"


class Owner(LinkOwner):
    """A node with notes of every call. wanted: whether the node takes connections."""

    def __init__(self, number: int, key: bytes = KEY, wanted: bool = True, admin_client: bool = False) -> None:
        self.record = None if admin_client else record(number)
        self.key = key
        self.wanted = wanted
        self.told: list[Any] = []
        self.heard_from: list[str] = []

    def opened(self, one: LinkSocket, certificate: bytes | None) -> tuple[int, Link] | None:
        self.certificate = certificate
        if not self.wanted:
            return None
        digest = hashlib.sha256(CERTIFICATE).digest()
        return 1, Link(one.role, TERMS, self.record, self.key, digest, bytes(32), SETTINGS, 0.0, one.expected)

    def came_up(self, one: LinkSocket, peer: NodeRecord) -> None:
        self.told.append(("up", peer.key))

    def admin_client_came(self, one: LinkSocket) -> None:
        self.told.append("admin client")

    def heard(self, one: LinkSocket, peer: NodeRecord) -> None:
        self.heard_from.append(peer.key)

    def received(self, one: LinkSocket, peer: NodeRecord, payload: bytes) -> None:
        self.told.append((peer.key, payload))

    def requested(self, payload: bytes, reply: Callable[[bytes], None]) -> None:
        reply(b"answer to " + payload)

    def went_down(self, one: LinkSocket, reason: str, *, refused: bool) -> None:
        self.told.append(("down", reason, refused))


class Side:
    """One end of a connection."""

    def __init__(self, role: Role, owner: Owner, *, ticket: Ticket | None = None) -> None:
        self.owner = owner
        self.wire = Wire()
        dial = Dial(1, record(2)) if role == "dialler" else None
        self.socket = LinkSocket(owner, role, dial=dial, ticket=ticket)
        self.socket.connection_made(self.wire)

    @property
    def told(self) -> list[Any]:
        return self.owner.told


def exchange(a: Side, b: Side) -> None:
    """Carry bytes until nobody has more to say."""
    while a.wire.written or b.wire.written:
        for one, other in ((a, b), (b, a)):
            if one.wire.written:
                other.socket.data_received(one.wire.flush())


def linked(ticket: Ticket | None = None) -> tuple[Side, Side]:
    a, b = Side("dialler", Owner(1)), Side("listener", Owner(2), ticket=ticket)
    exchange(a, b)
    assert (a.told, b.told) == ([("up", "127.0.0.2")], [("up", "127.0.0.1")])
    a.told.clear()
    b.told.clear()
    return a, b


def test_a_payload_reaches_the_other_owner() -> None:
    a, b = linked()
    a.socket.send(b"hello")
    exchange(a, b)
    assert b.told == [("127.0.0.1", b"hello")] and b.owner.heard_from == ["127.0.0.1"]
    state = b.socket.state(3.0)
    assert state.up_s == 3.0 and state.received == a.socket.state(3.0).sent > 5 and state.queued == 0
    assert a.owner.certificate == CERTIFICATE and b.owner.certificate is None
    assert a.socket.address == "127.0.0.9"
    assert a.wire.options == [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]


def test_a_connection_that_is_not_wanted_is_cut_and_never_told_of() -> None:
    side = Side("listener", Owner(2, wanted=False))
    assert side.wire.over == "aborted"
    side.socket.data_received(b"late words")
    side.socket.tick(100.0)
    side.socket.connection_lost(None)
    assert side.told == [] and side.wire.written == b"" and side.socket.state(0.0).received == 0


def test_a_refusal_is_told_once_though_the_connection_is_lost_after() -> None:
    side = Side("listener", Owner(2))
    side.socket.data_received(frame(HELLO, b"nonsense"))
    words = Deframer().feed(side.wire.flush())[-1]
    assert words[0] == REFUSE and side.wire.over == "closed"
    ((event, reason, refused),) = side.told
    assert (event, refused) == ("down", True) and reason.encode() == words[1]
    side.socket.connection_lost(None)
    assert len(side.told) == 1


def test_a_reset_is_told_once() -> None:
    a, _ = linked()
    a.socket.connection_lost(ConnectionResetError())
    a.socket.connection_lost(None)
    assert a.told == [("down", "reset", False)]
    a.socket.send(b"nobody hears this")
    a.socket.close()
    a.socket.abort()
    assert a.wire.written == b"" and a.socket.state(0.0).queued == 0


def test_a_peer_that_does_not_read_is_cut() -> None:
    a, _ = linked()
    a.socket.send(bytes(SETTINGS.queue // 2))
    assert a.wire.over == "" and a.told == []
    a.socket.send(bytes(SETTINGS.queue))
    assert a.wire.over == "aborted" and a.told == [("down", "queue", False)]


def test_a_goodbye_closes_the_other_side() -> None:
    a, b = linked()
    a.socket.say_goodbye()
    exchange(a, b)
    assert b.wire.over == "closed" and b.told == [("down", "closed", False)]


def test_a_refusal_of_a_linked_peer_reaches_the_peer_in_words() -> None:
    a, b = linked()
    a.socket.refuse("too old")
    exchange(a, b)
    assert a.told == b.told == [("down", "too old", True)] and a.wire.over == b.wire.over == "closed"


def test_a_probe_is_answered() -> None:
    a, b = linked()
    assert a.socket.state(0.0).round_trip_s is None
    a.socket.probe()
    exchange(a, b)
    round_trip_s = a.socket.state(0.0).round_trip_s
    assert round_trip_s is not None and round_trip_s >= 0.0


def test_an_admin_client_is_answered_and_is_no_peer() -> None:
    admin_client, node = Side("dialler", Owner(1, admin_client=True)), Side("listener", Owner(2))
    exchange(admin_client, node)
    assert node.told == ["admin client"] and node.socket.peer is None
    assert admin_client.socket.link is not None
    admin_client.socket.write(admin_client.socket.link.request(b"question"))
    node.socket.data_received(admin_client.wire.flush())
    assert b"answer to question" in node.wire.written and node.owner.heard_from == []


@pytest.mark.parametrize("end", ["up", "lost", "refused"])
def test_the_place_of_a_stranger_is_free_once_and_at_the_right_time(end: str) -> None:
    strangers = Admission(Limits())
    ticket = strangers.admit("127.0.0.1", 0.0)
    assert isinstance(ticket, Ticket)
    if end == "up":
        linked(ticket)
    else:
        side = Side("listener", Owner(2), ticket=ticket)
        assert strangers.total == 1
        if end == "refused":
            side.socket.data_received(bytes(50))
            assert side.told and strangers.total == 1  # the connection is still there
        side.socket.connection_lost(None)
        side.socket.connection_lost(None)
    assert strangers.total == 0


def test_silence_in_the_handshake_ends_the_connection() -> None:
    side = Side("listener", Owner(2))
    for now in range(1, 20):
        side.socket.tick(float(now))
    assert side.told == [("down", "silent", False)] and side.wire.over == "aborted"
