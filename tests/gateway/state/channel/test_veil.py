"""Which members a person sees in an auditorium (+u) and with delayed joins (+D)."""

from __future__ import annotations

from gateway.state.channel.channel import restore
from gateway.state.channel.history import EVENTS, is_veiled
from gateway.state.channel.merge import merge
from gateway.state.channel.messages import Join, Parted
from gateway.state.channel.veil import members_for
from tests.gateway.state.cast import ANN, BOB, CAT, RULES, Stage, minus, packed, plus


def test_a_channel_without_the_modes_shows_its_own_members() -> None:
    stage = Stage(ANN, BOB)
    assert members_for(stage.channel, BOB.uid) is stage.channel.members


def test_plain_members_of_an_auditorium_see_ranks_and_themselves() -> None:
    stage = Stage(ANN, BOB, CAT)
    stage.mode(ANN, plus("u"))
    assert [*members_for(stage.channel, BOB.uid)] == [ANN.uid, BOB.uid]
    assert [*members_for(stage.channel, ANN.uid)] == [ANN.uid, BOB.uid, CAT.uid]
    assert [*members_for(stage.channel, "outside")] == [ANN.uid]


def test_a_delayed_member_is_shown_by_words_a_rank_or_the_end_of_the_mode() -> None:
    stage = Stage(ANN)
    stage.mode(ANN, plus("D"))
    stage.do(Join(BOB))
    stage.do(Join(CAT))
    copy = restore("#c", RULES, packed(stage.channel.snapshot()))
    assert copy.hidden == stage.channel.hidden == {BOB.uid: None, CAT.uid: None}
    assert [*members_for(stage.channel, ANN.uid)] == [ANN.uid]
    stage.say(BOB)
    assert [*stage.channel.hidden] == [CAT.uid]
    stage.mode(ANN, minus("D"))
    assert stage.channel.hidden == {}
    both = merge(stage.channel.snapshot(), copy.snapshot(), stage.channel.lists["b"].key)
    assert both.hidden == ()  # shown on one side, shown on all


def test_the_history_of_such_a_channel_tells_plain_readers_of_nobody() -> None:
    event = Parted("1", "a!b@c")
    assert is_veiled(event, EVENTS) and is_veiled(event, EVENTS + "v") and not is_veiled(event, EVENTS + "o")
