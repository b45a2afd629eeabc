"""A registered channel: the access gives the ranks, and the channel outlives its last member."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.state.channel.channel import Channel, restore
from gateway.state.channel.messages import Invite, Join, Kick, Part, SetModes, SetTopic, Update
from gateway.state.channel.mode_change import ModeChange
from gateway.state.channel.registration_messages import (
    Bereave,
    Done,
    Doubt,
    GiveRank,
    NotDone,
    Register,
    SetAccess,
    SetHolder,
    Unregister,
)
from gateway.state.people import Person, Refusal
from tests.gateway.state import cast
from tests.gateway.state.cast import RULES, Stage, minus, packed, plus


def with_account(one: Person) -> Person:
    return msgspec.structs.replace(one, account=one.nick.lower(), life=f"l{one.uid}")


ANN, BOB, CAT, DAN = (*map(with_account, (cast.ANN, cast.BOB, cast.CAT)), cast.DAN)


def registered(*members: Person) -> Stage:
    """ann is the founder of #c, and bob has access as operator; then the members enter."""
    stage = Stage(ANN)
    assert stage.do(Register("r1", ANN.uid, ANN.life, "ann")) == Done("#C")
    assert grant(stage, BOB, "Oiortv") == Done("#C")
    for one in members:
        stage.do(Join(one, name="#C"))
    return stage


def grant(stage: Stage, to: Person, flags: str, by: Person = ANN) -> Any:
    return stage.do(SetAccess(by.life, str(by.account), to.life, str(to.account), flags))


def test_an_operator_registers_and_is_the_founder() -> None:
    stage = Stage(ANN, BOB)
    assert stage.do(Register("r1", BOB.uid, BOB.life, "bob")) == NotDone("rank")
    assert stage.do(Register("r1", ANN.uid, ANN.life, "ann")) == Done("#C")
    assert stage.event.changes == (plus("q", "Ann", "1"),)
    assert stage.prefixes(ANN) == "qo"
    assert stage.do(Register("r1", ANN.uid, ANN.life, "ann")) == Done("#C"), "the same command again is a repeat"
    assert stage.do(Register("r2", ANN.uid, ANN.life, "ann")) == NotDone("registered")


def test_who_enters_has_the_ranks_of_the_access_and_nobody_else_has_any() -> None:
    stage = registered(CAT, BOB)
    assert (stage.prefixes(ANN), stage.prefixes(BOB), stage.prefixes(CAT)) == ("qo", "o", "")
    for one in (ANN, BOB, CAT):
        stage.do(Part(one.uid))
    assert stage.do(Join(CAT, name="#C")) is None
    assert stage.prefixes(CAT) == "", "the first to come has no rank in a registered channel"
    stage.do(Join(ANN))
    assert stage.event.prefixes == stage.prefixes(ANN) == "qo"


def test_topic_modes_and_lists_outlive_the_last_member() -> None:
    stage = registered()
    stage.do(SetTopic(ANN.uid, ANN.source, "kept"))
    assert stage.mode(ANN, plus("m"), plus("b", "x!*@*"), plus("k", "sesame")) == ()
    created = stage.channel.created
    stage.do(Part(ANN.uid))
    far = stage.at + 10**12
    assert not stage.channel.is_collectable(far)
    assert stage.channel.next_change(far) is None
    again = restore("#c", RULES, packed(stage.channel.snapshot()))
    assert (again.topic, again.key, "m" in again.modes, len(again.lists["b"])) == ("kept", "sesame", True, 1)
    assert (again.created, again.name) == (created, "#C")
    assert isinstance(stage.do(Join(DAN)), Refusal), "the key stays, too"
    assert stage.do(Join(BOB)) is None, "operators by access pass as invited people do"


def test_access_is_of_the_registration_of_an_account_and_not_of_its_name() -> None:
    stage = registered()
    stage.do(Join(msgspec.structs.replace(BOB, life="another")))
    assert stage.prefixes(BOB) == ""


