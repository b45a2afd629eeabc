"""What is said to *circlet: connections, devices, how a session lasts, and what is kept."""

from __future__ import annotations

import re

import pytest

from config.accounts import Accounts
from config.sessions import Sessions
from gateway.services.table import NOT_LOGGED_IN
from tests.gateway.commands.accounts import register
from tests.gateway.commands.stage import network, people
from tests.gateway.services.devices import device, told
from tests.sim.net import Client, Net


@pytest.fixture
def net() -> Net:
    net = network(3)
    (ann,) = people(net, "ann")
    assert any(line.startswith("REGISTER SUCCESS") for line in register(ann))
    ann.quit()
    net.run(1)
    return net


def test_the_connections_of_a_session_on_all_nodes(net: Net) -> None:
    laptop = device(net, "n1", "laptop")
    phone = device(net, "n2", "phone")
    other = device(net, "n3")
    for client, this in ((laptop, 1), (phone, 2), (other, 3)):
        lines = told(client, "SESSIONS")
        assert [line.split(", since ")[0] for line in lines] == [
            "1: laptop from 10.0.0.1 on n1.sim, without TLS",
            "2: phone from 10.0.0.1 on n2.sim, without TLS",
            "3: (no name) from 10.0.0.1 on n3.sim, without TLS",
        ]
        assert [line.endswith(", this one") for line in lines] == [number == this for number in (1, 2, 3)]
        assert not any(line.startswith("253 ") for line in client.ask("LUSERS")), "none of them is unknown"


@pytest.mark.parametrize("word", ["2", "phone", "PHONE"])
def test_one_is_closed_from_another(net: Net, word: str) -> None:
    laptop, phone = device(net, "n1", "laptop"), device(net, "n2", "phone")
    assert told(laptop, f"CLOSE {word}") == ["Closed: phone."]
    net.run(1)
    assert phone.closed is not None and "Closed by your other client" in phone.got[-1]
    assert [line.split(":")[0] for line in told(laptop, "SESSIONS")] == ["1"]


@pytest.mark.parametrize("word", ["0", "3", "9999999999", "-1", "\u00b2", "tablet", "@"])
def test_what_there_is_not_is_not_closed(net: Net, word: str) -> None:
    laptop = device(net, "n1", "laptop")
    assert told(laptop, f"CLOSE {word}") == ["You have no such connection: SESSIONS lists your connections."]
    assert laptop.closed is None


def test_the_last_one_may_close_itself(net: Net) -> None:
    laptop = device(net, "n1", "laptop")
    laptop.send("PRIVMSG *circlet :CLOSE 1")
    net.run(1)
    assert laptop.closed is not None


def test_devices_are_listed_and_forgotten(net: Net) -> None:
    laptop, phone = device(net, "n1", "laptop"), device(net, "n2", "phone")
    laptop.send("JOIN #a")
    laptop.sync()
    assert told(laptop, "ALWAYS-ON on") == ["ALWAYS-ON is on."]
    net.run(2)
    (line,) = [line for line in told(laptop, "DEVICES") if "phone" in line]
    assert re.fullmatch(r"phone: connected, has read 1 channels and conversations, up to 20\S+Z", line)
    assert told(laptop, "DEVICES FORGET phone") == ["The device is connected: CLOSE the device first."]
    phone.quit()
    net.run(2)
    assert any(line.startswith("phone: last seen 20") for line in told(laptop, "DEVICES"))
    bob = net.client("n3", "bob")
    bob.send("JOIN #a", "PRIVMSG #a :one")
    bob.sync()
    assert told(laptop, "DEVICES FORGET Phone") == ["phone is forgotten."]
    assert told(laptop, "DEVICES FORGET phone") == ["You have no such device: DEVICES lists your devices."]
    assert not any("phone" in line for line in told(laptop, "DEVICES"))
    phone = device(net, "n2", "phone")  # it begins anew: while another is connected there is nothing to be played
    net.run(2)
    assert not any(line.endswith("#a :one") for line in phone.got)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("DEVICES FORGET", "Syntax: DEVICES [FORGET <device>]"),
        ("DEVICES x y", "Syntax: DEVICES [FORGET <device>]"),
        ("DEVICES FORGET no\udcff", "You have no such device: DEVICES lists your devices."),
        ("ALWAYS-ON", "Syntax: ALWAYS-ON <on|off|default>"),
        ("ALWAYS-ON maybe", "Syntax: ALWAYS-ON <on|off|default>"),
        ("AUTO-AWAY", "Syntax: AUTO-AWAY <on|off|default|text>"),
        ("PLAYBACK 1001", "Syntax: PLAYBACK <lines|default>"),
        ("PLAYBACK -1", "Syntax: PLAYBACK <lines|default>"),
        ("PLAYBACK \u00b2", "Syntax: PLAYBACK <lines|default>"),
        ("PRIVATE perhaps", "Syntax: PRIVATE <on|off|default>"),
        ("FORGET a,b", "That is neither a channel nor a person with whom you have talked."),
        ("FORGET #b", "What you have said in #b is deleted."),
        ("FORGET nobody", "That is neither a channel nor a person with whom you have talked."),
        ("DETACHED", "Unknown command DETACHED. HELP lists the commands of *circlet."),
    ],
)
def test_what_cannot_be_done_is_said(net: Net, text: str, answer: str) -> None:
    assert told(device(net, "n1"), text)[0] == answer


