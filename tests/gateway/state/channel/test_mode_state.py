"""The effect of modes on the state."""

from __future__ import annotations

from gateway.state.channel.channel import restore
from gateway.state.channel.messages import Part
from tests.gateway.state.cast import ANN, BOB, RULES, Stage, minus, packed, plus


def test_parameters_are_kept_and_a_copy_has_them() -> None:
    stage = Stage(ANN)
    stage.mode(ANN, plus("f", "#d"), plus("L", "#e"), plus("j", "5:10"), plus("M"))
    stage.mode(ANN, minus("L"), plus("j", "6:10"))
    copy = restore("#c", RULES, packed(stage.channel.snapshot()))
    for channel in (stage.channel, copy):
        assert channel.params == {"f": "#d", "j": "6:10"} and channel.strict
        assert channel.join_rate == (6, 10) and channel.tally is not None
    stage.mode(ANN, minus("j"), minus("M"))
    assert stage.channel.tally is None and not stage.channel.strict


def test_a_permanent_channel_outlives_its_members_and_goes_with_the_mode() -> None:
    stage = Stage(ANN)
    assert stage.mode(ANN, plus("P"))[0].numeric == "482"
    stage.mode(ANN, plus("P"), plus("b", "x!*@*"), plus("m"), override=True)
    stage.do(Part(ANN.uid))
    channel = stage.channel
    assert "m" in channel.modes and len(channel.lists["b"]) == 1
    assert not channel.is_collectable(stage.at + 10**12) and channel.next_change(stage.at) is None
    stage.mode(BOB, minus("P"), override=True)
    assert channel.modes == set() and len(channel.lists["b"]) == 0 and not channel.created
    assert channel.is_collectable(stage.at + int(RULES.keep_s * 1000) + 1)
