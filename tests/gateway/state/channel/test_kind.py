"""Channels as a kind of group: the history that is kept, and the readers of each line."""

from __future__ import annotations

from typing import Any

import pytest

from config.people import Limits
from gateway.state.channel.channel import Channel
from gateway.state.channel.history import WEBHOOK
from gateway.state.channel.kind import ChannelKind
from gateway.state.channel.messages import EVERYTHING, Invited, Said
from gateway.state.channel.state import Rules
from gateway.state.reader import UNJUDGED
from ring.ids import Incarnation
from tests.gateway.state.cast import ANN, CASEMAP, RULES, Stage, packed
from tests.gateway.state.channel.subscribing import subscribe

KIND = ChannelKind(Rules(Limits(), CASEMAP, keep_s=60.0, history_s=3600.0))
WORDS = Said("1", "Ann!user@ann.example", "PRIVMSG", b"hi")
ORIGIN = Incarnation("10.0.0.1", 7)


@pytest.fixture
def stage() -> Stage:
    return Stage(ANN)


@pytest.fixture
def channel(stage: Stage) -> Channel:
    return stage.channel


def test_channels_are_written_and_have_words_for_a_mistake_of_the_program() -> None:
    assert KIND.durable == "written"
    assert KIND.unjudged is UNJUDGED


def test_words_are_kept_only_on_a_network_with_a_history() -> None:
    assert KIND.keeps(WORDS)
    assert not KIND.keeps(Invited("1", "a!b@c", "2", "Bob"))
    assert not ChannelKind(RULES).keeps(WORDS)  # history_s is 0


def test_a_channel_is_silent_until_words_or_a_webhook(channel: Channel) -> None:
    assert KIND.is_silent(channel)
    channel.apply(WORDS, 2)
    assert not KIND.is_silent(channel)


def test_a_channel_with_a_webhook_is_not_silent(stage: Stage) -> None:
    subscribe(stage, "w1")
    assert not stage.channel.history.spoken
    assert not KIND.is_silent(stage.channel)


def test_a_deleted_message_and_another_rank_s_message_are_selected_for_nobody(channel: Channel) -> None:
    assert KIND.selects(channel, WORDS, "m1", 5, "")
    for_operators = Said("1", "Ann!user@ann.example", "PRIVMSG", b"hi", "@")
    assert KIND.selects(channel, for_operators, "m2", 5, "o")
    assert not KIND.selects(channel, for_operators, "m2", 5, "v")
    channel.history.redact("m1", 6)
    assert not KIND.selects(channel, WORDS, "m1", 5, "")
    assert KIND.erased(channel).msgids == {"m1"}


def test_only_a_webhook_reads_the_words_before_the_channel_closed(channel: Channel) -> None:
    channel.history.close(10)
    assert not KIND.selects(channel, WORDS, "m1", 10, "")
    assert KIND.selects(channel, WORDS, "m1", 10, WEBHOOK)
    channel.history.redact(EVERYTHING, 10)
    assert not KIND.selects(channel, WORDS, "m1", 10, WEBHOOK)


def test_a_line_is_recorded_with_a_key_only_for_a_webhook(stage: Stage) -> None:
    assert KIND.recorded(stage.channel, WORDS, ORIGIN, 3) is WORDS
    subscribe(stage, "w1")
    assert KIND.recorded(stage.channel, WORDS, ORIGIN, 3).idempotency_key is not None


def test_a_restored_channel_has_the_members_and_the_rules_of_the_kind(channel: Channel) -> None:
    restored: Any = KIND.restore("#c", packed(channel.snapshot()))
    assert restored.snapshot() == channel.snapshot()
    assert restored.rules is KIND.rules
