"""GHOST: a nick comes back to the account that owns the nick."""

from __future__ import annotations

from tests.gateway.commands.stage import people
from tests.gateway.services.asking import told, with_account
from tests.sim.net import Net


def test_ghost_gives_the_nick_to_who_is_logged_in(net: Net) -> None:
    ann, bob = with_account(net, "ann", "bob")
    ann.quit()
    net.run(2)
    stranger, friend = people(net, "ann", "carl", channel="#c")
    assert told(bob, "IDENTIFY ann sesame") == ["You are logged in as ann."]
    assert told(bob, "GHOST ann") == ["The user with the nick ann is disconnected."]
    assert net.until(lambda: bob.nick_now == "ann", 20)
    assert "Killed (NickServ (GHOST by bob))" in stranger.got[-1]
    assert any("QUIT :Killed (NickServ (GHOST by bob))" in line for line in friend.sync())
    assert told(bob, "GHOST ann") == ["That is you."]


def test_ghost_with_the_password_alone_disconnects(net: Net) -> None:
    ann, bob = with_account(net, "ann", "bob")
    assert told(bob, "GHOST ann sesame") == ["The user with the nick ann is disconnected."]
    assert net.until(lambda: ann.connection.closed is not None, 5)
    net.run(15)
    assert bob.nick_now == "bob"
    assert told(bob, "GHOST ann sesame") == ["Nobody has the nick ann now: take the nick with /NICK ann."]


def test_who_takes_over_from_its_ghost_is_the_session(net: Net) -> None:
    _, bob = with_account(net, "ann", "bob")
    assert told(bob, "IDENTIFY ann sesame") == ["You are logged in as ann."]
    assert told(bob, "GHOST ann") == ["The user with the nick ann is disconnected."]
    assert net.until(lambda: bob.nick_now == "ann", 20)
    net.run(3)
    assert any("ann" in node.core.edge.sessions.users for node in net.nodes.values())
