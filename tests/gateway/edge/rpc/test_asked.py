"""Each kind of question of another node reaches the part of the edge that answers, and only that part."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.edge.rpc import asks
from gateway.edge.rpc.asked import answer
from gateway.edge.rpc.operator_asks import ChosenAsk, EndAsk, Ended, Heeded, Page, PageAsk
from tests.gateway.commands.stage import network, people


@pytest.fixture
def edge() -> Any:
    net = network(1)
    people(net, "ann", channel="#c")
    return net.nodes["n1"].core.edge


@pytest.mark.parametrize(
    ("ask", "reply"),
    [
        (asks.ExpelAsk("a life of nobody"), asks.Expelled(0)),
        (asks.LettingGoAsk("nobody", "ann"), asks.LettingGo),
        (asks.SeatsAsk("nobody"), asks.Seats),
        (asks.DeliveredAsk("nobody", "phone"), asks.Delivered),
        (asks.CountAsk(), asks.Counts),
        (asks.IndexAsk("127.0.0.9", 0, (), (), ()), asks.Indexed(True)),
        (asks.SumAsk("127.0.0.9", asks.Counts(2, 0, 0, 0, 0), 1), asks.Sums),
        (PageAsk("roles", "", 1), Page((), "")),
        (EndAsk("nobody", 0, "x"), Ended("")),
        (ChosenAsk("nobody"), Heeded()),
    ],
)
def test_each_question_has_its_own_kind_of_answer(edge: Any, ask: Any, reply: Any) -> None:
    given = answer(edge, ask)
    assert isinstance(given, reply) if isinstance(reply, type) else given == reply


def test_news_are_taken_without_an_answer(edge: Any) -> None:
    heard: list[Any] = []
    edge.reclaim.hear = heard.append
    news = asks.ReclaimedAsk("nobody", "ann")
    assert answer(edge, news) is None and heard == [news]
    assert answer(edge, asks.OwnedAsk("nobody")) is None


def test_the_page_of_the_ring_is_told_from_the_wanted_happening_on(edge: Any) -> None:
    wanted: list[tuple[int, int]] = []
    edge.outside.look = lambda incarnation, after: wanted.append((incarnation, after)) or b"look"
    assert answer(edge, asks.LookAsk(7, 30)) == asks.Looked(b"look")
    assert wanted == [(7, 30)]
