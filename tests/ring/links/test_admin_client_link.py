"""An admin client and a node over a link without a socket: what the admin client may do, and what neither may."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ring.links.framing import BYE, DATA, HANDSHAKE_MAX, HELLO, PONG, PROOF, REPLY, REQUEST, BadFrame, Deframer, frame
from ring.links.hello import PROTOCOL, Hello
from ring.links.link import Close, Link, Received, Replied, Requested, Up, Write
from tests.ring.links.test_link import KEY, TERMS, link, record, talk


def visiting() -> tuple[Link, Link]:
    """An admin client at node 2, the handshake done."""
    admin_client, node = link("dialler", 1, record=None, expected="127.0.0.2"), link("listener", 2)
    assert talk(admin_client, node) == ([Up(record(2))], [Up(None)])
    return admin_client, node


def refusal(effects: list[object]) -> str:
    (close,) = [effect for effect in effects if isinstance(effect, Close)]
    assert close.refused and isinstance(effects[0], Write)
    return close.reason


def test_an_admin_client_asks_and_is_answered_one_at_a_time() -> None:
    admin_client, node = visiting()
    assert node.peer is None
    for question, answer in ((b"how are you?", b"well"), (b"", b""), (b"and now?", b"x" * 100_000)):
        assert node.feed(admin_client.request(question), 1.0) == [Requested(question)]
        assert admin_client.feed(node.reply(answer, 1.0), 1.0) == [Replied(answer)]
    assert node.feed(admin_client.bye(), 1.0) == [Close("closed")]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"key": bytes(32)}, "network.key_file differs"),
        ({"certificate": b"m" * 32}, "network.key_file differs"),
        ({"terms": msgspec.structs.replace(TERMS, network="Other")}, "network.name: here Circlet, there Other"),
        ({"record": record(3)}, "it is 127.0.0.3, not 127.0.0.2"),
        ({"record": None}, "an admin client has to dial"),
    ],
)
def test_an_admin_client_proves_the_key_as_a_node_does(change: dict[str, object], words: str) -> None:
    admin_client, node = link("dialler", 1, record=None, expected="127.0.0.2"), link("listener", 2, **change)
    told = talk(admin_client, node)
    closes = [effect for side in told for effect in side if isinstance(effect, Close)]
    assert len(closes) == 2 and all(close.refused for close in closes)
    assert any(words in close.reason for close in closes)
    assert not any(isinstance(effect, Up) for side in told for effect in side)


def test_an_admin_client_cannot_be_made_a_node_on_the_way() -> None:
    """The proof is over the whole hello: who puts a record into it needs the key."""
    admin_client, node = link("dialler", 1, record=None), link("listener", 2)
    hello = node.start()[0]
    assert isinstance(hello, Write)
    proof = admin_client.feed(hello.data, 0.0)[0]
    assert isinstance(proof, Write)
    forged = Hello(PROTOCOL, TERMS, record(1), b"\1" * 32)
    assert node.feed(frame(HELLO, msgspec.msgpack.encode(forged)), 0.0)
    assert "network.key_file differs" in refusal(node.feed(proof.data, 0.0))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (frame(DATA, b"messages"), "data from an admin client, who may only ask"),
        (frame(REPLY, b"an answer"), "a reply to nothing that was asked"),
        (frame(REQUEST, b"one") + frame(REQUEST, b"two"), "a request before the last one was answered"),
        (frame(HELLO, b"again"), "a handshake frame after the handshake"),
        (frame(REQUEST, bytes(HANDSHAKE_MAX + 1)), f"a frame of {HANDSHAKE_MAX + 1} bytes, at most {HANDSHAKE_MAX}"),
    ],
)
def test_what_an_admin_client_may_not_do_is_refused_in_words(said: bytes, words: str) -> None:
    _, node = visiting()
    effects = node.feed(said, 1.0)
    assert refusal([effect for effect in effects if not isinstance(effect, Requested)]).startswith(words)
    assert not any(isinstance(effect, Received) for effect in effects)
    assert node.feed(frame(REQUEST, b"and yet"), 1.0) == []


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (frame(DATA, b"messages"), "data for an admin client, who is no node"),
        (frame(REPLY, b"unasked"), "a reply to nothing that was asked"),
        (frame(REQUEST, b"?"), "a request from a node: only admin clients ask"),
    ],
)
def test_what_a_node_may_not_do_with_an_admin_client(said: bytes, words: str) -> None:
    admin_client, _ = visiting()
    assert refusal(admin_client.feed(said, 1.0)) == words


@pytest.mark.parametrize(("kind", "words"), [(REQUEST, "only admin clients ask"), (REPLY, "nothing that was asked")])
def test_nodes_ask_each_other_nothing_in_this_way(kind: int, words: str) -> None:
    a, b = link("dialler", 1), link("listener", 2)
    talk(a, b)
    assert words in refusal(b.feed(frame(kind, b"?"), 1.0))


def test_nobody_asks_before_the_handshake() -> None:
    node = link("listener", 2)
    assert refusal(node.feed(frame(REQUEST, b"?"), 0.0)) == "data before the handshake"


def test_a_silent_admin_client_is_noticed_and_one_that_waits_is_kept_by_heartbeats() -> None:
    admin_client, node = visiting()
    node.feed(admin_client.request(b"?"), 0.0)
    for second in range(1, 20):
        (ping,) = [effect for effect in node.tick(float(second)) if isinstance(effect, Write)]
        (pong,) = admin_client.feed(ping.data, float(second))
        assert isinstance(pong, Write) and pong.data == frame(PONG)
        assert node.feed(pong.data, float(second)) == []
    told = [effect for second in range(20, 26) for effect in node.tick(float(second))]
    assert [effect for effect in told if not isinstance(effect, Write)] == [Close("silent", at_once=True)]


FRAMES = st.lists(st.tuples(st.integers(HELLO, REPLY), st.binary(max_size=60)), max_size=6)


@given(FRAMES, st.binary(max_size=30))
def test_an_accepted_admin_client_never_gets_further_than_to_ask(frames: list[tuple[int, bytes]], rest: bytes) -> None:
    _, node = visiting()
    effects = node.feed(b"".join(frame(kind, body) for kind, body in frames) + rest, 1.0)
    assert all(isinstance(effect, Requested | Write | Close) for effect in effects)
    assert sum(isinstance(effect, Requested) for effect in effects) <= 1


@given(st.binary(max_size=200))
def test_an_admin_client_without_the_key_gets_nothing(proof: bytes) -> None:
    node = link("listener", 2)
    node.start()
    hello = Hello(PROTOCOL, TERMS, None, b"\7" * 32)
    stream = frame(HELLO, msgspec.msgpack.encode(hello)) + frame(PROOF, proof) + frame(REQUEST, b"?") + frame(BYE)
    assert all(isinstance(effect, Write | Close) for effect in node.feed(stream, 0.0))


def test_frame_types_end_with_the_reply() -> None:
    assert Deframer().feed(frame(REPLY, KEY)) == [(REPLY, KEY)]
    with pytest.raises(BadFrame):
        Deframer().feed(frame(REPLY + 1))
