"""A user who is here from now on is known here, at once and by the nick."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.edge.users.entering import enter
from gateway.edge.users.user import User
from gateway.irc.names import forced_nick
from ring.ids import GroupId
from tests.gateway.commands.stage import network, people
from tests.gateway.state.cast import person
from tests.sim.net import Client, Net


@pytest.fixture
def cast() -> tuple[Net, Any, list[Client]]:
    net = network(1)
    clients = people(net, "ann", "bob", channel="#c")
    return net, net.nodes["n1"].core.edge, clients


def newcomer(edge: Any, nick: str) -> User:
    """A user of this node without connections, who has just got the nick from its group."""
    me = edge.network.me
    profile = person("9xyz", nick, edge=(me.key, me.number), since=int(edge.now * 1000))
    return User(profile, edge.nick(nick), None, edge.now)


def test_a_user_is_found_by_uid_nick_and_profile(cast: tuple[Net, Any, list[Client]]) -> None:
    net, edge, _ = cast
    user = newcomer(edge, "Eve")
    net.turn(net.nodes["n1"], lambda: enter(edge, user))
    assert edge.users[user.uid] is user and edge.nick_owners.of(GroupId("nick", "eve")) == (user,)
    assert edge.people.called("eve") == user.person


def test_members_read_that_the_former_holder_gives_the_nick_up(cast: tuple[Net, Any, list[Client]]) -> None:
    """The nick's group has given the nick to the newcomer: nobody reads two people under one nick."""
    net, edge, (ann, bob) = cast
    assert ann.connection.user is not None
    uid = ann.connection.user.uid
    net.turn(net.nodes["n1"], lambda: enter(edge, newcomer(edge, "ANN")))
    assert [line for line in bob.lines() if " NICK " in line] == [f":ann!~ann@10.0.0.1 NICK {forced_nick(uid)}"]
    assert edge.people.called("ann").uid == "9xyz" and edge.people.clashes == []


def test_a_newcomer_without_a_rival_is_shown_to_nobody(cast: tuple[Net, Any, list[Client]]) -> None:
    net, edge, (ann, bob) = cast
    user = newcomer(edge, "eve")
    net.turn(net.nodes["n1"], lambda: enter(edge, user))
    assert ann.lines() == bob.lines() == []


def test_the_claim_is_told_to_the_channels_of_dead_nodes(
    cast: tuple[Net, Any, list[Client]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the nick as granted: the network may know the nick's former holder from a dead node (P29)."""
    net, edge, _ = cast
    claims: list[tuple[str, str]] = []
    monkeypatch.setattr(edge.reclaim, "claimed", lambda uid, nick: claims.append((uid, nick)))
    user = newcomer(edge, "Eve")
    user.identity.pending = msgspec.structs.replace(user.person, nick="other")
    net.turn(net.nodes["n1"], lambda: enter(edge, user))
    assert claims == [(user.uid, "Eve")]
