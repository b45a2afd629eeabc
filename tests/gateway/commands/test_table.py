"""The table of commands: which refusal a line gets before its command is carried out, and lists in parameters."""

from __future__ import annotations

import pytest

from config import operators
from gateway.commands.table import COMMANDS, words
from gateway.irc.casemapping import Casemap
from gateway.irc.operator_table import CAPABILITIES
from gateway.services.table import SERVICES
from tests.gateway.commands.accounts import Newcomer
from tests.gateway.commands.stage import network, people

RFC1459 = Casemap("rfc1459")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        (",,", []),
        ("a", ["a"]),
        ("a,b,a", ["a", "b"]),
        ("Ann[,aNN{,bob", ["Ann[", "bob"]),
        (",a,,b,", ["a", "b"]),
        ("é,É", ["é", "É"]),
    ],
)
def test_a_list_names_each_part_once_in_order(text: str, parts: list[str]) -> None:
    assert words(text, RFC1459) == parts


def test_before_registration_only_some_commands_are_answered() -> None:
    newcomer = Newcomer(network(1), "n1", caps="")
    for line in ("PRIVMSG ann :hi", "NOSUCH", "DIE"):
        newcomer.send(line)
    assert newcomer.lines() == [":irc.circlet.local 451 * :You have not registered"] * 3


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("NOSUCH a b", "421 ann NOSUCH :Unknown command"),
        ("nosuch", "421 ann NOSUCH :Unknown command"),
        ("X" * 100, f"421 ann {'X' * 64} :Unknown command"),
        ("DIE", "481 ann :Permission Denied- You're not an IRC operator"),
        ("KILL", "481 ann :Permission Denied- You're not an IRC operator"),
        ("KICK #c", "461 ann KICK :Not enough parameters"),
        ("JOIN ,", "461 ann JOIN :Not enough parameters"),
        ("KICK ,,, bob :why", "461 ann KICK :Not enough parameters"),
        ("PART :", "461 ann PART :Not enough parameters"),
    ],
)
def test_each_condition_has_its_refusal(line: str, answer: str) -> None:
    (ann,) = people(network(1), "ann")
    assert ann.ask(line) == [answer]


def test_commands_are_counted_when_they_are_carried_out_and_not_when_refused() -> None:
    net = network(1)
    (ann,) = people(net, "ann")
    used = net.nodes["n1"].core.edge.used
    before = used["TIME"], used["DIE"], used["KICK"]
    ann.ask("TIME", "DIE", "KICK #c")
    assert (used["TIME"], used["DIE"], used["KICK"]) == (before[0] + 1, *before[1:])


def test_every_command_of_operators_and_every_list_is_marked_so() -> None:
    commands = {name: found.capability for name, found in COMMANDS.items() if found.capability}
    assert {"DIE", "KILL", "REHASH", "WALLOPS"} <= commands.keys()
    of_services = {one.capability for service in SERVICES.values() for one in service.commands.values()}
    assert {*commands.values(), *of_services} - {""} <= CAPABILITIES.keys()
    assert tuple(CAPABILITIES) == operators.CAPABILITIES
    assert all(place < 2 for found in COMMANDS.values() for place in found.lists)
