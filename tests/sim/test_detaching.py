"""Detached channels: nothing is shown unasked, and nothing is lost."""

from __future__ import annotations

import pytest

from tests.sim.net import Client, Net
from tests.sim.test_sessions import CHANNEL, Talker, bob, login, made, net, said  # noqa: F401  (fixtures)


def circlet(client: Client, text: str) -> list[str]:
    client.lines()
    client.send(f"PRIVMSG *circlet :{text}")
    lines = client.sync()
    client.net.run(0.5)
    return [*lines, *client.lines()]


def shown(client: Client) -> list[str]:
    """Return the lines of the channel sent to the client since the last look."""
    client.net.run(0.5)
    return [line for line in client.lines() if CHANNEL in line]


@pytest.fixture
def two(net: Net, bob: Talker) -> tuple[Client, Client]:  # noqa: F811
    """ann, with two clients on two nodes, in the channel."""
    made(net)
    one = login(net, "n1", "laptop", "sasl message-tags away-notify account-notify invite-notify")
    one.send(f"JOIN {CHANNEL}")
    one.sync()
    other = login(net, "n2", "phone")
    bob.say(1)
    assert said(one) == ["1"] and said(other) == ["1"]
    return one, other


def test_nothing_is_shown_until_it_is_joined_again(net: Net, bob: Talker, two: tuple[Client, Client]) -> None:  # noqa: F811
    one, other = two
    seen = len(bob.got)
    lines = circlet(one, f"DETACH {CHANNEL}")
    assert f":ann!~ann@10.0.0.1 PART {CHANNEL} Detached" in lines
    assert f":ann!~ann@10.0.0.1 PART {CHANNEL} Detached" in shown(other)
    bob.say(2)
    bob.send(
        f"TOPIC {CHANNEL} :new", f"NOTICE @{CHANNEL} :ops", f"TAGMSG {CHANNEL}", "AWAY :gone", "NICK rob", "NICK bob"
    )
    bob.send(f"NOTICE {CHANNEL} :ann is named")
    bob.sync()
    assert shown(one) == [] and shown(other) == []
    bob.send("PRIVMSG ann :hello")
    bob.sync()
    net.run(0.5)
    assert any("PRIVMSG ann :hello" in line for line in one.lines())
    third = login(net, "n3", "tablet")
    assert shown(third) == [] and not any(f" JOIN {CHANNEL}" in line for line in third.got)
    other.send(f"JOIN {CHANNEL}")
    for client in (one, other):
        verbs = [line.split(" ")[1] for line in shown(client)]
        assert verbs[:1] == ["JOIN"] and "332" in verbs and "366" in verbs
        assert any(line.endswith(":line 2") for line in client.got)
        assert sum(line.endswith(":line 1") for line in client.got) == 1
    bob.say(3)
    assert said(one) == ["3"] and said(other) == ["3"]
    assert not [line for line in bob.got[seen:] if line.startswith(":ann!") and "PRIVMSG" not in line]


def test_a_highlight_attaches_it(net: Net, bob: Talker, two: tuple[Client, Client]) -> None:  # noqa: F811
    one, other = two
    circlet(one, f"DETACH {CHANNEL} highlight")
    for text in ("annual", "xann", "ann-marie", "nobody"):
        bob.send(f"PRIVMSG {CHANNEL} :{text}")
    bob.sync()
    shown(other)
    assert shown(one) == []
    bob.send(f"PRIVMSG {CHANNEL} :hello Ann, are you there?")
    bob.sync()
    for client in two:
        lines = shown(client)
        assert lines[0].split(" ")[1] == "JOIN"
        assert [line.rpartition(":")[2] for line in lines if " PRIVMSG " in line] == [
            "annual", "xann", "ann-marie", "nobody", "hello Ann, are you there?",
        ]  # fmt: skip
    assert "Detached: none" in "".join(circlet(one, "ATTACH"))


def test_it_stays_detached_where_the_session_goes(net: Net, bob: Talker, two: tuple[Client, Client]) -> None:  # noqa: F811
    one, other = two
    circlet(one, f"DETACH {CHANNEL}")
    one.send("QUIT")
    other.send("QUIT")
    net.run(3)
    net.kill("n1")
    bob.say(2)
    net.run(10)
    again = login(net, "n2", "laptop")
    net.run(3)
    assert not any(CHANNEL in line for line in again.got)
    assert f"Detached: {CHANNEL}" in "".join(circlet(again, "ATTACH"))
    circlet(again, f"ATTACH {CHANNEL}")
    net.run(2)
    assert [line.rpartition(" ")[2] for line in again.got if ":line " in line] == ["2"]


def test_leaving_it_for_good(net: Net, bob: Talker, two: tuple[Client, Client]) -> None:  # noqa: F811
    one, other = two
    circlet(one, f"DETACH {CHANNEL}")
    bob.lines()
    other.send(f"PART {CHANNEL}")
    other.sync()
    assert any(f"PART {CHANNEL}" in line for line in bob.lines())
    net.run(1)
    assert "Detached: none" in "".join(circlet(one, "ATTACH"))
    one.send(f"JOIN {CHANNEL}")
    one.sync()
    assert any(" JOIN " in line for line in shown(other))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("DETACH #other", "You are not in that channel."),
        ("DETACH nonsense", "You are not in that channel."),
        (f"DETACH {CHANNEL} maybe", "Syntax: DETACH"),
        ("DETACH", "Syntax: DETACH"),
        (f"ATTACH {CHANNEL}", "That channel is not detached."),
    ],
)
def test_what_cannot_be_done_is_said(two: tuple[Client, Client], text: str, answer: str) -> None:
    assert answer in "".join(circlet(two[0], text))
