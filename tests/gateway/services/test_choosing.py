"""ALWAYS-ON and AUTO-AWAY: choices of a person, and networks that leave no choice."""

from __future__ import annotations

from config.sessions import Sessions
from tests.gateway.commands.stage import network, people, settle
from tests.gateway.services.asking import told, with_account
from tests.sim.net import Client, Net


def dropped(client: Client) -> list[str]:
    (answer,) = told(client, "DROP")
    assert answer.startswith("To drop the account ann for good, say DROP ")
    return told(client, answer.rpartition("say ")[2])


def test_always_on_stays_and_goes_with_its_account(net: Net) -> None:
    ann, bob = with_account(net, "ann", "bob")
    assert told(ann, "SET ALWAYS-ON on") == ["ALWAYS-ON is on."]
    for client in (ann, bob):
        client.ask("JOIN #c")
    settle(ann, bob)
    bob.lines()
    ann.quit()
    net.run(60)
    assert not [line for line in bob.sync() if "QUIT" in line]
    assert any("301 bob ann :Not attached" in line for line in bob.ask("WHOIS ann"))
    other = people(net, "dan")[0]
    assert told(other, "IDENTIFY ann sesame") == ["You are logged in as ann."]
    bob.lines()
    assert dropped(other) == ["Account ann is dropped."]
    net.run(3)
    assert ":ann!~ann@10.0.0.1 QUIT :Account dropped" in bob.sync()


def test_auto_away_is_a_choice(net: Net) -> None:
    ann, bob = with_account(net, "ann", "bob")
    assert told(ann, "SET AUTO-AWAY off") == ["AUTO-AWAY is off."]
    assert told(ann, "SET always-on ON") == ["ALWAYS-ON is on."]
    assert told(ann, "INFO")[-1] == "ALWAYS-ON: on, AUTO-AWAY: off"
    ann.quit()
    net.run(3)
    whois = bob.ask("WHOIS ann")
    assert any("311 bob ann" in line for line in whois) and not any("301 bob ann" in line for line in whois)


def test_a_network_that_leaves_no_choice_says_so() -> None:
    net = network(1, sessions=Sessions(always_on="mandatory"))
    (ann,) = with_account(net, "ann")
    assert told(ann, "SET ALWAYS-ON off") == ["ALWAYS-ON is off. But on this network ALWAYS-ON is on for everybody."]
