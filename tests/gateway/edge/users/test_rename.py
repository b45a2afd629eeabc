"""NICK of a registered user: one nick at a time, others read one line, and after a refusal nothing is changed."""

from __future__ import annotations

import pytest

from tests.gateway.commands.stage import network, people, settle, source
from tests.sim.net import Net


def test_everybody_who_sees_the_user_reads_one_line(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    settle(ann, bob)
    assert ann.ask("NICK anna") == [f"{source('ann')} NICK anna"]
    assert bob.sync() == [f"{source('ann')} NICK anna"]
    assert bob.ask("WHOIS ann")[0].startswith("401 ")


def test_a_change_of_case_keeps_the_nick_s_group(net: Net) -> None:
    ann, _ = people(net, "ann", "bob")
    (user,) = ann.node.core.edge.users.values() if len(net.nodes) > 1 else [ann.connection.user]
    assert user is not None
    home = user.identity.home
    assert ann.ask("NICK ANN") == [f"{source('ann')} NICK ANN"]
    assert user.identity.home == home and user.person.nick == "ANN"


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("NICK bob", "433 ann bob :Nickname is already in use"),
        ("NICK BOB", "433 ann BOB :Nickname is already in use"),
        ("NICK 2bad", "432 ann 2bad :Erroneus nickname"),
        ("NICK :", "431 ann :No nickname given"),
    ],
)
def test_a_refused_nick_leaves_the_old_nick(net: Net, line: str, answer: str) -> None:
    ann, bob = people(net, "ann", "bob")
    assert ann.ask(line) == [answer]
    bob.ask("PRIVMSG ann :still there")
    assert ann.sync() == [f"{source('bob')} PRIVMSG ann :still there"]


def test_lines_after_a_rename_are_said_under_the_new_nick(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    settle(ann, bob)
    ann.send("PRIVMSG #c :one", "NICK anna", "PRIVMSG #c :two")
    ann.sync()
    assert bob.sync() == [
        f"{source('ann')} PRIVMSG #c :one",
        f"{source('ann')} NICK anna",
        ":anna!~ann@10.0.0.1 PRIVMSG #c :two",
    ]


def test_the_old_nick_is_free_for_the_next_user(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    ann.ask("NICK anna")
    assert bob.ask("NICK ann") == [f"{source('bob')} NICK ann"]


def test_two_renames_in_one_packet_come_in_order() -> None:
    net = network(3)
    ann, bob = people(net, "ann", "bob", channel="#c")
    settle(ann, bob)
    ann.send("NICK a1", "NICK a2")
    ann.sync()
    assert [line.split(" ")[-1] for line in bob.sync()] == ["a1", "a2"]
