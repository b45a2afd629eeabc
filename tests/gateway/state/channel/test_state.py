"""A channel's state: the effect of each event, and of the last member that leaves."""

from __future__ import annotations

import pytest

from gateway.state.channel.messages import (
    LOST,
    Evict,
    Invite,
    Join,
    Kick,
    Part,
    Quit,
    SetTopic,
    Update,
)
from gateway.state.channel.snapshot import INVITES
from ring.ids import Incarnation
from tests.gateway.state.cast import (
    ANN,
    BOB,
    CAT,
    FIRST_EDGE,
    SECOND_EDGE,
    Stage,
    person,
    plus,
)


def test_a_later_join_does_not_rename_it() -> None:
    stage = Stage(ANN)
    stage.do(Join(BOB, name="#c"))
    assert stage.channel.name == "#C"
    assert stage.event.name == ""


def test_invitations_are_bounded_and_the_oldest_goes() -> None:
    stage = Stage(ANN)
    for number in range(INVITES + 1):
        stage.do(Invite(ANN.uid, ANN.source, f"9-{number}", "x"))
    assert len(stage.channel.invited) == INVITES
    assert "9-0" not in stage.channel.invited


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


def test_new_facts_may_move_a_member_to_another_edge() -> None:
    stage = Stage(ANN, CAT)
    stage.do(Update(person(ANN.uid, "Ann", SECOND_EDGE, version=2)))
    assert stage.channel.subscribers == {Incarnation(*FIRST_EDGE): 1, Incarnation(*SECOND_EDGE): 1}
