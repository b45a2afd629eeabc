"""The newest profile of everybody in a channel followed here, and two people under one nick (P28, P29)."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.edge.users.known_people import Clash, People
from gateway.irc.casemapping import Casemap
from gateway.irc.names import forced_nick
from gateway.state.people import Author, Person
from ring.ids import GroupId, Incarnation
from tests.gateway.state.cast import FIRST_EDGE, SECOND_EDGE, person

ROOM, OTHER = GroupId("channel", "#c"), GroupId("channel", "#d")
ANN = person("1", "Ann", since=5)
RIVAL = person("2", "ANN", SECOND_EDGE, since=9)


def people(*dead: tuple[str, int]) -> People:
    return People(Casemap("rfc1459"), lambda edge: edge not in {Incarnation(*one) for one in dead})


def newer(known: Person, **facts: Any) -> Person:
    return msgspec.structs.replace(known, version=known.version + 1, **facts)


def test_facts_are_news_once_and_older_facts_never() -> None:
    known = people()
    known.add(ANN, ROOM)
    renamed = newer(ANN, nick="Anna")
    assert known.learn(renamed) == ANN
    assert known.learn(renamed) is None and known.learn(ANN) is None
    assert known.newest(ANN) == renamed == known.get("1")
    assert known.learn(RIVAL) is None, "of somebody whom nobody here sees"


def test_an_author_has_the_newest_facts_and_a_stranger_the_given_ones() -> None:
    known = people()
    known.add(ANN, ROOM)
    assert known.author("1", "old!u@h", None) == ANN.author
    assert known.author("9", "old!u@h", "Old") == Author("old!u@h", "Old")
    assert known.author_of(ANN) == ANN.author and known.author_of(RIVAL) == RIVAL.author


def test_somebody_is_forgotten_with_the_last_channel_unless_a_user_here() -> None:
    known = people()
    for group in (ROOM, OTHER):
        known.add(ANN, group)
    known.remove("1", ROOM)
    assert known.groups("1") == {OTHER}
    known.remove("1", OTHER)
    assert known.get("1") is None
    known.add(ANN)
    known.add(ANN, ROOM)
    known.remove("1", ROOM)
    assert known.get("1") == ANN
    known.remove("1")
    assert known.get("1") is None
    known.remove("nobody")


def test_a_quit_is_shown_once_in_the_channels_that_have_shown_the_person() -> None:
    known = people()
    known.add(ANN, ROOM)
    known.add(ANN, OTHER)
    assert known.quits("1", 10.0) == {ROOM, OTHER}
    assert known.quits("1", 10.0) == set() == known.quits("nobody", 10.0)
    assert known.is_gone("1", ROOM) and known.groups("1") == set()
    assert [seen.person for seen in known.returned(10.5)] == [ANN]
    assert known.returned(9.0) == []


def test_whoever_was_shown_as_gone_by_mistake_returns() -> None:
    known = people()
    known.add(ANN, ROOM)
    known.quits("1", 10.0)
    (seen,) = known.returned(99.0)
    known.returns(seen, ROOM)
    assert not known.is_gone("1", ROOM) and known.groups("1") == {ROOM}


def test_of_two_people_under_one_nick_the_later_claim_is_shown_by_a_forced_nick() -> None:
    """P29"""
    for order in ((ANN, RIVAL), (RIVAL, ANN)):
        known = people()
        for one in order:
            known.add(one, ROOM)
        assert known.newest(ANN).nick == "Ann"
        assert known.newest(RIVAL).nick == forced_nick("2")
    assert known.clashes == [Clash(RIVAL, False)]


def test_an_earlier_claim_of_a_dead_node_gives_way() -> None:
    """P29"""
    known = people(FIRST_EDGE)
    known.add(ANN, ROOM)
    known.add(RIVAL, ROOM)
    assert known.clashes == [Clash(ANN, True)]
    assert known.newest(RIVAL) == RIVAL


def test_the_user_to_whom_the_group_has_given_the_nick_is_shown_by_the_nick() -> None:
    known = people()
    known.add(ANN, ROOM)
    known.add(RIVAL)
    assert known.newest(RIVAL) == RIVAL
    assert known.clashes == [Clash(ANN, False)] and known.newest(ANN).nick == forced_nick("1")


def test_a_freed_nick_goes_back_to_the_person_who_had_given_way() -> None:
    known = people()
    known.add(ANN, ROOM)
    known.add(RIVAL, ROOM)
    shown = known.newest(RIVAL)
    known.learn(newer(ANN, nick="Anna"))
    known.inherit()
    assert known.newest(RIVAL).nick == "ANN"
    assert known.clashes == [Clash(shown, False)]


NICKS = ["Ann", "ann", "bob"]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "local", "learn", "remove", "gone", "quits", "inherit"]),
        st.sampled_from("123"),
        st.sampled_from(NICKS),
        st.sampled_from([ROOM, OTHER]),
    ),
    max_size=15,
)


@settings(max_examples=60)
@given(STEPS, st.booleans())
def test_whatever_happens_no_two_people_are_shown_under_one_nick(steps: list[Any], one_is_dead: bool) -> None:
    known = people(*([SECOND_EDGE] if one_is_dead else []))
    versions = dict.fromkeys("123", 0)
    for number, (step, uid, nick, group) in enumerate(steps):
        versions[uid] += 1
        edge = SECOND_EDGE if uid == "2" else FIRST_EDGE
        facts = person(uid, nick, edge, version=versions[uid], since=int(uid))
        if step == "add":
            known.add(facts, group)
        elif step == "local":
            if not (one_is_dead and edge == SECOND_EDGE):  # a user of this edge is on no dead node
                known.add(facts)
        elif step == "learn":
            known.learn(facts)
        elif step == "remove":
            known.remove(uid, group)
        elif step == "gone":
            known.remove(uid)
        elif step == "quits":
            known.quits(uid, float(number))
        else:
            known.inherit()
        for clash in known.clashes:
            if clash.gone:  # the view shows the person as gone at once
                known.quits(clash.before.uid, float(number))
        known.clashes.clear()
        nicks = [seen.person.nick.lower() for seen in known.seen.values() if not seen.gone]
        assert len(nicks) == len({*nicks})
        for seen in known.seen.values():
            assert seen.local or seen.groups
            assert seen.gone_from <= set(seen.groups)
