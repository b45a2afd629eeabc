"""Coming and going: who may join, who makes a channel, what is left when the last one leaves."""

from __future__ import annotations

import msgspec
import pytest

from gateway.state.channel.channel import restore
from gateway.state.channel.messages import (
    LOST,
    Evict,
    HasLeft,
    HasQuit,
    Invite,
    Join,
    Kick,
    Part,
    Quit,
    SetTopic,
    Update,
    Updated,
)
from gateway.state.channel.snapshot import INVITES, PutOut
from gateway.state.people import Refusal
from ring.ids import Incarnation
from tests.gateway.state.cast import ANN, BOB, CAT, DAN, FIRST_EDGE, RULES, SECOND_EDGE, Stage, packed, person, plus


def test_the_first_makes_the_channel_as_typed_and_operates_it() -> None:
    stage = Stage(ANN, BOB)
    channel = stage.channel
    assert (channel.name, channel.created, channel.modes) == ("#C", 1_001, {"n", "t"})
    assert (stage.prefixes(ANN), stage.prefixes(BOB)) == ("o", "")
    assert channel.subscribers == {Incarnation(*FIRST_EDGE): 1, Incarnation(*SECOND_EDGE): 1}


def test_a_later_join_does_not_rename_it() -> None:
    stage = Stage(ANN)
    stage.do(Join(BOB, name="#c"))
    assert stage.channel.name == "#C"
    assert stage.event.name == ""


def test_who_is_in_joins_again_in_silence() -> None:
    stage = Stage(ANN)
    assert stage.do(Join(ANN)) is None
    assert stage.event is None


BARS = [
    (plus("i"), "473", "Cannot join channel (+i)"),
    (plus("k", "sesame"), "475", "Cannot join channel (+k)"),
    (plus("l", "1"), "471", "Cannot join channel (+l)"),
    (plus("b", "*!*@bob.example"), "474", "Cannot join channel (+b)"),
    (plus("R"), "477", "Cannot join channel (+R)"),
    (plus("S"), "489", "Cannot join channel (+S): you are not using TLS"),
]


@pytest.mark.parametrize(("change", "numeric", "text"), BARS)
def test_each_bar_has_its_numeric(change: object, numeric: str, text: str) -> None:
    stage = Stage(ANN)
    stage.mode(ANN, change)  # type: ignore[arg-type]
    assert stage.do(Join(BOB)) == Refusal(numeric, ("#C", text))
    assert stage.event is None
    assert stage.do(Join(BOB, override=True)) is None
    assert BOB.uid in stage.channel.members


def test_who_was_lost_returns_past_every_bar_unless_it_has_left() -> None:
    stage = Stage(ANN, BOB, CAT)
    stage.mode(ANN, plus("b", "*!*@*"))
    back = Join(BOB, returns=True)
    stage.do(Evict((BOB.edge,), "gone"))
    assert stage.do(back) is None and BOB.uid in stage.channel.members
    stage.do(Kick(ANN.uid, ANN.source, BOB.uid, "Bob", "enough"))
    assert stage.do(back) == HasLeft(PutOut(ANN.source, "enough", stage.at - 1))
    stage.do(Part(CAT.uid))
    assert stage.do(Join(CAT, returns=True)) == HasLeft(None)
    stage.do(Part(ANN.uid))
    assert isinstance(stage.do(back), HasLeft) and not stage.channel.members
    assert stage.do(Join(BOB)) is None and stage.channel.kick_of(BOB.uid) is None


@pytest.mark.parametrize("change", [bar[0] for bar in BARS[:4]])
def test_an_operators_invitation_passes_once(change: object) -> None:
    stage = Stage(ANN)
    stage.mode(ANN, change)  # type: ignore[arg-type]
    stage.do(Invite(ANN.uid, ANN.source, BOB.uid, "Bob"))
    assert stage.do(Join(BOB)) is None
    stage.do(Part(BOB.uid))
    assert isinstance(stage.do(Join(BOB)), Refusal)


def test_a_plain_members_invitation_opens_no_bar() -> None:
    stage = Stage(ANN, BOB)
    stage.do(Invite(BOB.uid, BOB.source, CAT.uid, "Cat"))
    assert stage.event is not None
    stage.mode(ANN, plus("i"))
    assert stage.do(Join(CAT)).numeric == "473"


@pytest.mark.parametrize("letter", ["R", "S"])
def test_no_invitation_passes_what_the_channel_is(letter: str) -> None:
    stage = Stage(ANN)
    stage.mode(ANN, plus(letter))
    stage.do(Invite(ANN.uid, ANN.source, BOB.uid, "Bob"))
    assert isinstance(stage.do(Join(BOB)), Refusal)
    assert stage.do(Join(msgspec.structs.replace(BOB, account="bob"), secure=True)) is None


