"""Idempotency keys of messages, and the question whether a command was carried out."""

from __future__ import annotations

import msgspec
import pytest
from msgspec import inspect

from config.people import Limits
from gateway.state.channel import messages as channel
from gateway.state.conversation import messages as conversation
from gateway.state.idempotency import IdempotencyKey, Probe, Speaker, decide_probe, of_command
from gateway.state.kinds import kinds
from gateway.state.nick import messages as nick
from gateway.state.people import Refusal
from ring.ids import Incarnation
from ring.replication.log import idempotency_key_of
from tests.gateway.state.cast import CASEMAP, packed
from tests.levels.make import sample, structs

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


def keyed(field: inspect.Type) -> bool:
    """Whether the field may hold an idempotency key."""
    if isinstance(field, inspect.UnionType):
        return any(keyed(one) for one in field.types)
    return isinstance(field, inspect.NamedTupleType) and field.cls is IdempotencyKey


def types(cls: type[msgspec.Struct]) -> list[inspect.Type]:
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType)
    return [field.type for field in info.fields]


STATES = [cls for name, cls in structs() if name.startswith("gateway.state.")]
KEYED = [cls for cls in STATES if any(map(keyed, types(cls)))]


@pytest.mark.parametrize("cls", KEYED, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_the_log_finds_the_key_of_each_command_and_event_that_has_one(cls: type[msgspec.Struct]) -> None:
    """The log knows no IRC, and finds the key by the field's name. Where the names differ, messages are said twice."""
    key = of_command(NODE, 7)
    assert idempotency_key_of(cls(*(key if keyed(field) else sample(field) for field in types(cls)))) == key


def test_messages_have_a_key() -> None:
    assert {channel.Say, channel.Said, conversation.Say, conversation.Said, nick.Tell, nick.Told} <= {*KEYED}
