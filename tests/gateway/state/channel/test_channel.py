"""Laws of any sequence of commands: followers equal the master, copies are whole, judging changes nothing."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.state.channel import messages as c
from gateway.state.channel.channel import Channel, restore
from gateway.state.channel.messages import (
    LOST,
    HasQuit,
    Invite,
    Join,
    Part,
)
from gateway.state.channel.questions import Look
from gateway.state.people import Person
from ring.ids import Incarnation
from tests.gateway.state.cast import (
    ANN,
    BOB,
    CAT,
    FIRST_EDGE,
    RULES,
    SECOND_EDGE,
    Stage,
    packed,
    plus,
)
from tests.gateway.state.drawn import EDGES, MAYBE, NICKS, SOURCE, TEXTS, UIDS, people

MASKS = st.sampled_from(
    [
        "*!*@*",
        "ann!*@*",
        "ANN!*@*",
        "*!*@h2",
        "c?t[!*@*",
        "cat{!*@*",
        "a\\*!*@*",
        "a|*!*@*",
        "~q:~a:ann",
        "~t:1:cat!*@*",
        "~c:#d",
    ]
)


@st.composite
def changes(draw: st.DrawFn) -> c.ModeChange:
    letter = draw(st.sampled_from("nmtisCHQRSMTUPDufLklbeIohvz"))
    some: dict[str, st.SearchStrategy[str]] = {"l": st.sampled_from(["1", "2", "0", "x"]), "k": st.sampled_from("ab ")}
    some |= {"f": st.sampled_from(["#d", "x"]), "L": st.just("#e")}
    param = draw(st.none() | (MASKS if letter in "beI" else some.get(letter, NICKS)))
    return c.ModeChange(draw(MAYBE), letter, param, draw(st.none() | UIDS) if letter in "ohv" else None)


LINES = st.lists(changes(), max_size=6).map(tuple)
COMMANDS: st.SearchStrategy[Any] = st.one_of(
    st.builds(c.Join, people(), st.sampled_from([None, "a"]), MAYBE, MAYBE, st.sampled_from(["", "#C"])),
    st.builds(c.Join, people(), rooms=st.sampled_from([(), ("#d",)])),
    st.builds(c.Lapse),
    st.builds(c.Part, UIDS),
    st.builds(c.Say, UIDS, SOURCE, st.just("PRIVMSG"), TEXTS, st.sampled_from(["", "@"]), st.none(), people()),
    st.builds(c.SetTopic, UIDS, SOURCE, st.sampled_from(["", "t"]), MAYBE),
    st.builds(c.SetModes, UIDS, SOURCE, LINES, MAYBE),
    st.builds(c.SetModes, UIDS, SOURCE, LINES, st.just(True)),
    st.builds(c.Kick, UIDS, SOURCE, st.none() | UIDS, NICKS, st.just("why"), MAYBE),
    st.builds(c.Invite, UIDS, SOURCE, UIDS, NICKS, MAYBE),
    st.builds(c.Update, people(), MAYBE),
    st.builds(c.Quit, UIDS, st.just("bye")),
    st.builds(c.Evict, st.lists(EDGES, max_size=2).map(tuple), st.just("a.example b.example")),
)

_event = msgspec.msgpack.Decoder(c.Event)


@settings(max_examples=150)
@given(st.lists(COMMANDS, max_size=40))
def test_a_channels_followers_equal_its_master(commands: list[Any]) -> None:
    master, follower = Channel("#c", RULES), Channel("#c", RULES)
    for at, command in enumerate(commands, start=1):
        before = packed(master.snapshot())
        decision = master.decide(command, at)
        assert packed(master.snapshot()) == before
        assert decision == master.decide(command, at)
        if decision.event is None:
            continue
        sat = dict(master.subscribers)
        moved = master.apply(decision.event, at)
        assert moved or master.subscribers == sat
        assert master.subscribers == Counter(member.person.edge for member in master.members.values())
        copy = restore("#c", RULES, before)  # what a snapshot made is as good as what events made
        for other in (follower, copy):
            other.apply(_event.decode(packed(decision.event)), at)
            assert other.snapshot() == master.snapshot()
            assert other.subscribers == master.subscribers
        if isinstance(decision.event, c.ModesSet):
            for change in decision.event.changes:
                assert change.letter in "nmtisCHQRSMTUPDufLklbeIohv"


@settings(max_examples=100)
@given(st.lists(COMMANDS, max_size=40), COMMANDS)
def test_a_restored_channel_judges_alike(commands: list[Any], last: Any) -> None:
    master = Channel("#c", RULES)
    for at, command in enumerate(commands, start=1):
        decision = master.decide(command, at)
        if decision.event is not None:
            master.apply(decision.event, at)
    copy = restore("#c", RULES, packed(master.snapshot()))
    assert copy.snapshot() == master.snapshot()
    assert copy.decide(last, 99) == master.decide(last, 99)
    look = Look("1", "names")
    assert copy.answer(look, 99) == master.answer(look, 99)
    assert copy.row(1) == master.row(1)


@settings(max_examples=150)
@given(st.lists(changes(), max_size=6).map(tuple), st.lists(changes(), max_size=6).map(tuple))
def test_a_line_says_what_it_did_and_a_second_time_nothing_new(
    first: tuple[c.ModeChange, ...], line: tuple[c.ModeChange, ...]
) -> None:
    """Every change of the event differs from the state it meets; the state after it differs by exactly these."""
    channel = Channel("#c", RULES)
    channel.apply(c.Joined(Person("1", 1, "ann", "u", "h1", "r", "10.0.0.1", 1), "o", "#C"), 1)
    for at, changes_ in enumerate((first, line), start=2):
        event = channel.decide(c.SetModes("1", "x!y@z", changes_, True), at).event
        if event is None:
            continue
        for change in event.changes:
            before = everything(channel)
            channel.apply(c.ModesSet("1", "x!y@z", (change,)), at)
            after = everything(channel)
            assert before != after, change
    assert max(map(len, channel.lists.values())) <= RULES.limits.list_max


def everything(channel: Channel) -> tuple[Any, ...]:
    stored = channel.snapshot()
    return stored.settings, stored.lists, stored.params, channel.members["1"].prefixes


def test_members_of_a_gone_node_quit_as_one() -> None:
    stage = Stage(ANN, BOB, CAT)
    (evict,) = stage.channel.maintenance(stage.at, lambda edge: edge.key == FIRST_EDGE[0])
    stage.do(evict)
    gone = ((ANN.uid, ANN.source), (CAT.uid, CAT.source))
    assert stage.event == HasQuit(gone, LOST, evicted=True)
    assert stage.channel.subscribers == {Incarnation(*SECOND_EDGE): 1}
    assert stage.channel.maintenance(stage.at, lambda edge: edge.key == FIRST_EDGE[0]) == []


def test_a_channel_is_spent_some_time_after_the_last_has_left() -> None:
    stage = Stage()
    assert stage.channel.is_collectable(stage.at + 60_001)
    stage.do(Join(ANN))
    assert not stage.channel.is_collectable(stage.at + 10**9)
    stage.do(Part(ANN.uid))
    keep_ms = int(RULES.keep_s * 1000)
    assert not stage.channel.is_collectable(stage.at + keep_ms)
    assert stage.channel.is_collectable(stage.at + keep_ms + 1)


def test_a_copy_knows_the_invitations() -> None:
    stage = Stage(ANN)
    stage.mode(ANN, plus("i"))
    for guest in (CAT, BOB):
        stage.do(Invite(ANN.uid, ANN.source, guest.uid, guest.nick))
    copy = restore("#c", RULES, packed(stage.channel.snapshot()))
    assert list(copy.invited) == [CAT.uid, BOB.uid]
    assert copy.decide(Join(BOB), stage.at).outcome is None
