"""The rules: who may join, make the channel, set the topic, kick and invite."""

from __future__ import annotations

import msgspec
import pytest

from gateway.state.channel.messages import (
    Evict,
    HasLeft,
    Invite,
    Join,
    Kick,
    Outdated,
    Part,
    SetTopic,
    TopicSet,
    Update,
    Updated,
)
from gateway.state.channel.snapshot import PutOut
from gateway.state.people import Person, Refusal
from ring.ids import Incarnation
from tests.gateway.state.cast import (
    ANN,
    BOB,
    CAT,
    DAN,
    FIRST_EDGE,
    SECOND_EDGE,
    Stage,
    minus,
    person,
    plus,
)


def test_the_first_makes_the_channel_as_typed_and_operates_it() -> None:
    stage = Stage(ANN, BOB)
    channel = stage.channel
    assert (channel.name, channel.created, channel.modes) == ("#C", 1_001, {"n", "t"})
    assert (stage.prefixes(ANN), stage.prefixes(BOB)) == ("o", "")
    assert channel.subscribers == {Incarnation(*FIRST_EDGE): 1, Incarnation(*SECOND_EDGE): 1}


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


def test_only_a_newer_profile_is_taken() -> None:
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


def test_who_has_moved_is_told_of_a_newer_profile_in_the_channel() -> None:
    """A copy from disk may know a newer profile than the user's own group (P28)."""
    known = msgspec.structs.replace(ANN, version=7)
    stage = Stage(known)
    moved = person(ANN.uid, "Ann", SECOND_EDGE, version=7)
    for version in (1, 7):
        assert stage.do(Update(msgspec.structs.replace(moved, version=version), moves=True)) == Outdated(7)
        assert stage.do(Update(msgspec.structs.replace(moved, version=version))) is None
    assert stage.channel.members[ANN.uid].person == known
    raised = msgspec.structs.replace(moved, version=8)
    assert stage.do(Update(raised, moves=True)) is None
    assert stage.event == Updated(raised, known)
    assert stage.do(Update(raised, moves=True)) is None and stage.event is None  # a repeat
    assert stage.do(Update(person("unknown", "Eve"), moves=True)) is None and stage.event is None


def test_another_life_of_the_node_stays() -> None:
    """P30"""
    stage = Stage(ANN)
    stage.do(Evict(((FIRST_EDGE[0], FIRST_EDGE[1] + 1),), "x"))
    assert stage.event is None


NO_RANK = Refusal("482", ("#C", "You're not channel operator"))
NOT_IN = Refusal("442", ("#C", "You're not on that channel"))


def staff() -> Stage:
    """Ann operates, Bob half, Cat has voice, Dan nothing."""
    stage = Stage(ANN, BOB, CAT, DAN)
    assert stage.mode(ANN, plus("h", "Bob"), plus("v", "Cat")) == ()
    return stage


def kick(by: Person, whom: Person, uid: str | None = None, override: bool = False) -> Kick:
    return Kick(by.uid, by.source, uid, whom.nick, "why", override)


def test_a_protected_topic_is_the_operators() -> None:
    stage = staff()
    assert stage.do(SetTopic(CAT.uid, CAT.source, "x")) == NO_RANK
    assert stage.do(SetTopic(BOB.uid, BOB.source, "x")) is None
    assert (stage.channel.topic, stage.channel.topic_by, stage.channel.topic_at) == ("x", BOB.source, stage.at)
    stage.mode(ANN, minus("t"))
    assert stage.do(SetTopic(DAN.uid, DAN.source, "y")) is None


def test_the_same_topic_is_said_again() -> None:
    stage = staff()
    stage.do(SetTopic(ANN.uid, ANN.source, "x"))
    stage.do(SetTopic(ANN.uid, ANN.source, "x"))
    assert stage.event == TopicSet(ANN.uid, ANN.source, "x")


def test_topic_from_outside() -> None:
    stage = Stage(ANN)
    stage.mode(ANN, minus("t"))
    assert stage.do(SetTopic(BOB.uid, BOB.source, "x")) == NOT_IN
    assert stage.do(SetTopic(BOB.uid, BOB.source, "x", override=True)) is None
    assert Stage().do(SetTopic(BOB.uid, BOB.source, "x", override=True)).numeric == "403"


def test_who_may_kick_whom() -> None:
    stage = staff()
    assert stage.do(kick(CAT, DAN)) == NO_RANK
    assert stage.do(kick(BOB, ANN)) == NO_RANK
    assert stage.do(kick(BOB, BOB)) == NO_RANK
    assert stage.do(kick(BOB, CAT)) is None
    assert stage.do(kick(ANN, BOB)) is None
    assert set(stage.channel.members) == {ANN.uid, DAN.uid}


def test_kick_shows_the_nick_as_its_holder_writes_it() -> None:
    stage = staff()
    stage.do(Kick(ANN.uid, ANN.source, None, "dAN", "why"))
    assert (stage.event.uid, stage.event.nick) == (DAN.uid, "Dan")


def test_kick_of_who_is_not_there() -> None:
    stage = Stage(ANN, BOB)
    assert stage.do(kick(ANN, CAT)) == Refusal("441", ("Cat", "#C", "They aren't on that channel"))
    assert stage.do(kick(CAT, BOB)) == NOT_IN
    assert Stage().do(kick(ANN, BOB)).numeric == "403"


def test_a_kick_names_the_person_and_not_who_has_the_nick_now() -> None:
    """P10"""
    stage = Stage(ANN, BOB)
    assert stage.do(kick(ANN, BOB, uid="long gone")).numeric == "441"
    assert BOB.uid in stage.channel.members


def test_no_kicks_where_the_channel_says_so() -> None:
    stage = staff()
    stage.mode(ANN, plus("Q"))
    assert stage.do(kick(ANN, DAN)) == Refusal("482", ("#C", "Nobody can be kicked here (+Q)"))
    assert stage.do(kick(ANN, DAN, override=True)) is None


def test_an_override_needs_no_membership() -> None:
    stage = Stage(ANN)
    assert stage.do(kick(BOB, ANN, override=True)) is None