def test_exceptions_key_and_account_let_in() -> None:
    stage = Stage(ANN)
    stage.mode(
        ANN, plus("b", "*!*@bob.example"), plus("e", "Bob!*@*"), plus("k", "sesame"), plus("i"), plus("I", "b*!*@*")
    )
    assert stage.do(Join(BOB, key="wrong")).numeric == "475"
    assert stage.do(Join(BOB, key="sesame")) is None


def test_invitations_are_bounded_and_the_oldest_goes() -> None:
    stage = Stage(ANN)
    for number in range(INVITES + 1):
        stage.do(Invite(ANN.uid, ANN.source, f"9-{number}", "x"))
    assert len(stage.channel.invited) == INVITES
    assert "9-0" not in stage.channel.invited


def test_invite_refusals() -> None:
    stage = Stage(ANN, BOB)
    assert stage.do(Invite(CAT.uid, CAT.source, DAN.uid, "Dan")) == Refusal("442", ("#C", "You're not on that channel"))
    assert stage.do(Invite(ANN.uid, ANN.source, BOB.uid, "Bob")) == Refusal(
        "443", ("Bob", "#C", "is already on channel")
    )
    stage.mode(ANN, plus("i"))
    assert stage.do(Invite(BOB.uid, BOB.source, CAT.uid, "Cat")).numeric == "482"
    assert Stage().do(Invite(ANN.uid, ANN.source, BOB.uid, "Bob", override=True)).numeric == "403"


def test_part_refusals() -> None:
    assert Stage(ANN).do(Part(BOB.uid)) == Refusal("442", ("#C", "You're not on that channel"))
    assert Stage().do(Part(BOB.uid)) == Refusal("403", ("#c", "No such channel"))


@pytest.mark.parametrize(
    "leaving",
    [
        Part(ANN.uid),
        Quit(ANN.uid, "bye"),
        Evict((FIRST_EDGE,), LOST),
        Kick(ANN.uid, ANN.source, ANN.uid, "Ann", "me"),
    ],
)
def test_the_last_to_leave_takes_everything_along(leaving: object) -> None:
    """P40"""
    stage = Stage(ANN)
    stage.mode(ANN, plus("k", "sesame"), plus("b", "x!*@*"), plus("i"), plus("l", "1"))
    stage.do(SetTopic(ANN.uid, ANN.source, "old"))
    stage.do(leaving)
    assert not stage.channel.members
    assert not stage.channel.subscribers
    assert stage.do(Join(BOB, name="#c")) is None
    channel = stage.channel
    assert (channel.name, channel.created, channel.topic, channel.key, channel.limit) == (
        "#c",
        stage.at,
        "",
        None,
        None,
    )
    assert channel.modes == {"n", "t"}
    assert not channel.lists["b"].rows()
    assert stage.prefixes(BOB) == "o"


def test_only_newer_facts_are_taken() -> None:
    """P28"""
    stage = Stage(ANN)
    stage.do(Update(msgspec.structs.replace(ANN, away="same version")))
    assert stage.event is None
    newer = msgspec.structs.replace(ANN, version=2, nick="Anna")
    stage.do(Update(newer))
    assert stage.event == Updated(newer, ANN)
    assert stage.prefixes(ANN) == "o"
    stage.do(Update(msgspec.structs.replace(BOB, version=9)))
    assert stage.event is None


def test_new_facts_may_move_a_member_to_another_edge() -> None:
    stage = Stage(ANN, CAT)
    stage.do(Update(person(ANN.uid, "Ann", SECOND_EDGE, version=2)))
    assert stage.channel.subscribers == {Incarnation(*FIRST_EDGE): 1, Incarnation(*SECOND_EDGE): 1}


def test_members_of_a_gone_node_quit_as_one() -> None:
    stage = Stage(ANN, BOB, CAT)
    (evict,) = stage.channel.maintenance(stage.at, lambda edge: edge.key == FIRST_EDGE[0])
    stage.do(evict)
    gone = ((ANN.uid, ANN.source), (CAT.uid, CAT.source))
    assert stage.event == HasQuit(gone, LOST, evicted=True)
    assert stage.channel.subscribers == {Incarnation(*SECOND_EDGE): 1}
    assert stage.channel.maintenance(stage.at, lambda edge: edge.key == FIRST_EDGE[0]) == []


def test_another_life_of_the_node_stays() -> None:
    """P30"""
    stage = Stage(ANN)
    stage.do(Evict(((FIRST_EDGE[0], FIRST_EDGE[1] + 1),), "x"))
    assert stage.event is None


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
