"""What a channel shows to whom (P39)."""

from __future__ import annotations

from gateway.state.channel.messages import Join, SetTopic
from gateway.state.channel.questions import ChannelView, ListRow, Look
from tests.gateway.state.cast import ANN, BOB, Stage, person, plus

SHY = person("5", "Shy", modes="i")


def look(stage: Stage, uid: str, what: str, oper: bool = False) -> ChannelView | None:
    return stage.channel.answer(Look(uid, what, oper), stage.at)


def test_there_is_no_channel_without_members() -> None:
    assert look(Stage(), ANN.uid, "names", oper=True) is None


def test_a_secret_channel_is_shown_to_members_and_operators() -> None:
    stage = Stage(ANN)
    stage.mode(ANN, plus("s"))
    assert look(stage, BOB.uid, "names") is None
    assert look(stage, BOB.uid, "names", oper=True) is not None
    inside = look(stage, ANN.uid, "names")
    assert inside is not None
    assert inside.is_member


def test_the_invisible_are_seen_from_inside_only() -> None:
    stage = Stage(ANN, SHY)
    for uid, oper, nicks in (
        (BOB.uid, False, ["Ann"]),
        (BOB.uid, True, ["Ann", "Shy"]),
        (ANN.uid, False, ["Ann", "Shy"]),
    ):
        view = look(stage, uid, "who", oper)
        assert view is not None
        assert [member.person.nick for member in view.members] == nicks


def test_the_key_is_for_members() -> None:
    stage = Stage(ANN)
    stage.mode(ANN, plus("k", "sesame"), plus("l", "9"), plus("m"))
    outside, inside = look(stage, BOB.uid, "modes"), look(stage, ANN.uid, "modes")
    assert outside is not None
    assert inside is not None
    assert (outside.modes, outside.params) == ("mntkl", ("*", "9"))
    assert (inside.modes, inside.params) == ("mntkl", ("sesame", "9"))
    assert outside.members == ()


def test_lists_are_shown_one_by_one() -> None:
    stage = Stage(ANN)
    stage.mode(ANN, plus("b", "x!*@*"), plus("e", "y!*@*"))
    view = look(stage, BOB.uid, "list:e")
    assert view is not None
    assert view.entries == (("y!*@*", ANN.source, stage.at),)
    nothing = look(stage, BOB.uid, "list:z")
    assert nothing is not None
    assert nothing.entries == ()


def test_a_row_of_list() -> None:
    stage = Stage(ANN, BOB)
    stage.do(SetTopic(ANN.uid, ANN.source, "talk"))
    assert stage.channel.row(4) == ListRow("#C", 2, "talk", 1_001, stage.at, False, 4)
    stage.mode(ANN, plus("s"))
    stage.do(Join(SHY))
    assert stage.channel.row(4).hidden
