"""What a registered channel's own node does from time to time: the history is trimmed as the founder wishes."""

from __future__ import annotations

import msgspec

from gateway.state.channel import registration_messages as r
from gateway.state.channel.channel import Channel
from gateway.state.channel.messages import Join, Part
from gateway.state.channel.reading import kept_since, readable_since
from gateway.state.channel.upkeep_messages import Expire, HistoryTrimmed, Sighted, TrimHistory
from gateway.state.channel.upkeep_rules import is_untrimmed
from tests.gateway.state.cast import RULES
from tests.gateway.state.channel.test_access import ANN, BOB

DAY = 86_400_000
NOW = 100 * DAY


def act(channel: Channel, command: object, at: int) -> object:
    """Judge the command, and apply the event. Returns the outcome."""
    outcome, event = channel.decide(command, at)[:2]
    if event is not None:
        channel.apply(event, at)
    return outcome


def registered() -> Channel:
    channel = Channel("#c", RULES)
    act(channel, Join(ANN, name="#c"), NOW)
    act(channel, r.Register("r1", ANN.uid, ANN.life, "ann"), NOW)
    act(channel, Join(BOB, name="#c"), NOW + 5)
    return channel


def test_the_history_is_trimmed_by_the_days_of_the_founder() -> None:
    channel = registered()
    assert kept_since(channel, NOW) == 0 and not is_untrimmed(channel, NOW)
    assert channel.decide(TrimHistory(), NOW).event is None
    act(channel, r.SetSetting(ANN.life, "history", "7"), NOW)
    assert kept_since(channel, NOW) == NOW - 7 * DAY and is_untrimmed(channel, NOW)
    assert channel.decide(TrimHistory(), NOW).event == HistoryTrimmed(NOW - 7 * DAY)
    act(channel, TrimHistory(), NOW)
    assert channel.history.gone().before == NOW - 7 * DAY
    assert not channel.history.shows("x", NOW - 7 * DAY) and channel.history.shows("x", NOW - 7 * DAY + 1)
    assert not is_untrimmed(channel, NOW + 7 * DAY // 24) and is_untrimmed(channel, NOW + 7 * DAY // 24 + 1)
    assert channel.decide(TrimHistory(), NOW).event is None
    act(channel, r.SetSetting(ANN.life, "history", ""), NOW)
    assert channel.history.gone().before == NOW - 7 * DAY  # what is erased stays so


def test_only_days_and_known_readers_are_values() -> None:
    channel = registered()
    for name, value in (("history", "0"), ("history", "x"), ("history", "-1"), ("history", "36501"), ("history", "½")):
        assert act(channel, r.SetSetting(ANN.life, name, value), NOW) == r.NotDone("value"), value
    for name, value in (("readers", "all"), ("readers", "x"), ("other", "x")):
        assert act(channel, r.SetSetting(ANN.life, name, value), NOW) == r.NotDone("value")


def test_readers_are_everybody_or_those_with_access_or_nobody() -> None:
    channel = registered()
    assert readable_since(channel, ANN.uid, NOW) == readable_since(channel, BOB.uid, NOW) == 0
    act(channel, r.SetSetting(ANN.life, "readers", "access"), NOW)
    assert (readable_since(channel, ANN.uid, NOW), readable_since(channel, BOB.uid, NOW)) == (0, NOW + 5)
    act(channel, r.SetAccess(ANN.life, "ann", BOB.life, "bob", "V"), NOW)
    assert readable_since(channel, BOB.uid, NOW) == 0
    act(channel, r.Doubt(), NOW)
    assert (readable_since(channel, ANN.uid, NOW), readable_since(channel, BOB.uid, NOW)) == (NOW, NOW + 5)
    act(channel, r.Doubt(over=True), NOW)
    act(channel, r.SetSetting(ANN.life, "readers", "join"), NOW)
    assert (readable_since(channel, ANN.uid, NOW), readable_since(channel, BOB.uid, NOW)) == (NOW, NOW + 5)
    act(channel, r.SetSetting(ANN.life, "history", "1"), NOW)
    assert readable_since(channel, BOB.uid, NOW + 2 * DAY) == NOW + DAY


def unused(channel: Channel, at: int) -> object:
    """Judge the command of a network in which registrations end after 30 days. Returns the event."""
    return channel.decide(Expire(at - 30 * DAY), at).event


def test_a_registration_ends_if_nobody_with_access_comes_for_long() -> None:
    channel = registered()
    late = NOW + 200 * DAY
    assert unused(channel, late) is None, "the founder is there"
    act(channel, Part(ANN.uid), NOW + 5 * DAY)
    assert unused(channel, NOW + 35 * DAY) is None
    act(channel, r.Doubt(), NOW + 36 * DAY)
    assert unused(channel, NOW + 36 * DAY) is None, "absent nodes may know of more"
    act(channel, r.Doubt(over=True), NOW + 36 * DAY)
    act(channel, r.SetAccess(ANN.life, "ann", BOB.life, "bob", "V"), NOW + 37 * DAY)
    act(channel, Part(BOB.uid), NOW + 90 * DAY)
    assert unused(channel, NOW + 120 * DAY) is None
    assert unused(channel, NOW + 120 * DAY + 1) == r.Unregistered()
    act(channel, r.SetSetting(ANN.life, "private", "on"), NOW + 100 * DAY)
    assert unused(channel, NOW + 130 * DAY) is None, "who changes the registration uses the channel"
    act(channel, Expire(NOW + 100 * DAY + 1), late)
    assert not channel.is_registered


def test_the_time_begins_when_a_node_first_looks_if_no_earlier_time_is_known() -> None:
    channel = registered()
    act(channel, Part(ANN.uid), NOW)
    channel.write(msgspec.structs.replace(channel.register.kept[0], seen=0))  # as a network below level 3 leaves it
    assert unused(channel, NOW + 31 * DAY) == Sighted()
    act(channel, Expire(NOW + DAY), NOW + 31 * DAY)
    assert unused(channel, NOW + 60 * DAY) is None
    assert unused(channel, NOW + 62 * DAY) == r.Unregistered()
