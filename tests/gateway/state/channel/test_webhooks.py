"""The subscriptions of a channel: made, ended, moved on, merged, and kept."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from config.people import Limits
from gateway.irc.casemapping import Casemap
from gateway.state.channel.channel import Channel, restore
from gateway.state.channel.messages import Say
from gateway.state.channel.webhook_messages import (
    Advance,
    Subscription,
    Unsubscribe,
)
from gateway.state.channel.webhooks import merge_webhooks
from gateway.state.idempotency import IdempotencyKey, Speaker
from gateway.state.kinds import kinds
from ring.ids import Position
from ring.wire.history import Cursor
from tests.gateway.state.cast import ANN, BOB, RULES, Stage, packed
from tests.gateway.state.channel.subscribing import SECRET, TERMS, URL, subscribe


def test_the_history_names_each_message_by_its_command_while_there_is_a_subscription() -> None:
    stage, kind = Stage(ANN), kinds(Limits(), Casemap("ascii"), keep_s=60.0)["channel"]
    stage.do(Say(ANN.uid, ANN.source, "PRIVMSG", b"hello"))
    plain = stage.event
    stage.do(Say(ANN.uid, ANN.source, "PRIVMSG", b"hello", idempotency_key=IdempotencyKey(Speaker(ANN.edge, 3), 5)))
    by_its_edge = stage.event
    commands = [(ANN.edge, 7), (ANN.edge, 8), (BOB.edge, 7)]
    assert kind.recorded(stage.channel, plain, *commands[0]) is plain
    subscribe(stage)
    names = [kind.recorded(stage.channel, plain, *command).idempotency_key for command in commands]
    assert None not in names and len({*names, by_its_edge.idempotency_key}) == 4
    assert kind.recorded(stage.channel, plain, *commands[0]) == msgspec.structs.replace(plain, idempotency_key=names[0])
    assert kind.recorded(stage.channel, by_its_edge, *commands[0]) is by_its_edge
    assert kind.recorded(stage.channel, subscribed := stage.event, *commands[0]) is subscribed


def test_it_keeps_an_empty_channel_and_is_part_of_the_copy() -> None:
    stage = Stage()
    spent_at = stage.at + 10**9
    assert stage.channel.is_collectable(spent_at)
    subscribe(stage)
    kind: Any = kinds(Limits(), Casemap("rfc1459"), keep_s=60.0)["channel"]
    assert not stage.channel.is_collectable(spent_at) and not kind.is_silent(stage.channel)
    copy = restore("#c", RULES, packed(stage.channel.snapshot()))
    assert copy.snapshot() == stage.channel.snapshot() and copy.webhooks.subscriptions["h1"].secret == SECRET
    stage.do(Unsubscribe("h1", "root"))
    assert stage.channel.is_collectable(stage.at + 10**9) and kind.is_silent(stage.channel)


CURSORS = st.builds(
    lambda seq, term, beside: Cursor(seq, seq * 10, term, tuple(Position(t, s) for t, s in beside.items() if t < term)),
    st.integers(1, 9),
    st.sampled_from(TERMS),
    st.dictionaries(st.sampled_from(TERMS), st.integers(1, 9), max_size=2),
)


@st.composite
def sides(draw: st.DrawFn) -> tuple[dict[str, Subscription], dict[str, int]]:
    """Draw the subscriptions and tombstones of one side of a partition; both sides knew the subscriptions before."""
    ended = draw(st.dictionaries(st.sampled_from("abc"), st.integers(1, 9), max_size=2))
    found = {}
    for name in draw(st.sets(st.sampled_from("abcd"))) - ended.keys():
        dropped = draw(st.integers(0, 5))
        made = Subscription(name, URL, SECRET, "root", ord(name), draw(CURSORS), dropped, draw(st.integers(0, dropped)))
        found[name] = made
    return found, ended


def merged(a: Any, b: Any) -> Any:
    return merge_webhooks(a[0], b[0], a[1], b[1])


def same(one: Any, other: Any) -> bool:
    return bool(_sorted(one) == _sorted(other))


def _sorted(side: Any) -> Any:
    def cursor(p: Cursor) -> Any:
        return p.at, sorted([Position(p.term, p.seq), *p.other_terms])

    rows = {n: (cursor(one.cursor), one.dropped, one.told) for n, one in side[0].items()}
    return rows, side[1]


@settings(max_examples=300)
@given(sides(), sides(), sides())
def test_a_merge_leads_to_the_same_in_whatever_order(a: Any, b: Any, c: Any) -> None:
    assert same(merged(a, b), merged(b, a))
    assert same(merged(merged(a, b), c), merged(a, merged(b, c)))
    assert same(merged(merged(a, b), b), merged(a, b))
    found, ended = merged(a, b)
    assert not found.keys() & ended.keys()
    assert found.keys() == (a[0].keys() | b[0].keys()) - ended.keys()


def test_the_receiver_has_what_either_side_has_delivered() -> None:
    here, there = Stage(ANN), Channel("#c", RULES)
    subscribe(here)
    there = restore("#c", RULES, packed(here.channel.snapshot()))
    here.do(Advance("h1", Cursor(4, 40, TERMS[0])))
    there.apply(there.decide(Advance("h1", Cursor(7, 70, TERMS[2])), here.at + 1).event, here.at + 1)
    here.channel.apply(here.channel.merge(there, here.at + 2), here.at + 2)
    cursor = here.channel.webhooks.subscriptions["h1"].cursor
    assert {Position(TERMS[2], 7), Position(TERMS[0], 4)} <= {Position(cursor.term, cursor.seq), *cursor.other_terms}
