"""Events of nicks: private messages, new profiles shown once, and KILL."""

from __future__ import annotations

from tests.gateway.commands.stage import OPERATOR, network, people, settle, source
from tests.sim.net import Net


def test_a_message_is_read_under_the_present_nick_of_the_reader(net: Net) -> None:
    ann, bob = people(net, "ann", "Bob")
    ann.ask("PRIVMSG bob :hi", "NOTICE BOB :ho")
    assert bob.sync() == [f"{source('ann')} PRIVMSG Bob :hi", f"{source('ann')} NOTICE Bob :ho"]


def test_a_change_of_facts_is_shown_once_however_many_channels_are_common(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    for client in (ann, bob):
        client.ask("JOIN #a", "JOIN #b", "JOIN #c")
    settle(ann, bob)
    ann.ask("NICK anna")
    assert bob.sync() == [f"{source('ann')} NICK anna"]


def test_each_client_reads_the_changes_that_it_has_asked_for() -> None:
    net = network(1)
    ann = net.client("n1", "ann")
    able = net.client("n1", "bob", "away-notify setname")
    plain = net.client("n1", "cat")
    for client in (ann, able, plain):
        client.ask("JOIN #c")
    settle(ann, able, plain)
    ann.ask("AWAY :tea", "SETNAME :Ann the second")
    assert [line.split(" ", 1)[1] for line in able.sync()] == ["AWAY :tea", "SETNAME :Ann the second"]
    assert plain.sync() == []


def test_strangers_read_nothing_of_a_change(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    ann.ask("NICK anna")
    assert bob.sync() == []


def test_a_killed_user_reads_by_whom_and_the_channel_reads_a_quit() -> None:
    net = network(2, operators=(OPERATOR,))
    ann, bob, cat = people(net, "ann", "bob", "cat", channel="#c")
    ann.ask("OPER root sesame")
    settle(ann, bob, cat)
    ann.ask("KILL bob :enough")
    assert net.until(lambda: bob.closed is not None, 5)
    kill, error = [line for line in bob.lines() if "KILL" in line or "ERROR" in line]
    assert kill == f"{source('ann')} KILL bob :enough"
    assert "Killed (ann (enough))" in error
    assert cat.sync() == [f"{source('bob')} QUIT :Killed (ann (enough))"]


def test_an_invitation_is_read_and_remembered(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    ann.ask("JOIN #c", "INVITE bob #c")
    assert bob.sync() == [f"{source('ann')} INVITE bob #c"]
    assert "336 bob #c" in bob.ask("INVITE")[0]
