"""Merging two sides of a channel (P26): in any order, any number of times, and nothing is gained by the split."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.irc.casemapping import Casemap
from gateway.irc.masks import MaskSet
from gateway.state.channel import merge as channel_merge
from gateway.state.channel.channel import Channel
from gateway.state.channel.emptying_messages import Clear, Forbid, Purge, Recover
from gateway.state.channel.messages import (
    Evict,
    Join,
    Kick,
    Lapse,
    Part,
    Redact,
    SetModes,
    SetTopic,
    Update,
)
from gateway.state.channel.registration_messages import (
    Bereave,
    Doubt,
    GiveRank,
    Register,
    SetAccess,
    SetAkick,
    SetHolder,
    SetSetting,
    Unregister,
)
from gateway.state.channel.snapshot import Stored
from gateway.state.channel.upkeep_messages import Expire
from tests.gateway.state.cast import ANN, BOB, CAT, RULES, minus, plus

ANN, BOB, CAT = (msgspec.structs.replace(one, account=one.nick, life=f"l{one.uid}") for one in (ANN, BOB, CAT))
PEOPLE = (ANN, BOB, CAT)
KEY = MaskSet(Casemap("rfc1459")).key
SETTINGS = [plus("m"), minus("t"), plus("l", "5"), plus("l", "9"), minus("l"), plus("k", "x"), plus("k", "y")]
SETTINGS += [plus("f", "#d"), plus("f", "#e"), minus("f"), plus("P"), minus("P"), plus("D"), minus("D")]
MASKS = [plus("b", "a!*@*"), minus("b", "a!*@*"), plus("b", "A!*@*"), plus("e", "*!*@h"), minus("e", "*!*@h")]
MASKS += [plus("b", "~t:1:a!*@*"), minus("b", "~t:1:a!*@*")]


@st.composite
def commands(draw: Any) -> Any:
    who, other = draw(st.sampled_from(PEOPLE)), draw(st.sampled_from(PEOPLE))
    ranks = [plus("o", other.nick, other.uid), minus("o", other.nick, other.uid), plus("v", other.nick, other.uid)]
    change = draw(st.sampled_from([*SETTINGS, *MASKS, *ranks]))
    access = (other.life, other.nick, draw(st.sampled_from(["", "O", "Vv", "Pf"])))
    return draw(
        st.sampled_from(
            [
                Join(who, name="#C", override=True),
                Join(who, name="#C", returns=True),
                Part(who.uid),
                SetTopic(who.uid, who.source, draw(st.sampled_from(["one", "two"])), override=True),
                SetModes(who.uid, who.source, (change,), override=True),
                Kick(who.uid, who.source, other.uid, other.nick, "why", override=True),
                Evict((tuple(other.edge),), "gone"),
                Lapse(),
                Redact(who.uid, who.source, draw(st.sampled_from(["x-1", "x-2", "*"])), False, override=True),
                Update(msgspec.structs.replace(who, version=draw(st.integers(2, 4)), away="tea")),
                Update(msgspec.structs.replace(who, version=draw(st.integers(2, 4)), account=None, life="")),
                Register(draw(st.sampled_from(["r1", "r2", "r3"])), who.uid, who.life, who.nick, override=True),
                Unregister(who.life, override=True),
                SetAccess(who.life, who.nick, *access, override=True),
                SetHolder(who.life, "founder", other.life, other.nick, override=True),
                SetHolder(who.life, "successor", other.life, other.nick, override=True),
                Bereave(who.life),
                GiveRank(who.life, who.source, True, "v", other.uid, other.nick, override=True),
                Doubt(over=draw(st.booleans())),
                SetSetting(who.life, "mlock", draw(st.sampled_from(["+m", "-m+i", ""])), override=True),
                SetSetting(who.life, "mlock", "+kl x 5", override=True),
                SetSetting(who.life, "history", draw(st.sampled_from(["1", ""])), override=True),
                Clear(who.life, draw(st.sampled_from(["users", "bans", "ops"])), who.source, "", override=True),
                Recover(who.life, who.source, who, override=True),
                Purge(who.source, "why"),
                Forbid(who.source, "why", "root", over=draw(st.booleans())),
                Expire(draw(st.sampled_from([1_001, 1_008]))),
                SetAkick(who.life, who.nick, "x!*@*", gone=draw(st.booleans()), override=True),
            ]
        )
    )


def play(channel: Channel, story: list[tuple[int, Any]]) -> Channel:
    """Play each command a little later than the command before: (after ms, command)."""
    played = copy.deepcopy(channel)
    at = played.changed_at or 1000
    for after, command in story:
        at += after
        event = played.decide(command, at).event
        if event is not None:
            played.apply(event, at)
    return played


STORIES = st.lists(st.tuples(st.integers(1, 3), commands()), max_size=8)


def merged(a: Stored, b: Stored) -> Stored:
    return channel_merge.merge(a, b, KEY)


def normal(stored: Stored) -> Stored:
    """Merge a state with itself: the same facts in the order of a merge."""
    return merged(stored, stored)


def without_facts(stored: Stored) -> Stored:
    """Return the people present and their ranks. A person's facts come from the person's own group, and each node shows
    the newest known facts (P28): a side that has let a person go has forgotten the facts, and a third side may bring
    less.
    """
    members = [
        msgspec.structs.replace(m, person=msgspec.structs.replace(ANN, uid=m.person.uid)) for m in stored.members
    ]
    return msgspec.structs.replace(stored, members=members)


@pytest.mark.interpreted  # copies a compiled state
@given(STORIES, STORIES, STORIES, STORIES)
def test_channels_merge_alike_in_any_order(
    common: list[Any], first: list[Any], second: list[Any], third: list[Any]
) -> None:
    root = play(Channel("#c", RULES), common)
    a, b, c = (play(root, story).snapshot() for story in (first, second, third))
    assert merged(a, b) == merged(b, a)
    assert without_facts(merged(merged(a, b), c)) == without_facts(merged(a, merged(b, c)))
    assert merged(merged(a, b), b) == merged(a, b)
    assert normal(normal(a)) == normal(a)


@pytest.mark.interpreted  # copies a compiled state
@given(STORIES, STORIES)
def test_the_event_of_a_merge_makes_the_state(first: list[Any], second: list[Any]) -> None:
    a, b = play(Channel("#c", RULES), first), play(Channel("#c", RULES), second)
    event = a.merge(b, 5000)
    if event is not None:
        a.apply(event, 5000)
    assert a.merge(b, 5001) is None
    again = b.merge(a, 5002)
    if again is not None:
        b.apply(again, 5002)
    assert normal(a.snapshot()) == normal(b.snapshot())
    assert a.subscribers == b.subscribers


def both(common: list[Any], ours: list[Any], theirs: list[Any]) -> Channel:
    """Return the channel after a partition; every command is 10 ms after the command before."""
    root = play(Channel("#c", RULES), [(10, command) for command in common])
    a = play(root, [(10, command) for command in ours])
    event = a.merge(play(root, [(11, command) for command in theirs]), 9000)
    if event is not None:
        a.apply(event, 9000)
    return a


def modes(*changes: Any) -> SetModes:
    return SetModes(ANN.uid, ANN.source, changes, override=True)


@pytest.mark.interpreted  # copies a compiled state
def test_the_last_writer_has_the_topic() -> None:
    def topic(text: str) -> SetTopic:
        return SetTopic(ANN.uid, ANN.source, text)

    assert both([Join(ANN)], [topic("early")], [topic("late")]).topic == "late"
    assert both([Join(ANN), topic("old")], [topic("new")], []).topic == "new"


@pytest.mark.interpreted  # copies a compiled state
def test_what_was_lifted_later_stays_lifted() -> None:
    ban, lift = modes(plus("b", "x!*@*")), modes(minus("b", "x!*@*"))
    assert len(both([Join(ANN)], [ban], [modes(plus("b", "y!*@*"))]).lists["b"]) == 2
    assert len(both([Join(ANN), ban], [lift], []).lists["b"]) == 0
    assert len(both([Join(ANN), ban], [lift, ban], [lift]).lists["b"]) == 1


@pytest.mark.interpreted  # copies a compiled state
def test_who_was_kicked_on_one_side_is_out_and_who_was_given_up_is_in() -> None:
    kick = Kick(ANN.uid, ANN.source, BOB.uid, BOB.nick, "why")
    assert BOB.uid not in both([Join(ANN), Join(BOB)], [kick], []).members
    assert BOB.uid in both([Join(ANN), Join(BOB)], [Evict((tuple(BOB.edge),), "gone")], []).members
    assert BOB.uid in both([Join(ANN), Join(BOB)], [kick, Join(BOB)], []).members


@pytest.mark.interpreted  # copies a compiled state
def test_a_channel_made_anew_on_one_side_brings_no_power() -> None:
    """A person who empties a channel on the small side of a split, and makes the channel again as its operator, gains
    nothing.
    """
    taken = [Part(ANN.uid), Join(CAT, name="#c"), SetModes(CAT.uid, CAT.source, (plus("k", "mine"),))]
    channel = both([Join(ANN)], [], taken)
    assert channel.members[CAT.uid].prefixes == ""
    assert channel.key is None
    other = play(Channel("#c", RULES), [(10, command) for command in taken[1:]])
    ours = play(Channel("#c", RULES), [(5, Join(ANN)), (5, Join(BOB))])
    other.apply(other.merge(ours, 9000), 9000)
    assert {uid: member.prefixes for uid, member in other.members.items()} == {ANN.uid: "o", BOB.uid: "", CAT.uid: ""}
