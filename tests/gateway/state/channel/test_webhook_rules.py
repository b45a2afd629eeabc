"""The rules for subscriptions of a channel."""

from __future__ import annotations

from gateway.state.channel.webhook_messages import (
    Advance,
    NotSubscribed,
    Subscribed,
    Unsubscribe,
)
from gateway.state.channel.webhook_rules import MOST
from ring.ids import NO_TERM
from ring.wire.history import Cursor
from tests.gateway.state.cast import ANN, Stage
from tests.gateway.state.channel.subscribing import SECRET, TERMS, URL, subscribe


def test_a_subscription_begins_at_the_moment_when_it_is_made() -> None:
    stage = Stage(ANN)
    assert subscribe(stage) is None
    made = stage.channel.webhooks.subscriptions["h1"]
    assert (made.url, made.secret, made.by, made.at) == (URL, SECRET, "root", stage.at)
    assert made.cursor == Cursor(0, stage.at, NO_TERM)


def test_making_it_again_changes_nothing_and_an_ended_id_never_comes_back() -> None:
    stage = Stage()
    subscribe(stage)
    made = Subscribed(stage.channel.webhooks.subscriptions["h1"])
    assert subscribe(stage) is None and stage.event is None
    assert stage.do(Unsubscribe("h1", "root")) is None
    assert stage.do(Unsubscribe("h1", "root")) == NotSubscribed("unknown")
    stage.channel.apply(made, stage.at + 1)
    assert not stage.channel.webhooks.subscriptions


def test_a_channel_has_only_so_many() -> None:
    stage = Stage()
    for number in range(MOST):
        assert subscribe(stage, f"h{number}") is None
    assert subscribe(stage, "one more") == NotSubscribed("full") and stage.event is None
    stage.do(Unsubscribe("h0", "root"))
    assert subscribe(stage, "one more") is None


def test_places_and_counts_only_grow_in_whatever_order_they_come() -> None:
    stage = Stage()
    subscribe(stage)
    old, new = Cursor(4, 40, TERMS[0]), Cursor(9, 90, TERMS[0])
    stage.do(Advance("h1", new, 3, 2))
    stage.do(Advance("h1", old, 1, 1))
    assert stage.event is None, "a former master tells nothing new"
    found = stage.channel.webhooks.subscriptions["h1"]
    assert (found.cursor.seq, found.dropped, found.told) == (9, 3, 2)
    assert stage.do(Advance("unknown", new)) is None and stage.event is None
