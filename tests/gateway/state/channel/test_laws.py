"""Laws of any sequence of commands: followers equal the master, copies are whole, judging changes nothing."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.state.channel import messages as c
from gateway.state.channel.channel import Channel, restore
from gateway.state.nick import messages as k
from gateway.state.nick.nick import Nick
from gateway.state.nick.nick import restore as restore_nick
from gateway.state.people import Person
from tests.gateway.state.cast import CASEMAP, RULES, packed

UIDS = st.sampled_from(["1", "2", "3", "4"])
NICKS = st.sampled_from(["ann", "Bob", "CAT{", "cat[", "nobody"])
EDGES = st.sampled_from([("10.0.0.1", 1), ("10.0.0.1", 2), ("10.0.0.2", 1)])
MASKS = st.sampled_from(["*!*@*", "ann!*@*", "ANN!*@*", "*!*@h2", "c?t[!*@*", "cat{!*@*", "a\\*!*@*", "a|*!*@*"])
SOURCE = st.just("x!y@z")
MAYBE = st.booleans()


@st.composite
def people(draw: st.DrawFn) -> Person:
    host, modes = draw(st.sampled_from(["h1", "h2"])), draw(st.sampled_from(["", "B", "i"]))
    version, account = draw(st.integers(1, 4)), draw(st.sampled_from([None, "acc"]))
    return Person(draw(UIDS), version, draw(NICKS), "u", host, "r", *draw(EDGES), account=account, modes=modes)


@st.composite
def changes(draw: st.DrawFn) -> c.ModeChange:
    letter = draw(st.sampled_from("nmtisCHQRSklbeIohvz"))
    some: dict[str, st.SearchStrategy[str]] = {"l": st.sampled_from(["1", "2", "0", "x"]), "k": st.sampled_from("ab ")}
    param = draw(st.none() | (MASKS if letter in "beI" else some.get(letter, NICKS)))
    return c.ModeChange(draw(MAYBE), letter, param, draw(st.none() | UIDS) if letter in "ohv" else None)


LINES = st.lists(changes(), max_size=6).map(tuple)
TEXTS = st.sampled_from([b"hi", b"\x01VERSION\x01", b""])
COMMANDS: st.SearchStrategy[Any] = st.one_of(
    st.builds(c.Join, people(), st.sampled_from([None, "a"]), MAYBE, MAYBE, st.sampled_from(["", "#C"])),
    st.builds(c.Part, UIDS),
    st.builds(c.Say, UIDS, SOURCE, st.just("PRIVMSG"), TEXTS, st.sampled_from(["", "@"]), st.none(), people()),
    st.builds(c.SetTopic, UIDS, SOURCE, st.sampled_from(["", "t"]), MAYBE),
    st.builds(c.SetModes, UIDS, SOURCE, LINES, MAYBE),
    st.builds(c.SetModes, UIDS, SOURCE, LINES, st.just(True)),
    st.builds(c.Kick, UIDS, SOURCE, st.none() | UIDS, NICKS, st.just("why"), MAYBE),
    st.builds(c.Invite, UIDS, SOURCE, UIDS, NICKS, MAYBE),
    st.builds(c.Update, people()),
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
                assert change.letter in "nmtisCHQRSklbeIohv"


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
    look = c.Look("1", "names")
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
            before = (
                packed(channel.snapshot().settings),
                packed(channel.snapshot().lists),
                channel.members["1"].prefixes,
            )
            channel.apply(c.ModesSet("1", "x!y@z", (change,)), at)
            after = packed(channel.snapshot().settings), packed(channel.snapshot().lists), channel.members["1"].prefixes
            assert before != after, change
    assert max(map(len, channel.lists.values())) <= RULES.limits.list_max


NICK_COMMANDS: st.SearchStrategy[Any] = st.one_of(
    st.builds(k.Claim, people(), MAYBE),
    st.builds(k.Change, people()),
    st.builds(k.Release, UIDS, MAYBE),
    st.builds(k.Tell, people(), st.just("PRIVMSG"), TEXTS),
    st.builds(k.Kill, UIDS, SOURCE, st.just("why")),
    st.builds(k.Evict, UIDS),
)
_nick_event = msgspec.msgpack.Decoder(k.Event)


@settings(max_examples=150)
@given(st.lists(NICK_COMMANDS, max_size=40))
def test_a_nicks_followers_equal_its_master(commands: list[Any]) -> None:
    master, follower = Nick("ann", CASEMAP), Nick("ann", CASEMAP)
    versions: dict[str, int] = {}
    for at, command in enumerate(commands, start=1):
        before = packed(master.snapshot())
        holder = master.holder
        decision = master.decide(command, at)
        assert packed(master.snapshot()) == before
        if decision.event is None:
            continue
        master.apply(decision.event, at)
        copy = restore_nick("ann", CASEMAP, before)
        for other in (follower, copy):
            other.apply(_nick_event.decode(packed(decision.event)), at)
            assert other.snapshot() == master.snapshot()
            assert other.subscribers == master.subscribers
        assert master.subscribers == ({} if master.holder is None else {master.holder.edge: 1})
        if holder is not None and master.holder is not None:
            assert master.holder.uid == holder.uid  # nobody takes it from the holder
            if isinstance(decision.event, k.Changed):  # P28
                assert master.holder.version > max(holder.version, versions.get(holder.uid, 0))
                versions[holder.uid] = master.holder.version
        else:
            versions.clear()
