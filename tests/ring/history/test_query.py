"""Questions about history, and who is asked."""

from __future__ import annotations

from ring.engine import Engine
from ring.ids import GroupId
from ring.wire.codec import encode
from ring.wire.group import NotOwner
from ring.wire.history import HistoryQuery, Query
from tests.ring.toy import ToyNet

COUNT = 20


def recalls(engine: Engine) -> int:
    return sum(isinstance(message, HistoryQuery) for messages in engine.drain().values() for message in messages)


def test_many_who_hear_that_a_group_is_elsewhere_do_not_make_more_of_it() -> None:
    """Each question is answered with the same word: who is asked by now is not asked again for each."""
    net = ToyNet(3)
    engine = net.engines["127.0.0.1"]
    group = next(
        group for group in (GroupId("talk", f"#{n}") for n in range(99)) if engine.target(group) == "127.0.0.2"
    )
    engine.begin(net.now)
    for _ in range(COUNT):
        engine.recall(group, Query(10), lambda lines: None)
    assert recalls(engine) == COUNT
    words = encode([NotOwner(group, "127.0.0.3", [])] * COUNT)
    engine.receive(net.engines["127.0.0.2"].me, words)
    assert recalls(engine) == COUNT
    engine.receive(net.engines["127.0.0.2"].me, words)
    assert recalls(engine) == 0
