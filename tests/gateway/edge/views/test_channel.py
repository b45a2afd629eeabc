"""A channel's events as members here read them: once each, with the newest profile, and nothing for the wrong
reader."""

from __future__ import annotations

import pytest

from tests.gateway.commands.stage import network, people, settle, source
from tests.sim.net import Net


def heard(line: str) -> str:
    return line.split(" ", 1)[1]


def test_a_message_reaches_every_member_but_the_speaker(net: Net) -> None:
    ann, bob, cat = people(net, "ann", "bob", "cat", channel="#c")
    settle(ann, bob, cat)
    assert ann.ask("PRIVMSG #c :hi") == []
    assert bob.sync() == cat.sync() == [f"{source('ann')} PRIVMSG #c :hi"]


def test_a_speaker_with_echo_message_reads_the_own_line_once(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c", caps="echo-message")
    assert ann.ask("PRIVMSG #c :hi") == [f"{source('ann')} PRIVMSG #c :hi"]
    bob.sync()
    assert sum("PRIVMSG #c :hi" in line for line in bob.got) == 1


def test_a_status_message_is_read_by_ranks_alone(net: Net) -> None:
    ann, bob, cat = people(net, "ann", "bob", "cat", channel="#c")
    ann.ask("MODE #c +v bob")
    settle(bob, cat)
    ann.ask("PRIVMSG +#c :for ranks")
    assert bob.sync() == [f"{source('ann')} PRIVMSG +#c :for ranks"]
    assert cat.sync() == []


def test_tags_without_text_go_to_clients_that_read_tags() -> None:
    net = network(1)
    ann = net.client("n1", "ann", "message-tags")
    bob = net.client("n1", "bob", "message-tags")
    cat = net.client("n1", "cat")
    for client in (ann, bob, cat):
        client.ask("JOIN #c")
    settle(ann, bob, cat)
    ann.ask("@+typing=active TAGMSG #c")
    (line,) = bob.sync()
    assert "+typing=active" in line and line.endswith(" TAGMSG #c")
    assert cat.sync() == []


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("TOPIC #c :tea", "TOPIC #c :tea"),
        ("MODE #c +m", "MODE #c +m"),
        ("KICK #c bob :enough", "KICK #c bob :enough"),
        ("PART #c :bye", "PART #c bye"),
        ("NICK anna", "NICK anna"),
        ("QUIT :bye", "QUIT :Quit: bye"),
    ],
)
def test_each_change_is_shown_once_to_those_who_stay(net: Net, line: str, shown: str) -> None:
    ann, bob, cat = people(net, "ann", "bob", "cat", channel="#c")
    settle(ann, bob, cat)
    ann.send(line)
    net.run(1)
    assert [heard(one) for one in cat.sync()] == [shown]


def test_whoever_has_left_reads_nothing_more(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    bob.ask("PART #c")
    ann.ask("PRIVMSG #c :hi")
    assert bob.sync() == []


def test_a_join_is_shown_with_account_and_real_name_to_clients_that_ask_for_these() -> None:
    net = network(1)
    ann, bob = net.client("n1", "ann", "extended-join"), net.client("n1", "bob")
    for client in (ann, bob):
        client.ask("JOIN #c")
    settle(ann, bob)
    net.client("n1", "cat").ask("JOIN #c")
    assert [heard(line) for line in ann.sync()] == ["JOIN #c * :cat real"]
    assert [heard(line) for line in bob.sync()] == ["JOIN #c"]
