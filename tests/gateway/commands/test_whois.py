"""WHOIS and WHOWAS, wherever the person is."""

from __future__ import annotations

import pytest

from tests.gateway.commands.stage import people
from tests.sim.net import Net


def test_whois_of_somebody_anywhere(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    bob.ask("AWAY :tea", "JOIN #d", "JOIN #s", "MODE #s +s")
    lines = ann.ask("WHOIS bob")
    signon = lines[4].split()[4]
    assert lines == [
        "311 ann bob ~bob 10.0.0.1 * :bob real",
        "319 ann bob :#c @#d",
        "312 ann bob irc.circlet.local Circlet",
        "301 ann bob :tea",
        f"317 ann bob {lines[4].split()[3]} {signon} :seconds idle, signon time",
        "318 ann bob :End of /WHOIS list",
    ]
    assert ann.ask("WHOIS bob bob") == ann.ask("WHOIS irc.circlet.local bob")
    own = bob.ask("WHOIS bob")
    assert any(line.startswith("378 bob bob :is connecting from ~bob@10.0.0.1 10.0.0.1") for line in own)
    assert any("319 bob bob :#c @#d @#s" in line for line in own)


def test_idle_counts_from_the_last_word(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    bob.ask("PRIVMSG ann :hi")
    net.run(50)
    (idle,) = [line for line in ann.ask("WHOIS bob") if line.startswith("317")]
    assert 49 <= int(idle.split()[3]) <= 52


@pytest.mark.parametrize("nick", ["nobody", "#c", "1ann", "x" * 200])
def test_whois_of_nobody(net: Net, nick: str) -> None:
    (ann,) = people(net, "ann")
    shown = nick[:64]
    assert ann.ask(f"WHOIS {nick}") == [
        f"401 ann {shown} :No such nick/channel",
        f"318 ann {shown} :End of /WHOIS list",
    ]
    assert ann.ask("WHOIS") == ["431 ann :No nickname given"]


def test_whowas(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    assert ann.ask("WHOWAS bob") == ["406 ann bob :There was no such nickname", "369 ann bob :End of WHOWAS"]
    bob.send("QUIT")
    net.run(1)
    lines = ann.ask("WHOWAS BOB")
    assert lines[0] == "314 ann bob ~bob 10.0.0.1 * :bob real"
    assert lines[1].startswith("312 ann bob irc.circlet.local ")
    assert lines[2:] == ["369 ann BOB :End of WHOWAS"]
    assert ann.ask("WHOWAS") == ["431 ann :No nickname given"]
