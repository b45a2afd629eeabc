"""The users of a node by the group of a nick."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from gateway.edge.users.nick_owners import NickOwners
from ring.ids import GroupId

ANN, BOB = GroupId("nick", "ann"), GroupId("nick", "bob")


def user(home: GroupId) -> Any:
    return SimpleNamespace(identity=SimpleNamespace(home=home))


def test_a_nick_has_its_users_and_another_nick_has_none() -> None:
    owners = NickOwners()
    first, second = user(ANN), user(ANN)
    owners.add(first)
    owners.add(second)
    assert owners.of(ANN) == (first, second) and owners.of(BOB) == ()
    owners.remove(first)
    assert owners.of(ANN) == (second,)
    owners.remove(second)
    assert owners.of(ANN) == ()


def test_a_user_moves_and_the_other_user_of_the_nick_stays() -> None:
    owners = NickOwners()
    first, second = user(ANN), user(ANN)
    owners.add(first)
    owners.add(second)
    owners.move(first, BOB)
    assert (owners.of(ANN), owners.of(BOB)) == ((second,), (first,))
    assert first.identity.home == BOB


def test_removing_a_user_who_is_not_there_changes_nothing() -> None:
    owners = NickOwners()
    first = user(ANN)
    owners.add(first)
    owners.remove(user(ANN))
    owners.remove(user(BOB))
    assert owners.of(ANN) == (first,)
