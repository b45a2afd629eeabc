"""The first lines for a new user, in the order that clients expect."""

from __future__ import annotations

import re

from gateway.irc.mode_table import myinfo
from tests.gateway.commands.stage import OPERATOR, network, people, settle
from tests.sim.net import Net

SERVER = ":irc.circlet.local"


def numerics(lines: list[str]) -> list[str]:
    return [line.split(" ")[1] for line in lines if line.startswith(SERVER)]


def test_the_lines_come_in_the_order_that_clients_expect(net: Net) -> None:
    (ann,) = people(net, "ann")
    found = numerics(ann.got)
    first = found.index("001")
    order = ["001", "002", "003", "004", "005", "251", "255", "265", "266", "422", "221"]
    assert [numeric for numeric in dict.fromkeys(found[first:]) if numeric in order] == order


def test_the_words_name_network_node_version_and_modes() -> None:
    net = network(1)
    (ann,) = people(net, "ann")
    edge = ann.node.core.edge
    said = {line.split(" ")[1]: line.split(" ", 3)[3] for line in ann.got if line.startswith(SERVER)}
    assert said["001"] == f":Welcome to the {edge.settings.network.name} Network, ann!~ann@10.0.0.1"
    assert said["002"] == f":Your host is {edge.record.name}, running version {edge.settings.version}"
    assert re.fullmatch(r":This server was created [0-9T:.-]+Z", said["003"])
    assert said["004"].split(" ") == ["irc.circlet.local", edge.settings.version, *myinfo()]


def test_a_message_of_the_day_replaces_the_line_that_there_is_none() -> None:
    (ann,) = people(network(1, motd=("Tea at five.", "")), "ann")
    assert "422" not in numerics(ann.got)
    day = [line.partition(" ann :")[2] for line in ann.got if line.split(" ")[1] in ("375", "372", "376")]
    assert day == ["- irc.circlet.local Message of the day - ", "- Tea at five.", "- ", "End of /MOTD command."]


def test_counts_are_of_the_whole_network_as_of_one_server(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    bob.ask("MODE bob +i")
    settle(ann, bob)
    net.run(3)
    (cat,) = people(net, "cat")
    said = cat.ask("LUSERS")
    assert said[0] == "251 cat :There are 2 users and 1 invisible on 1 servers"
    assert "254 cat 1 :channels formed" in said and "255 cat :I have 3 clients and 1 servers" in said
    assert not [line for line in said if line.startswith("252 ")]


def test_operators_are_counted_once_there_is_an_operator() -> None:
    (ann,) = people(network(1, operators=(OPERATOR,)), "ann")
    ann.ask("OPER root sesame")
    assert "252 ann 1 :operator(s) online" in ann.ask("LUSERS")
