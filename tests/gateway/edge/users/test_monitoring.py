"""The spelling of a watched nick: the asker's, until somebody has the nick."""

from __future__ import annotations

from gateway.edge.users.monitoring import Monitoring
from ring.ids import GroupId

BOB = GroupId("nick", "bob")


def test_before_any_holder_the_nick_is_spelt_as_asked_for() -> None:
    watched = Monitoring()
    watched.spell(BOB, "bOb")
    watched.tell(BOB, "")
    assert watched.nicks == {BOB: "bOb"} and watched.online == {BOB: ""}


def test_the_spelling_of_the_last_holder_outlives_the_holder() -> None:
    watched = Monitoring()
    watched.spell(BOB, "bOb")
    watched.tell(BOB, "BOB!u@h")
    assert watched.nicks == {BOB: "BOB"} and watched.online == {BOB: "BOB!u@h"}
    watched.tell(BOB, "")
    assert watched.nicks == {BOB: "BOB"} and watched.online == {BOB: ""}


def test_two_users_watch_apart() -> None:
    first, second = Monitoring(), Monitoring()
    first.spell(BOB, "bob")
    first.tell(BOB, "Bob!u@h")
    assert not second.nicks and not second.online and not second.carried
