"""The flood mode: the act after the last allowed act is refused, and the channel acts."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.state.channel.channel import restore
from gateway.state.channel.messages import Flooded, Join, Lapse, Said, Say, Update
from gateway.state.people import Person
from tests.gateway.state.cast import ANN, BOB, CAT, DAN, RULES, Stage, minus, packed, plus


def flooded(stage: Stage) -> Flooded:
    assert isinstance(stage.event, Flooded)
    return stage.event


def stage_with(limits: str, *members: Person) -> Stage:
    stage = Stage(ANN, *members)
    assert stage.mode(ANN, plus("F", limits)) == ()
    return stage


def test_the_line_after_the_last_allowed_line_is_refused_and_its_speaker_put_out() -> None:
    stage = stage_with("3l:10", BOB, CAT)
    for number in range(3):
        assert stage.say(BOB, b"%d" % number) is None
        assert stage.say(CAT, b"%d" % number) is None
    refusal = stage.say(BOB, b"4")
    assert refusal.params == ("#C", "Flood: more than 3 lines in 10 seconds (+F)")
    assert flooded(stage).kicked is not None and BOB.uid not in stage.channel.members
    assert stage.channel.kick_of(BOB.uid) is not None and CAT.uid in stage.channel.members


def test_lines_count_for_the_seconds_of_the_limit() -> None:
    stage = stage_with("3l:10", BOB)
    for _ in range(9):
        stage.at += 3_400
        assert stage.say(BOB) is None
    assert stage.say(BOB) is not None


def test_ranks_and_tags_alone_break_no_limit() -> None:
    stage = stage_with("1l:10", BOB, CAT)
    stage.mode(ANN, plus("v", BOB.nick, BOB.uid))
    for _ in range(5):
        assert stage.say(ANN) is None and stage.say(BOB) is None
        assert stage.do(Say(CAT.uid, CAT.source, "TAGMSG", b"", "", {"+typing": "active"})) is None


def test_the_same_words_again_and_again() -> None:
    stage = stage_with("2r:60", BOB)
    for text in (b"buy now", b"hello", b" BUY now", b"hello", b"other"):
        assert stage.say(BOB, text) is None
    assert stage.say(BOB, b"Buy Now ") is not None


def test_ctcp_requests_and_no_actions() -> None:
    stage = stage_with("1c#C5:60", BOB)
    for _ in range(3):
        assert stage.say(BOB, b"\x01ACTION waves\x01") is None
    assert stage.say(BOB, b"\x01VERSION\x01") is None
    assert stage.say(BOB, b"\x01PING 1\x01") is not None
    assert flooded(stage).changes == (plus("C"),) and "C" in stage.channel.modes
    stage.at += 5 * 60_000
    (lapse,) = stage.channel.maintenance(stage.at, lambda edge: False)
    assert stage.channel.next_change(stage.at) is not None and lapse == Lapse()
    stage.do(lapse)
    assert "C" not in stage.channel.modes and stage.channel.lapses == {}
    assert stage.channel.next_change(stage.at) is None


def test_changes_of_nick() -> None:
    stage = stage_with("2n:60", BOB)
    now = BOB
    for number in range(3):
        now = msgspec.structs.replace(now, nick=f"Bob{number}", version=number + 2)
        stage.do(Update(now))
        assert (BOB.uid in stage.channel.members) is (number < 2)
    assert stage.event.flooded.kicked.nick == "Bob2"


@pytest.mark.parametrize(("action", "letter", "numeric"), [("R", "R", "477"), ("i", "i", "473")])
def test_a_raid_closes_the_channel_for_a_while(action: str, letter: str, numeric: str) -> None:
    stage = stage_with(f"2j#{action}1:60")
    for guest in (BOB, CAT):
        assert stage.do(Join(guest)) is None
    assert stage.do(Join(DAN)).numeric == numeric
    assert flooded(stage).kicked is None and letter in stage.channel.modes
    assert stage.do(Join(DAN)).numeric == numeric and stage.event is None
    stage.at += 61_000
    stage.do(Lapse())
    assert stage.do(Join(DAN)) is None


def test_people_with_an_account_are_no_raid() -> None:
    stage = stage_with("1j:60")
    for guest in (BOB, CAT, DAN):
        assert stage.do(Join(msgspec.structs.replace(guest, account=guest.nick))) is None


@pytest.mark.parametrize(
    ("action", "person", "mask", "stays"),
    [
        ("b", BOB, "~t:10:*!*@bob.example", False),
        ("q7", BOB, "~t:7:~q:*!*@bob.example", True),
        ("q", msgspec.structs.replace(BOB, account="bob"), "~t:10:~q:~a:bob", True),
    ],
)
def test_bans_and_mutes(action: str, person: Person, mask: str, stays: bool) -> None:
    stage = stage_with(f"1l#{action}:60", person)
    stage.say(person)
    stage.say(person)
    assert [row[0] for row in stage.channel.lists["b"].rows()] == [mask]
    assert (person.uid in stage.channel.members) is stays
    assert stage.say(person) is not None and stage.event is None


def test_a_mode_set_by_hand_stays() -> None:
    stage = stage_with("1l#m1:60", BOB)
    stage.say(BOB)
    stage.say(BOB)
    assert "m" in stage.channel.modes
    stage.mode(ANN, minus("m"))
    stage.mode(ANN, plus("m"))
    assert stage.channel.lapses == {} and stage.channel.next_change(stage.at) is None


def test_a_follower_counts_as_the_master_does_and_a_copy_begins_anew() -> None:
    stage = stage_with("2l:60", BOB)
    stage.say(BOB)
    copy = restore("#c", RULES, packed(stage.channel.snapshot()))
    event: Any = Said(BOB.uid, BOB.source, "PRIVMSG", b"hi")
    for channel in (stage.channel, copy):
        channel.apply(event, stage.at + 1)
    say = Say(BOB.uid, BOB.source, "PRIVMSG", b"hi")
    assert isinstance(stage.channel.decide(say, stage.at + 2).event, Flooded)
    assert isinstance(copy.decide(say, stage.at + 2).event, Said)
