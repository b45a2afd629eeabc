"""A user's profile: away, real name and modes, numbered by the user's own group (P28)."""

from __future__ import annotations

from tests.gateway.commands.stage import people, settle, source
from tests.sim.net import Client, Net


def version(client: Client) -> int:
    user = client.connection.user
    assert user is not None
    return user.person.version


def test_a_change_raises_the_version_by_one_and_no_change_raises_nothing(net: Net) -> None:
    (ann,) = people(net, "ann")
    before = version(ann)
    ann.ask("AWAY :tea")
    assert version(ann) == before + 1
    ann.ask("AWAY :tea", "MODE ann -i")
    assert version(ann) == before + 1
    ann.ask("AWAY")
    assert version(ann) == before + 2


def test_the_next_command_sees_the_change_everywhere(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    ann.send("SETNAME :Ann the second", "PRIVMSG bob :look")
    ann.sync()
    bob.sync()
    assert any("Ann the second" in line for line in bob.ask("WHOIS ann"))


def test_two_changes_in_one_packet_keep_each_other(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    settle(ann, bob)
    ann.send("AWAY :tea", "MODE ann +i", "SETNAME :Ann the second")
    ann.sync()
    person = ann.connection.user.person if ann.connection.user else None
    assert person is not None
    assert (person.away, person.modes, person.real) == ("tea", "i", "Ann the second")
    bob.ask("PRIVMSG ann :hi")
    assert bob.got[-2].split(" ", 1)[1] == "301 bob ann :tea" or "301 bob ann tea" in bob.got[-2]
    assert source("ann").startswith(":ann!")