def test_every_command_has_help(net: Net) -> None:
    ann = device(net, "n1")
    lines = told(ann, "HELP")
    names = [line.split(" ")[0].rstrip(":") for line in lines[1:-1]]
    assert {"SESSIONS", "CLOSE", "DEVICES", "ALWAYS-ON", "AUTO-AWAY", "PLAYBACK", "STORED", "FORGET"} <= {*names}
    for name in names:
        assert told(ann, f"HELP {name}")[0].startswith(f"Syntax: {name}")


def test_who_has_no_account_is_told_so(net: Net) -> None:
    bob = net.client("n1", "bob")
    bob.answers = 0  # type: ignore[attr-defined]
    assert told(bob, "SESSIONS")[0].startswith("1: (no name) from 10.0.0.1 on n1.sim")
    for text in ("DEVICES", "STORED", "ALWAYS-ON on", "FORGET #a"):
        assert told(bob, text) == [NOT_LOGGED_IN]


def test_no_accounts_no_service() -> None:
    net = network(1, accounts=Accounts(enabled=False))
    ann = net.client("n1", "ann")
    assert any(line.startswith("401 ") for line in ann.ask("PRIVMSG *circlet :HELP"))


def test_always_on_and_the_words_of_being_away(net: Net) -> None:
    ann, bob = device(net, "n1"), net.client("n2", "bob")
    assert told(ann, "ALWAYS-ON on") == ["ALWAYS-ON is on."]
    assert told(ann, "AUTO-AWAY gone  fishing") == ["AUTO-AWAY says: gone fishing"]
    ann.quit()
    net.run(2)
    assert any(line == "301 bob ann :gone fishing" for line in bob.ask("WHOIS ann"))
    ann = device(net, "n3")  # where its session goes, too
    net.run(1)
    assert not any(line.startswith("301 ") for line in bob.ask("WHOIS ann"))
    other = device(net, "n2", "other")
    ann.send("AWAY :at sea", "MODE ann +w")
    ann.sync()
    assert [line.split(" ")[:2] for line in other.hear(" +w ")] == [["306", "ann"], [":ann", "MODE"]]
    ann.quit()
    other.quit()
    net.run(2)
    assert any(line == "301 bob ann :at sea" for line in bob.ask("WHOIS ann"))
    ann = device(net, "n1")
    assert any(" 306 " in line for line in ann.got)
    assert any(line == "301 bob ann :at sea" for line in bob.ask("WHOIS ann"))
    ann.send("AWAY")
    ann.sync()
    assert told(ann, "ALWAYS-ON off") == ["ALWAYS-ON is off."]
    ann.quit()
    net.run(2)
    assert any(line.startswith("401 ") for line in bob.ask("WHOIS ann"))


def test_what_the_network_decides_is_said() -> None:
    net = network(1, sessions=Sessions(always_on="off"))
    ann = net.client("n1", "ann")
    ann.answers = 0  # type: ignore[attr-defined]
    register(ann)
    assert told(ann, "ALWAYS-ON on") == ["ALWAYS-ON is on. But on this network ALWAYS-ON is off for everybody."]


def said(client: Client) -> list[str]:
    return [line.rsplit(":", 1)[1] for line in client.got if " PRIVMSG #a :" in line]


@pytest.mark.parametrize(
    ("lines", "known", "new"),
    [("default", 5, 5), ("0", 0, 0), ("2", 2, 2), ("1000", 5, 6)],
)
def test_how_much_is_played(net: Net, lines: str, known: int, new: int) -> None:
    ann, bob = device(net, "n1", "laptop"), net.client("n2", "bob")
    ann.send("JOIN #a")
    ann.sync()
    bob.send("JOIN #a", "PRIVMSG #a :before")
    bob.sync()
    assert told(ann, "ALWAYS-ON on") == ["ALWAYS-ON is on."]
    answer = "PLAYBACK is default." if lines == "default" else f"PLAYBACK is {lines} lines."
    assert told(ann, f"PLAYBACK {lines}") == [answer]
    ann.quit()
    net.run(2)
    for number in range(5):
        bob.send(f"PRIVMSG #a :{number}")
        bob.sync()
    one = device(net, "n3", "phone")
    net.run(2)
    assert said(one) == ["before", *"01234"][6 - new :]
    one.quit()
    net.run(2)
    two = device(net, "n2", "laptop")
    net.run(2)
    assert said(two) == [*"01234"][5 - known :]


def test_a_channel_is_hidden_and_shown_again(net: Net) -> None:
    laptop = device(net, "n1", "laptop")
    laptop.ask("JOIN #a")
    assert told(laptop, "ATTACH") == ["Detached: none"]
    assert told(laptop, "DETACH #a sometimes") == ["Syntax: DETACH <channel> [highlight]"]
    assert told(laptop, "DETACH #a") == ["You have detached #a. /join #a attaches the channel again."]
    assert told(laptop, "ATTACH") == ["Detached: #a"]
    assert any(line.endswith(" JOIN #a") for line in laptop.ask("PRIVMSG *circlet :ATTACH #a"))
    assert told(laptop, "ATTACH") == ["Detached: none"]
    assert told(laptop, "ATTACH #a") == ["That channel is not detached."]
    assert told(laptop, "DETACH #nowhere") == ["You are not in that channel."]