def test_a_login_gives_the_rank_and_a_logout_takes_it() -> None:
    stage = registered()
    stage.do(Join(msgspec.structs.replace(BOB, account=None, life="")))
    assert stage.prefixes(BOB) == ""
    stage.do(Update(msgspec.structs.replace(BOB, version=2)))
    assert stage.event.changes == (plus("o", "Bob", "2"),)
    assert stage.prefixes(BOB) == "o"
    stage.do(Update(msgspec.structs.replace(BOB, version=3, account=None, life="")))
    assert stage.event.changes == (minus("o", "Bob", "2"),)
    assert stage.prefixes(BOB) == ""


def test_a_change_of_access_changes_the_ranks_of_members_at_once() -> None:
    stage = registered(BOB)
    stage.mode(ANN, minus("o", "Bob", BOB.uid))
    assert stage.prefixes(BOB) == "", "MODE takes a rank for the moment"
    grant(stage, BOB, "PV")
    assert stage.event.changes == (plus("a", "Bob", "2"), plus("o", "Bob", "2"), plus("v", "Bob", "2"))
    assert stage.prefixes(BOB) == "aov"
    grant(stage, BOB, "")
    assert stage.prefixes(BOB) == ""
    stage.mode(ANN, plus("v", "Bob", BOB.uid))
    assert stage.prefixes(BOB) == "v", "MODE gives ranks to people without access, too"


def test_nobody_gives_what_the_own_access_lacks() -> None:
    stage = registered(BOB)
    assert grant(stage, CAT, "V", BOB) == NotDone("access"), "without f, no access is changed"
    grant(stage, BOB, "Oofv")
    assert grant(stage, CAT, "Ov", BOB) == Done("#C")
    assert grant(stage, CAT, "OPv", BOB) == NotDone("access")
    grant(stage, CAT, "OPv")
    assert grant(stage, CAT, "", BOB) == NotDone("access"), "nobody changes an access with more than the own"
    assert grant(stage, ANN, "", BOB) == NotDone("access"), "the founder needs no entry"
    assert grant(stage, BOB, "", BOB) == Done("#C"), "everybody may give up the own access"
    assert grant(stage, CAT, "O!") == NotDone("flags")


def test_founders_and_protected_members_are_out_of_reach() -> None:
    stage = registered(BOB, CAT)
    for how in ("kick", "mode"):
        if how == "kick":
            outcome: Any = stage.do(Kick(BOB.uid, BOB.source, ANN.uid, "Ann", "why"))
            assert isinstance(outcome, Refusal)
        else:
            (outcome,) = stage.mode(BOB, minus("o", "Ann", ANN.uid))
        assert outcome.numeric == "482"
    assert stage.mode(BOB, plus("a", "Cat", CAT.uid)) != (), "MODE gives no rank of an access"
    grant(stage, CAT, "P")
    assert isinstance(stage.do(Kick(BOB.uid, BOB.source, CAT.uid, "Cat", "why")), Refusal)
    assert stage.do(Kick(ANN.uid, ANN.source, CAT.uid, "Cat", "why")) is None


def test_ranks_are_given_by_access_from_outside_the_channel() -> None:
    stage = registered(CAT)
    give = GiveRank(BOB.life, "ChanServ!ChanServ@irc.example", True, "o", CAT.uid, "Cat", "bob")
    assert stage.do(give) == Done("#C")
    assert stage.prefixes(CAT) == "o"
    assert stage.do(msgspec.structs.replace(give, life=CAT.life)) == NotDone("access")
    take = msgspec.structs.replace(give, adding=False, uid=ANN.uid, nick="Ann")
    assert stage.do(take) == NotDone("access"), "the founder is above bob"
    assert stage.do(msgspec.structs.replace(give, uid="9", nick="Nobody")) == NotDone("nobody")


