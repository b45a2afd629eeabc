"""What a kind of group need not say for itself."""

from __future__ import annotations

from ring.history.erased import NOTHING
from ring.ids import Incarnation
from ring.replication.state_machine import KindBase, StateBase
from tests.ring.toy import ToyState

ANN = Incarnation("127.0.0.9", 1)


def test_a_state_has_no_messages_no_questions_and_no_commands_of_its_own() -> None:
    state = StateBase()
    assert state.view() is None and state.answer("who?", 5) is None and not state.is_message(["say", "x"])
    assert state.maintenance(5, lambda edge: True) == [] and state.precommands(["say", "x"], lambda edge: True) == []


def test_a_kind_keeps_nothing_and_records_events_as_they_are() -> None:
    kind, event = KindBase(), ["say", "x"]
    assert not kind.keeps(event) and kind.erased(ToyState()) == NOTHING and kind.authors(event) == ()
    assert kind.selects(ToyState(), event, "id", 5, "") and kind.recorded(ToyState(), event, ANN, 3) is event
    assert not kind.is_silent(ToyState())
