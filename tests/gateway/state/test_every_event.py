"""Each event of each kind of group is applied, is shown or passed over by the edge, and comes back from history."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from config.people import Limits
from gateway.edge.client import rendering
from gateway.edge.cursors.history import read_event
from gateway.state.kinds import kinds
from ring.ids import GroupId, Term
from ring.replication.application import EventId
from ring.storage.store import Line
from tests.gateway.commands.stage import network
from tests.gateway.state.cast import CASEMAP
from tests.gateway.state.test_kinds import EVENTS

ALL = [(kind, event) for kind, events in EVENTS.items() for event in events]
NAMES = {"channel": "#c", "conversation": "ann,bob"}
KINDS = kinds(Limits(), CASEMAP, keep_s=60.0, history_s=86_400.0)
KEPT = [(kind, event) for kind, event in ALL if KINDS[kind].keeps(event)]

each_event = pytest.mark.parametrize(
    ("kind", "event"), ALL, ids=[f"{kind}-{type(event).__name__}" for kind, event in ALL]
)


@each_event
def test_an_event_is_applied_and_the_edge_knows_what_to_do_with_it(kind: str, event: Any) -> None:
    """Without people of its own the edge shows nothing; an event without a place in its tables raises."""
    core = next(iter(network().nodes.values())).core
    edge = core.edge
    group = GroupId(kind, NAMES.get(kind, "ann"))
    state = core.engine.kinds[kind].initial(group.name)
    state.apply(event, 1_000)
    if type(event).__name__ == "Merged":  # a merge is shown as the difference of two states
        edge.application.replaced(group, None, state, [], 0)
        edge.application.replaced(group, state, state, [], 0)
    else:
        edge.application.applied(group, state, event, EventId("id", 1_000), None)


@pytest.mark.parametrize(("kind", "event"), KEPT, ids=[f"{kind}-{type(event).__name__}" for kind, event in KEPT])
def test_an_event_that_history_keeps_is_read_and_shown(kind: str, event: Any) -> None:
    group = GroupId(kind, NAMES[kind])
    kept = Line(group, Term(1, "10.0.0.1", 7), 1, 1_000, "id", msgspec.msgpack.encode(event))
    assert read_event(kept) == event
    if kind == "channel":
        assert rendering.replayed(event, "#C", EventId("id", 1_000), extended=True, most=6)
    else:
        assert rendering.direct_message(event, "ann", EventId("id", 1_000)).params


def test_both_kinds_with_a_history_are_here() -> None:
    assert {kind for kind, _ in KEPT} == {*NAMES}