def test_the_founder_hands_the_channel_on() -> None:
    stage = registered(BOB)
    assert stage.do(SetHolder(BOB.life, "founder", BOB.life, "bob")) == NotDone("access")
    assert stage.do(SetHolder(ANN.life, "founder", BOB.life, "bob")) == Done("#C")
    assert (stage.prefixes(ANN), stage.prefixes(BOB)) == ("", "qo")
    assert stage.event.changes == (minus("q", "Ann", "1"), minus("o", "Ann", "1"), plus("q", "Bob", "2"))


def test_the_successor_inherits_and_without_one_the_registration_ends() -> None:
    stage = registered(BOB)
    stage.do(SetHolder(ANN.life, "successor", BOB.life, "bob"))
    stage.do(Bereave(ANN.life))
    assert stage.prefixes(BOB) == "qo"
    known = stage.channel.register.kept[0]
    assert (known.founder.life, known.successor.life) == (BOB.life, "")
    stage.do(SetHolder(BOB.life, "successor", CAT.life, "cat"))
    stage.do(Bereave(CAT.life))
    assert stage.channel.register.kept[0].successor.life == "", "an account that is gone inherits nothing"
    stage.do(SetHolder(BOB.life, "successor", "", ""))
    stage.do(Bereave(BOB.life))
    assert not stage.channel.is_registered
    assert stage.prefixes(BOB) == "o", "the ranks stay that a channel without registration has"


def test_a_dropped_channel_is_as_any_other_and_an_old_copy_does_not_bring_it_back() -> None:
    stage = registered(BOB)
    old = restore("#c", RULES, packed(stage.channel.snapshot()))
    assert stage.do(Unregister(BOB.life)) == NotDone("access")
    assert stage.do(Unregister(ANN.life, "r0")) == NotDone("unregistered")
    assert stage.do(Unregister(ANN.life, "r1")) == Done("#C")
    assert (stage.prefixes(ANN), stage.prefixes(BOB)) == ("o", "o")
    event = stage.channel.merge(old, stage.at + 5)
    if event is not None:
        stage.channel.apply(event, stage.at + 5)
    assert not stage.channel.is_registered
    for one in (ANN, BOB):
        stage.do(Part(one.uid))
    assert not stage.channel.is_collectable(stage.at + 86_400_000), "the drop is remembered (P37)"
    assert stage.channel.is_collectable(stage.at + 401 * 86_400_000)


def test_while_a_registration_may_be_away_nobody_has_a_rank() -> None:
    stage = Stage()
    stage.do(Doubt())
    stage.do(Join(CAT, name="#C"))
    stage.do(Join(BOB, name="#C"))
    assert (stage.prefixes(CAT), stage.prefixes(BOB)) == ("", "")
    assert stage.do(Register("r2", CAT.uid, CAT.life, "cat", override=True)) == NotDone("doubt")
    known = registered(ANN).channel
    event = stage.channel.merge(known, stage.at + 5)
    stage.channel.apply(event, stage.at + 5)
    assert not stage.channel.doubtful
    assert (stage.prefixes(CAT), stage.prefixes(BOB)) == ("", "o"), "the registration is found: its access decides"


def test_a_doubt_about_a_known_registration_takes_its_ranks_and_its_end_gives_them() -> None:
    stage = registered(BOB)
    stage.do(Doubt())
    assert stage.event.changes == (minus("q", "Ann", "1"), minus("o", "Ann", "1"), minus("o", "Bob", "2"))
    assert (stage.prefixes(ANN), stage.prefixes(BOB)) == ("", "")
    assert grant(stage, CAT, "V") == NotDone("doubt")
    assert stage.do(Unregister(ANN.life)) == NotDone("doubt")
    stage.do(Doubt(over=True))
    assert (stage.prefixes(ANN), stage.prefixes(BOB)) == ("qo", "o")


def test_a_channel_that_nobody_has_registered_has_an_operator_after_the_doubt() -> None:
    stage = Stage()
    stage.do(Doubt())
    for one in (CAT, BOB):
        stage.do(Join(one, name="#C"))
    stage.do(Doubt(over=True))
    assert stage.event.changes == (plus("o", "Cat", "3"),)
    assert (stage.prefixes(CAT), stage.prefixes(BOB)) == ("o", "")


