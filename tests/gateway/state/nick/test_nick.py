"""The nick's state machine: one holder, pending claims, versions, private messages, WHOWAS."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.state.nick import messages as k
from gateway.state.nick.messages import (
    Change,
    Claim,
    Claimed,
    Evict,
    Granted,
    Kill,
    Killed,
    NickView,
    Reached,
    Release,
    Released,
    Tell,
    Told,
    Who,
)
from gateway.state.nick.nick import PAST, PAST_S, PENDING_S, Nick, restore, watched
from gateway.state.people import Person, Refusal
from ring.ids import Incarnation
from tests.gateway.state.cast import ANN, BOB, CASEMAP, FIRST_EDGE, packed, person
from tests.gateway.state.drawn import MAYBE, SOURCE, TEXTS, UIDS, people

IN_USE = Refusal("433", ("Ann", "Nickname is already in use"))
OTHER = person("9", "Ann")


def since(person: Person, at: int) -> Person:
    """The person as holder of a nick that was claimed then."""
    return msgspec.structs.replace(person, since=at)


HELD = since(ANN, 1_001)
"""Ann, once her claim was the first thing that happened."""


class Stage:
    def __init__(self) -> None:
        self.nick = Nick("ann", CASEMAP)
        self.at = 1_000
        self.event: Any = None

    def do(self, command: Any) -> Any:
        self.at += 1
        outcome, self.event = self.nick.decide(command, self.at)
        if self.event is not None:
            self.nick.apply(self.event, self.at)
        return outcome

    def who(self) -> NickView:
        return self.nick.answer(Who(), self.at)


def test_one_nick_one_user() -> None:
    stage = Stage()
    assert stage.do(Claim(ANN)) == Granted(HELD)
    assert stage.do(Claim(OTHER)) == IN_USE
    assert stage.event is None
    assert stage.who().holder == HELD
    assert stage.nick.subscribers == {Incarnation(*FIRST_EDGE): 1}
    assert stage.nick.view() == ["Ann", "user", "ann.example", HELD.uid, HELD.real, None, None, ()]
    watcher = watched(stage.nick.view())
    assert watcher is not None and (watcher.source, watcher.uid) == (HELD.source, HELD.uid)
    older = watched(["Ann", "user", "ann.example"])
    assert older is not None and (older.source, older.uid) == (HELD.source, "") and watched(None) is None


def test_a_pending_claim_keeps_the_nick_and_is_reached_by_it() -> None:
    """P27: others may have read the NICK line before the claim is confirmed."""
    stage = Stage()
    stage.do(Claim(ANN, pending=True))
    assert stage.do(Claim(OTHER)) == IN_USE
    assert stage.do(Tell(BOB, "PRIVMSG", b"hi", target="ANN")) == Reached(HELD)
    assert stage.do(Change(ANN)).numeric == "401"
    assert stage.who().holder == HELD
    assert stage.nick.view() is None
    assert stage.nick.subscribers == {Incarnation(*FIRST_EDGE): 1}


def test_a_confirmed_claim_carries_the_version_of_the_group_before() -> None:
    """P28"""
    stage = Stage()
    stage.do(Claim(ANN, pending=True))
    newer = msgspec.structs.replace(ANN, version=8)
    assert stage.do(Claim(newer)) == Granted(since(newer, 1_001))
    assert stage.event == Claimed(since(newer, 1_001))
    changed = stage.do(Change(msgspec.structs.replace(newer, away="tea"))).person
    assert (changed.version, changed.away) == (9, "tea")
    assert stage.do(Change(changed)).person.version == 10


def test_a_holder_claims_again() -> None:
    stage = Stage()
    stage.do(Claim(ANN))
    assert stage.do(Claim(ANN, pending=True)) == Granted(HELD)
    assert stage.event is None
    shouting = msgspec.structs.replace(ANN, nick="ANN")
    assert stage.do(Claim(shouting, pending=True)).person.version == 2
    assert stage.who().holder is not None


def test_only_the_holder_changes() -> None:
    stage = Stage()
    assert stage.do(Change(ANN)).numeric == "401"
    stage.do(Claim(ANN))
    assert stage.do(Change(OTHER)).numeric == "401"


def test_messages_reach_the_holder() -> None:
    stage = Stage()
    assert stage.do(Tell(BOB, "PRIVMSG", b"hi", target="Ann")) == Refusal("401", ("Ann", "No such nick/channel"))
    stage.do(Claim(ANN))
    assert stage.do(Tell(BOB, "PRIVMSG", b"hi", {"+x": "1"})) == Reached(since(ANN, 1_002))
    assert stage.event == Told(BOB, "PRIVMSG", b"hi", {"+x": "1"}, ANN.uid)


def test_a_kill_names_the_person() -> None:
    """P10"""
    stage = Stage()
    stage.do(Claim(ANN))
    assert stage.do(Kill("other", "oper!o@h", "why")).numeric == "401"
    assert stage.do(Kill(ANN.uid, "oper!o@h", "why")) is None
    assert stage.event == Killed(ANN.uid, "oper!o@h", "why")
    assert stage.who().holder == HELD  # its edge lets go of the nick once the channels know


def test_release_is_the_holders_and_is_remembered() -> None:
    stage = Stage()
    stage.do(Claim(ANN))
    stage.do(Release("other"))
    assert stage.event is None
    stage.do(Release(ANN.uid, moved=True))
    assert stage.event == Released(ANN.uid, True)
    assert stage.nick.subscribers == {}
    assert [(past.person, past.until) for past in stage.who().past] == [(HELD, stage.at)]
    assert stage.do(Claim(OTHER)) == Granted(since(OTHER, stage.at))


def test_a_renamed_holder_is_remembered_by_the_nick_it_had() -> None:
    stage = Stage()
    stage.do(Claim(ANN))
    stage.do(Change(msgspec.structs.replace(ANN, nick="ANN")))
    stage.do(Change(msgspec.structs.replace(ANN, nick="Anna")))
    assert stage.nick.view() is None
    assert stage.do(Tell(BOB, "PRIVMSG", b"still there?")).person.nick == "Anna"
    stage.do(Release(ANN.uid, moved=True))
    assert stage.who().past[0].person.nick == "ANN"


def test_a_claim_that_came_to_nothing_is_not_remembered() -> None:
    stage = Stage()
    stage.do(Claim(ANN, pending=True))
    stage.do(Release(ANN.uid))
    assert stage.who() == NickView(None, ())
    assert stage.nick.is_collectable(stage.at)


def test_the_past_is_short_and_ends() -> None:
    stage = Stage()
    for number in range(PAST + 2):
        stage.do(Claim(person(str(number), "Ann")))
        stage.do(Release(str(number)))
    assert [past.person.uid for past in stage.who().past] == ["6", "5", "4", "3", "2"]
    assert not stage.nick.is_collectable(stage.at)
    stage.at += int(PAST_S * 1000)
    assert stage.who().past == ()
    assert stage.nick.is_collectable(stage.at)


def test_a_held_nick_is_never_spent() -> None:
    stage = Stage()
    stage.do(Claim(ANN))
    assert not stage.nick.is_collectable(stage.at + 10**12)


def test_pending_claims_run_out_and_held_ones_do_not() -> None:
    pending, held = Stage(), Stage()
    pending.do(Claim(ANN, pending=True))
    held.do(Claim(ANN))
    late = pending.at + int(PENDING_S * 1000) + 1
    assert pending.nick.maintenance(late - 1, lambda edge: False) == []
    assert pending.nick.maintenance(late, lambda edge: False) == [Evict(ANN.uid)]
    assert held.nick.maintenance(late, lambda edge: False) == []


def test_who_sat_on_a_gone_node_loses_the_nick() -> None:
    stage = Stage()
    assert stage.nick.maintenance(stage.at, lambda edge: True) == []
    stage.do(Claim(ANN))
    (evict,) = stage.nick.maintenance(stage.at, lambda edge: edge == FIRST_EDGE)
    stage.do(evict)
    assert stage.event == Released(ANN.uid, evicted=True)
    stage.do(evict)
    assert stage.event is None


def test_the_copy_is_whole() -> None:
    stage = Stage()
    stage.do(Claim(BOB))
    stage.do(Release(BOB.uid))
    stage.do(Claim(ANN))
    stage.do(Change(msgspec.structs.replace(ANN, nick="Anna")))
    copy = restore("ann", CASEMAP, packed(stage.nick.snapshot()))
    assert copy.snapshot() == stage.nick.snapshot()
    assert copy.subscribers == stage.nick.subscribers


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
        copy = restore("ann", CASEMAP, before)
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
