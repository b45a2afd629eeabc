"""WHO and WHOX: a channel, a mask, and people whom strangers do not see."""

from __future__ import annotations

import pytest

from gateway.edge.rpc import census
from tests.gateway.commands.stage import OPERATOR, network, people
from tests.sim.meter import Meter
from tests.sim.net import Net


def test_who(net: Net) -> None:
    ann, bob, cat = people(net, "ann", "bob", "cat")
    for person in (ann, bob):
        person.ask("JOIN #c")
    bob.ask("AWAY :x")
    assert cat.ask("WHO #c") == [
        "352 cat #c ~ann 10.0.0.1 irc.circlet.local ann H@ :0 ann real",
        "352 cat #c ~bob 10.0.0.1 irc.circlet.local bob G :0 bob real",
        "315 cat #c :End of WHO list",
    ]
    assert cat.ask("WHO bob")[0].startswith("352 cat * ~bob 10.0.0.1 irc.circlet.local bob G :0 bob real")
    assert len(cat.ask("WHO *a*")) == 4
    assert cat.ask("WHO nobody") == ["315 cat nobody :End of WHO list"]
    assert cat.ask("WHO #none") == ["315 cat #none :End of WHO list"]
    assert cat.ask("WHO #c %tcuhnfdar,743")[0] == "354 cat 743 #c ~ann 10.0.0.1 ann H@ 0 0 :ann real"
    assert cat.ask("WHO #c %cuhsnfdar")[0] == "354 cat #c ~ann 10.0.0.1 irc.circlet.local ann H@ 0 0 :ann real"
    assert cat.ask("WHO ann %tna,745")[0] == "354 cat 745 ann 0"


def test_who_hides_the_invisible_from_strangers(net: Net) -> None:
    ann, bob, cat = people(net, "ann", "bob", "cat")
    ann.ask("MODE ann +i", "JOIN #c")
    bob.ask("JOIN #c")
    assert [line.split()[6] for line in cat.ask("WHO *")[:-1]] == ["bob", "cat"] or sorted(
        line.split()[6] for line in cat.ask("WHO *")[:-1]
    ) == ["bob", "cat"]
    assert sorted(line.split()[6] for line in bob.ask("WHO *")[:-1]) == ["ann", "bob", "cat"]
    assert cat.ask("WHO ann")[0].split()[6] == "ann"


def test_operators_see_all() -> None:
    net = network(3, operators=(OPERATOR,))
    ann, bob = people(net, "ann", "bob")
    ann.ask("MODE ann +i", "JOIN #s", "MODE #s +s")
    bob.ask("OPER root sesame")
    assert [line.split()[2] for line in bob.ask("LIST")[1:-1]] == ["#s"]
    assert sorted(line.split()[6] for line in bob.ask("WHO *")[:-1]) == ["ann", "bob"]
    assert any("319 bob ann :@#s" in line for line in bob.ask("WHOIS ann"))


# A large network ------------------------------------------------------------------------------------------------------


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> Net:
    """Six nodes that take themselves for a large network."""
    monkeypatch.setattr(census, "ASKED", 3)
    return network(6, operators=(OPERATOR,))


def nicks_of(lines: list[str]) -> set[str]:
    return {line.split(" ")[6] for line in lines if line.startswith("352 ")}


def test_in_a_large_network_a_nick_is_found_in_its_group(large: Net) -> None:
    ann, bob, *_ = people(large, "ann", "bob")
    bob.ask("MODE bob +i")
    large.meter = Meter(steady=False)
    lines = ann.ask("WHO bob")
    assert nicks_of(lines) == {"bob"} and lines[-1].startswith("315 ann bob ")
    assert large.meter.messages["Ask"] == 0
    assert "notice" not in " ".join(lines).casefold()


def test_in_a_large_network_a_mask_finds_the_people_of_the_own_channels_and_node(large: Net) -> None:
    ann, bob, cat, *_ = people(large, "xann", "xbob", "xcat")
    ann.ask("JOIN #c")
    bob.ask("MODE xbob +i", "JOIN #c")
    here = large.client(ann.node.name, "xhere")
    large.client(ann.node.name, "xhidden").ask("MODE xhidden +i")
    lines = ann.ask("WHO x*")
    assert nicks_of(lines) == {"xann", "xbob", "xhere"}  # xcat is on another node, and in no channel of xann
    assert any("The network is large" in line for line in lines)
    assert nicks_of(cat.ask("WHO x*")) == {"xcat"}
    assert nicks_of(here.ask("WHO x* o")) == set()


def test_in_a_large_network_operators_look_everywhere(large: Net) -> None:
    ann, *_ = people(large, "xann", "xbob", "xcat")
    ann.ask("OPER root sesame")
    lines = ann.ask("WHO x*")
    assert nicks_of(lines) == {"xann", "xbob", "xcat"}
    assert not any("The network is large" in line for line in lines)
