"""Streams between two nodes."""

from __future__ import annotations

from typing import Any

import pytest

from ring.duplex import WAITING_BYTES, Stream
from ring.durations import STREAM_PROBE_S
from ring.engine import Engine
from ring.wire.node import Flow
from tests.ring.toy import ToyNet

A, B = "127.0.0.1", "127.0.0.2"


class End:
    """What one end of a stream has got."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.got: list[bytes] = []
        self.ended: list[str] = []
        stream.received, stream.ended = self.got.append, self.ended.append


def opened(net: ToyNet) -> tuple[End, list[End]]:
    there: list[End] = []

    def accept(stream: Stream, first: bytes) -> None:
        assert first == b"hello"
        there.append(End(stream))

    net.engines[B].duplex.accept = accept
    made: list[End] = []
    net.turn(A, lambda: made.append(End(net.engines[A].duplex.open(net.engines[B].me, b"hello"))))
    return made[0], there


@pytest.mark.parametrize("seed", range(30))
def test_all_parts_come_once_and_in_order(seed: int) -> None:
    net = ToyNet(3, seed, loss=0.2, double=0.2, delay_s=(0.001, 0.2))
    here, there = opened(net)
    sent: list[bytes] = []
    back: list[bytes] = []
    for number in range(60):
        sent.append(b"%d" % number)
        net.turn(A, lambda: here.stream.send(sent[-1]))
        net.run(net.rng.uniform(0, 0.1))
        if there:
            back.append(b"back %d" % number)
            net.turn(B, lambda: there[0].stream.send(back[-1]))
    net.turn(A, lambda: here.stream.close("done"))
    net.run(20)
    (end,) = there
    assert end.got == sent
    assert here.got == back[: len(here.got)]
    assert end.ended == ["done"] and here.ended == []
    assert not here.stream.unacked


def test_it_ends_with_the_other_node() -> None:
    net = ToyNet(3)
    here, there = opened(net)
    net.run(1)
    net.kill(B)
    net.run(2)
    assert here.ended == ["lost"]
    net.start(B)
    net.turn(A, lambda: here.stream.send(b"too late"))
    net.run(2)
    assert there[0].got == [] and here.ended == ["lost"]


def test_one_that_nobody_knows_any_more_ends() -> None:
    net = ToyNet(2)
    here, _ = opened(net)
    net.run(1)
    net.engines[B].duplex._open.clear()
    net.turn(A, lambda: here.stream.send(b"x"))
    net.run(2)
    assert here.ended == ["unknown"]


@pytest.mark.parametrize(("loser", "waits"), [(A, False), (B, True)])
def test_whoever_waits_learns_that_the_other_side_has_lost_it(loser: str, waits: bool) -> None:
    """Nobody says anything; a node that stood still was dead for the other."""
    net = ToyNet(2)
    here, there = opened(net)
    net.run(1)
    net.engines[loser].duplex._open.clear()
    net.run(2 * STREAM_PROBE_S + 1)
    assert (here if waits else there[0]).ended == ["unknown"]


def test_what_is_not_taken_is_bounded() -> None:
    net = ToyNet(2)
    here, there = opened(net)
    net.run(1)
    net.loss = 1.0
    net.turn(A, lambda: [here.stream.send(bytes(100_000)) for _ in range(WAITING_BYTES // 100_000 + 2)])
    assert here.ended == ["SendQ exceeded"]
    net.loss = 0.0
    net.turn(A, lambda: net.engines[A].duplex.touch(here.stream))
    net.run(2)
    assert there[0].ended == ["SendQ exceeded"]


def test_how_far_parts_were_brought_is_told_again_where_that_was_lost() -> None:
    net = ToyNet(3)
    here, there = opened(net)
    net.run(1)
    brought = 1
    there[0].stream.uses = lambda: brought
    net.turn(A, lambda: here.stream.send(b"part"))
    net.run(1)
    assert there[0].got == [b"part"]
    brought = 2
    net.loss = 1.0
    net.turn(B, there[0].stream.tell_uses)
    net.run(0.1)
    assert here.stream.used == 1
    net.loss = 0.0
    net.run(1)
    assert here.stream.used == 2


def test_refused() -> None:
    net = ToyNet(2)
    made: list[End] = []
    net.turn(A, lambda: made.append(End(net.engines[A].duplex.open(net.engines[B].me, b"hello"))))
    net.run(2)
    assert made[0].ended == ["not accepted"]


def test_it_is_quiet_when_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Acknowledgements and ends are not acknowledged for ever."""
    net = ToyNet(2, double=0.3)
    here, there = opened(net)
    net.run(1)
    flows: list[Flow] = []
    send = Engine.send

    def counted(self: Engine, key: str, message: Any) -> None:
        if isinstance(message, Flow):
            flows.append(message)
        send(self, key, message)

    monkeypatch.setattr(Engine, "send", counted)
    net.turn(A, lambda: here.stream.send(b"x"))
    net.run(5)
    assert there[0].got == [b"x"] and 2 <= len(flows) < 6
    flows.clear()
    net.turn(A, lambda: here.stream.close("done"))
    net.turn(B, lambda: there[0].stream.close("done, too"))
    net.run(5)
    assert 2 <= len(flows) < 10


def test_each_part_is_sent_once_where_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    net = ToyNet(2, delay_s=(0.05, 0.06))
    here, there = opened(net)
    net.run(1)
    parts: list[bytes] = []
    send = Engine.send

    def counted(self: Engine, key: str, message: Any) -> None:
        if isinstance(message, Flow):
            parts.extend(message.parts)
        send(self, key, message)

    monkeypatch.setattr(Engine, "send", counted)
    said = [b"%d" % number for number in range(50)]
    for part in said:
        net.turn(A, lambda part=part: here.stream.send(part))  # type: ignore[misc]
        net.run(0.01)
    net.run(1)
    assert there[0].got == said and parts == said
