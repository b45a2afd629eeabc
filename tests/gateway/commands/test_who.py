"""WHO and WHOX: a channel, a mask, and people whom strangers do not see."""

from __future__ import annotations

from tests.gateway.commands.stage import OPERATOR, network, people
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
