"""Idempotency keys of messages, and the question whether a command was carried out."""

from __future__ import annotations

import pytest

from gateway.irc.limits import Limits
from gateway.state.idempotency import IdempotencyKey, Probe, Speaker, decide_probe, of_command
from gateway.state.kinds import kinds
from gateway.state.people import Refusal
from ring.ids import Incarnation
from tests.gateway.state.cast import CASEMAP, packed

NODE = Incarnation("10.0.0.1", 7)


def test_the_key_of_a_command_is_like_no_key_of_a_client() -> None:
    clients = {IdempotencyKey(Speaker(NODE, number), line) for number in range(5) for line in range(5)}
    commands = {of_command(NODE, number) for number in range(5)}
    assert len(commands) == 5
    assert not clients & commands


def test_each_life_of_a_node_has_keys_of_its_own() -> None:
    assert of_command(NODE, 1) != of_command(Incarnation("10.0.0.1", 8), 1)


@pytest.mark.parametrize("kind", ["channel", "conversation"])
def test_a_group_that_does_not_know_the_command_says_so(kind: str) -> None:
    state = kinds(Limits(), CASEMAP, keep_s=60.0)[kind].initial("x")
    outcome, event = state.decide(Probe(of_command(NODE, 1)), 5)
    assert outcome == Refusal("401", ("*", "No such nick/channel"))
    assert event is None
    assert decide_probe(state, Probe(None), 5).outcome == outcome


def test_a_repeat_is_read_back_by_both_kinds() -> None:
    repeat = Probe(IdempotencyKey(Speaker(NODE, 3), 5, 1))
    for kind in ("channel", "conversation"):
        assert kinds(Limits(), CASEMAP, keep_s=60.0)[kind].read_command(packed(repeat)) == repeat