def test_registered_beats_unregistered_after_a_partition() -> None:
    ours, theirs = registered(BOB).channel, Stage(CAT, DAN).channel
    theirs.created = 1  # though the other side's channel is older
    for mine, other in ((ours, theirs), (theirs, ours)):
        again = restore("#c", RULES, packed(mine.snapshot()))
        event = again.merge(restore("#c", RULES, packed(other.snapshot())), 9_000)
        again.apply(event, 9_000)
        ranks = {uid: member.prefixes for uid, member in again.members.items()}
        assert ranks == {ANN.uid: "qo", BOB.uid: "o", CAT.uid: "", DAN.uid: ""}


def test_an_access_removed_on_one_side_takes_the_rank_of_who_entered_on_the_other() -> None:
    root = packed(registered().channel.snapshot())
    ours, theirs = restore("#c", RULES, root), restore("#c", RULES, root)
    _do(ours, SetAccess(ANN.life, "ann", BOB.life, "bob", ""), 2_000)
    _do(theirs, Join(BOB), 3_000)
    assert theirs.members[BOB.uid].prefixes == "o"
    event = ours.merge(theirs, 4_000)
    ours.apply(event, 4_000)
    assert ours.members[BOB.uid].prefixes == ""


def _do(channel: Channel, command: Any, at: int) -> None:
    channel.apply(channel.decide(command, at).event, at)


def test_half_operators_reach_nobody_with_a_rank_by_access() -> None:
    stage = registered(CAT, BOB)
    grant(stage, CAT, "H")
    assert stage.prefixes(CAT) == "h"
    (refusal,) = stage.mode(CAT, minus("o", "Bob", BOB.uid))
    assert refusal.numeric == "482"
    assert isinstance(stage.do(SetModes(DAN.uid, DAN.source, (plus("m"),))), Refusal)


def test_chanserv_acts_by_the_flags_of_an_access() -> None:
    stage = registered(BOB, CAT, DAN)

    def kick(by: Person, whom: Person) -> Any:
        return stage.do(Kick("", "ChanServ!c@h", whom.uid, whom.nick, "why", life=by.life))

    def modes(by: Person, *changes: ModeChange) -> Any:
        return stage.do(SetModes("", "ChanServ!c@h", changes, life=by.life))

    assert kick(CAT, DAN) == NotDone("access")
    assert modes(CAT, plus("b", "x!*@*")) == NotDone("access")
    assert stage.do(Invite("", "ChanServ!c@h", "9", "Eve", life=CAT.life)) == NotDone("access")
    grant(stage, CAT, "r")
    assert isinstance(kick(CAT, BOB), Refusal), "the flag r alone reaches no operator"
    assert modes(CAT, plus("b", "x!*@*")) is None
    assert modes(CAT, plus("b", "y!*@*"), plus("i")) == NotDone("access"), "other modes need the flag R"
    assert kick(CAT, DAN) is None
    grant(stage, CAT, "iR")
    assert modes(CAT, plus("i"), minus("o", BOB.nick, BOB.uid)) is None
    assert isinstance(kick(CAT, ANN), Refusal), "nobody reaches the founder"
    assert stage.do(Invite("", "ChanServ!c@h", "9", "Eve", life=CAT.life)) is None
    assert "9" in stage.channel.invited
    stage.do(Doubt())
    assert kick(CAT, BOB) == NotDone("doubt")


def test_chanserv_acts_in_no_channel_that_is_not_registered() -> None:
    stage = Stage(ANN, BOB)
    assert stage.do(Kick("", "ChanServ!c@h", BOB.uid, BOB.nick, "why", life=ANN.life)) == NotDone("unregistered")
    override = Kick("", "ChanServ!c@h", BOB.uid, BOB.nick, "why", override=True, life=ANN.life)
    assert stage.do(override) == NotDone("unregistered")
