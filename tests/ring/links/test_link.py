"""Two links talking to each other, and to strangers, without a socket."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.node import Links
from ring.features import LEVEL
from ring.links import hello as greeting
from ring.links.framing import BYE, DATA, HELLO, PONG, PROOF, REFUSE, frame
from ring.links.hello import Terms
from ring.links.link import MEASURE_EVERY, Close, Link, Received, Up, Write
from ring.roster import NodeRecord

TERMS = Terms("Circlet", "irc.circlet.local", "absolute", 1, 1, "rfc1459", {"nick_len": 30})
KEY = bytes(range(32))


def record(number: int, **changes: object) -> NodeRecord:
    key = f"127.0.0.{number}"
    return msgspec.structs.replace(NodeRecord(key, 7, f"n{number}.test", key, 7600, "", "1", 0), **changes)


def link(role: greeting.Role, number: int, **changes: object) -> Link:
    facts: dict[str, object] = {
        "terms": TERMS,
        "record": record(number),
        "key": KEY,
        "certificate": b"c" * 32,
        "nonce": bytes([number]) * 32,
        "settings": Links(),
        "now": 0.0,
        **changes,
    }
    return Link(role, **facts)  # type: ignore[arg-type]


def talk(a: Link, b: Link, rounds: int = 6) -> tuple[list[object], list[object]]:
    """Let two links exchange their output; return the other effects of each."""
    told: tuple[list[object], list[object]] = ([], [])
    queues = [a.start(), b.start()]
    for _ in range(rounds):
        for mine, other, link_ in ((0, 1, b), (1, 0, a)):
            written = b"".join(e.data for e in queues[mine] if isinstance(e, Write))
            told[mine].extend(e for e in queues[mine] if not isinstance(e, Write))
            queues[mine] = []
            if written:
                queues[other] = queues[other] + link_.feed(written, 0.0)
    for mine in (0, 1):
        told[mine].extend(e for e in queues[mine] if not isinstance(e, Write))
    return told


def test_two_nodes_of_a_network_link() -> None:
    a, b = link("dialler", 1, expected="127.0.0.2"), link("listener", 2)
    assert talk(a, b) == ([Up(record(2))], [Up(record(1))])
    assert b.feed(a.send(b"hello", 1.0), 1.0) == [Received(b"hello")]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"terms": msgspec.structs.replace(TERMS, network="Other")}, "network.name: here Circlet, there Other"),
        ({"terms": msgspec.structs.replace(TERMS, distance="circular")}, "ring.distance: here absolute"),
        ({"terms": msgspec.structs.replace(TERMS, limits={"nick_len": 9})}, "limits.nick_len: here 30, there 9"),
        ({"key": bytes(32)}, "network.key_file differs"),
        ({"certificate": b"m" * 32}, "network.key_file differs"),
        ({"record": record(1)}, "its own node.ring_key"),
        ({"record": record(2, name="N1.test")}, "a name of its own (node.name)"),
        ({"record": record(3)}, "it is 127.0.0.3, not 127.0.0.2"),
        ({"record": record(2, ip="nonsense")}, "malformed"),
    ],
)
def test_a_mismatch_is_refused_in_words_on_both_sides(change: dict[str, object], words: str) -> None:
    a, b = link("dialler", 1, expected="127.0.0.2"), link("listener", 2, **change)
    told = talk(a, b)
    closes = [[e for e in side if isinstance(e, Close)] for side in told]
    assert all(len(side) == 1 and side[0].refused for side in closes)
    assert words in closes[0][0].reason or words in closes[1][0].reason
    assert not any(isinstance(e, Up) for e in told[0]) or not any(isinstance(e, Up) for e in told[1])


def test_an_older_protocol_version_is_told_apart() -> None:
    a = link("dialler", 1)
    effects = a.feed(frame(HELLO, msgspec.msgpack.encode([0, "whatever an old one said"])), 0.0)
    assert effects[-1] == Close("protocol version: here 1, there 0: upgrade the node of version 0", refused=True)
    assert isinstance(effects[0], Write) and effects[0].data[4] == REFUSE


def test_a_recorded_handshake_is_of_no_use() -> None:
    """The proof covers both nonces: the words of one session do not fit the next."""
    a, b = link("dialler", 1), link("listener", 2)
    a_hello = a.start()[0].data
    b_hello = b.start()[0].data
    a_proof = a.feed(b_hello, 0.0)[0].data
    again = link("listener", 2, nonce=b"n" * 32)
    again.start()
    assert again.feed(a_hello, 0.0)
    effects = again.feed(a_proof, 0.0)
    assert effects[-1].refused and "key" in effects[-1].reason


def test_data_before_the_handshake_closes() -> None:
    a = link("listener", 2)
    assert a.feed(frame(DATA, b"x"), 0.0)[-1] == Close("data before the handshake", refused=True)
    assert a.feed(frame(DATA, b"x"), 0.0) == []


def test_silence_is_noticed_and_heartbeats_keep_it_away() -> None:
    a, b = link("dialler", 1), link("listener", 2)
    talk(a, b)
    assert [type(e) for e in a.tick(1.5)] == [Write]
    assert a.tick(1.6) == []
    for now in (2.0, 3.0, 4.0, 5.0):
        a.tick(now)
    assert a.tick(5.5) == [Close("silent", at_once=True)]


def written(effects: list[object]) -> bytes:
    return b"".join(effect.data for effect in effects if isinstance(effect, Write))


def test_a_heartbeat_and_its_answer_measure_the_round_trip() -> None:
    a, b = link("dialler", 1), link("listener", 2)
    talk(a, b)
    assert a.round_trip_s is None
    answer = written(b.feed(written(a.tick(0.25)), 0.26))  # the first heartbeat leaves at once
    assert a.feed(answer, 0.28) == [] and a.round_trip_s == pytest.approx(0.03)
    assert b.round_trip_s is None  # the other side measures for itself


def test_heartbeats_that_overtake_their_answers_are_not_mixed_up() -> None:
    """Only a heartbeat sent after the answers to all others is measured."""
    a, b = link("dialler", 1), link("listener", 2)
    talk(a, b)
    first, second = a.probe(1.0), a.probe(2.0)
    answers = b.feed(first + second, 2.0)
    a.feed(answers[0].data, 4.0)
    assert a.round_trip_s == 3.0
    a.feed(answers[1].data, 4.5)
    assert a.round_trip_s == 3.0
    a.feed(written(b.feed(a.probe(5.0), 5.0)), 5.125)
    assert a.round_trip_s == 0.125


def test_an_answer_to_no_heartbeat_measures_nothing() -> None:
    a, b = link("dialler", 1), link("listener", 2)
    talk(a, b)
    assert a.feed(frame(PONG) * 3, 1.0) == [] and a.round_trip_s is None
    a.feed(written(b.feed(a.probe(2.0), 2.0)), 2.5)
    assert a.round_trip_s == 0.5


def test_a_link_that_data_keeps_busy_is_measured_all_the_same() -> None:
    a, b = link("dialler", 1), link("listener", 2)
    talk(a, b)
    a.tick(0.0)
    beats = 0
    for step in range(1, 81):
        now = step / 4
        a.send(b"talk", now)
        b.send(b"talk", now)
        a.feed(b.send(b"talk", now), now)
        beats += len(a.tick(now))
    assert beats == 20 / (MEASURE_EVERY * Links().heartbeat_s)


def test_a_process_that_was_stopped_itself_blames_nobody() -> None:
    a, b = link("dialler", 1), link("listener", 2)
    talk(a, b)
    a.tick(1.0)
    assert not [e for e in a.tick(20.0) if isinstance(e, Close)]
    for now in (21.0, 22.0, 23.0, 24.0, 25.0):
        assert not [e for e in a.tick(now) if isinstance(e, Close)]
    assert Close("silent", at_once=True) in a.tick(25.5)


@given(st.binary(max_size=300), st.integers(1, 7))
def test_garbage_is_refused_and_never_raises(data: bytes, kind: int) -> None:
    for stream in (data, frame(kind, data), frame(HELLO, data) + frame(PROOF, data)):
        b = link("listener", 2)
        b.start()
        assert not any(isinstance(e, Up | Received) for e in b.feed(stream, 0.0))


def test_a_peer_that_does_not_keep_up_is_cut_once() -> None:
    a, b = link("dialler", 1), link("listener", 2)
    talk(a, b)
    most = Links().queue
    assert a.queued(most) == []
    assert a.queued(most + 1) == [Close("queue", at_once=True)]
    assert a.queued(most + 1) == [] and a.tick(100.0) == [] and a.feed(b.send(b"x", 1.0), 1.0) == []


def test_a_handshake_has_no_more_time_than_a_peer() -> None:
    """Not even where bytes come all the time."""
    a = link("listener", 2)
    a.start()
    now, hello = 0.0, iter(frame(HELLO, bytes(1000)))
    while not (effects := a.tick(now)):
        assert a.feed(bytes([next(hello)]), now) == []
        now += 0.5
    assert effects[-1] == Close("the handshake took too long", refused=True)
    assert Links().dead_after_s < now <= Links().dead_after_s + 1.0


def test_an_unused_link_is_closed_with_a_goodbye_and_heartbeats_are_no_use() -> None:
    a, b = link("dialler", 1), link("listener", 2)
    talk(a, b)
    now, effects = 0.0, a.tick(0.0)
    while not any(isinstance(effect, Close) for effect in effects):
        a.feed(written(b.feed(written(effects), now)), now)
        now += 1.0
        effects = a.tick(now)
    assert effects == [Write(frame(BYE)), Close("closed")] and now > Links().idle_close_s
    assert b.feed(frame(BYE), now) == [Close("closed")]


@pytest.mark.parametrize("kind", [HELLO, PROOF])
def test_a_handshake_comes_once(kind: int) -> None:
    a, b = link("dialler", 1), link("listener", 2)
    talk(a, b)
    assert b.feed(frame(kind, b"x"), 1.0)[-1] == Close("a handshake frame after the handshake", refused=True)


def test_a_proof_before_the_hello_is_refused() -> None:
    a = link("listener", 2)
    assert a.feed(frame(PROOF, b"x" * 32), 0.0)[-1] == Close("data before the handshake", refused=True)


def test_a_refusal_of_the_peer_ends_the_link_with_the_peers_words() -> None:
    """Also where the words are no text, or never end."""
    a = link("dialler", 1)
    assert a.feed(frame(REFUSE, b"\xffno" + b"x" * 5000), 0.0)[-1] == Close("\ufffdno" + "x" * 297, refused=True)


def test_the_peer_is_claimed_before_it_is_proven() -> None:
    a, b = link("dialler", 1), link("listener", 2)
    assert b.claimed is None
    b.start()
    b.feed(written(a.start()), 0.0)
    assert b.claimed == record(1) and b.peer is None and not b.is_up


@pytest.mark.parametrize(
    ("here", "there", "words"),
    [
        ((LEVEL, LEVEL), (0, 0), "n2.test (version 1) is of feature level 0, and the network acts at level"),
        ((0, 0), (LEVEL, LEVEL), "n1.test (version 1) is of feature level 0, and the network acts at level"),
    ],
)
def test_a_node_of_a_build_that_is_too_old_is_refused_by_name(
    here: tuple[int, int], there: tuple[int, int], words: str
) -> None:
    a = link("dialler", 1, record=record(1, level=here[0]), acting=here[1])
    b = link("listener", 2, record=record(2, level=there[0]), acting=there[1])
    told = talk(a, b)
    reasons = [effect.reason for side in told for effect in side if isinstance(effect, Close)]
    assert any(words in reason for reason in reasons)


def test_each_side_knows_the_level_of_the_other_side_s_network_before_the_link_is_up() -> None:
    a = link("dialler", 1, record=record(1, level=2), acting=1)
    b = link("listener", 2, record=record(2, level=2), acting=2)
    assert (a.acting, b.acting) == (0, 0)
    talk(a, b)
    assert a.is_up and b.is_up
    assert (a.acting, b.acting) == (2, 1)
