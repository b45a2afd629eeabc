"""DATA and FORGET: what the network keeps of a person, and how the person deletes it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from config.history import ChannelHistory
from tests.gateway.commands.accounts import register
from tests.gateway.commands.stage import network, people
from tests.gateway.commands.talking import parsed
from tests.gateway.services.asking import told as nickserv
from tests.gateway.services.devices import CAPS, device, told
from tests.sim.net import Net


@pytest.fixture
def net() -> Net:
    net = network(3)
    (ann,) = people(net, "ann")
    assert any(line.startswith("REGISTER SUCCESS") for line in register(ann))
    ann.quit()
    net.run(1)
    return net


def test_what_is_stored(net: Net) -> None:
    ann, bob = device(net, "n1", "laptop"), net.client("n2", "bob")
    register(bob)
    ann.send("JOIN #a", "PRIVMSG bob :hello")
    ann.sync()
    told(ann, "DETACH #a")
    net.run(3)
    account, session, devices, throttles, channels, private = told(ann, "STORED")
    assert account.startswith("Account ann, since 20") and "0 certificates" in account
    assert session.startswith("Session: your nick, channels") and "for 30 days without you" in session
    assert devices.startswith("Devices: 1, ") and "0 read markers and 1 detached channels" in devices
    assert throttles.startswith("Wrong passwords")
    assert channels.startswith("What you say in channels: 30 days") and channels.endswith("You are in: #a")
    assert private.endswith("With: bob") and "are kept" in private
    assert told(ann, "PRIVATE off") == ["PRIVATE is off."]
    net.run(2)
    assert "are not kept" in told(ann, "STORED")[-1]
    settings = ann.node.core.edge.settings
    own = ChannelHistory(name="#a", keep_days=365, keep_lines=5_000)
    ann.node.core.edge.settings = replace(settings, channels={"#a": own})
    assert told(ann, "STORED")[4].endswith("You are in: #a (365 days, 5000 lines)")


def test_own_messages_are_forgotten(net: Net) -> None:
    """In a channel and in a conversation; those of an earlier session, too, and nobody else's."""
    ann, bob = device(net, "n1"), net.client("n2", "bob", f"{CAPS} draft/chathistory")
    register(bob)
    ann.send("JOIN #a", "PRIVMSG #a :early")
    ann.sync()
    bob.send("JOIN #a")
    bob.sync()
    ann.quit()
    net.run(3)
    ann = device(net, "n3")
    ann.send("JOIN #a")
    ann.sync()
    ann.send("PRIVMSG #a :mine", "PRIVMSG bob :secret")
    bob.sync()
    bob.send("PRIVMSG #a :his", "PRIVMSG ann :answer")
    ann.sync()
    net.run(2)
    assert told(ann, "FORGET #a") == ["What you have said in #a is deleted."]
    assert told(ann, "FORGET bob") == ["What you have said to bob is deleted."]
    ann.send("PRIVMSG #a :later")
    ann.sync()
    bob.lines()
    left = [line for target in ("#a", "ann") for line in bob.ask(f"CHATHISTORY LATEST {target} * 50")]
    assert [line.rsplit(":", 1)[1] for line in left if " PRIVMSG " in line] == ["his", "later", "answer"]


def test_who_registers_a_dropped_name_anew_does_not_own_what_was_said_under_it(net: Net) -> None:
    ann, bob = device(net, "n1"), net.client("n2", "bob", f"{CAPS} draft/chathistory")
    bob.ask("JOIN #a")
    ann.send("JOIN #a", "PRIVMSG #a :old")
    ann.sync()
    code = nickserv(ann, "DROP")[0].removesuffix(".").rsplit(" ", 1)[1]
    assert nickserv(ann, f"DROP {code}")[-1] == "Account ann is dropped."
    ann.quit()
    net.run(3)

    heir = net.client("n3", "ann", CAPS)
    heir.answers = 0  # type: ignore[attr-defined]
    assert any(line.startswith("REGISTER SUCCESS") for line in register(heir))
    heir.ask("JOIN #a")
    heir.send("PRIVMSG #a :new")
    heir.sync()
    net.run(1)
    old, new = bob.ask("CHATHISTORY LATEST #a * 50")
    said_before = parsed(old).tags
    assert said_before is not None and "new" in new
    (answer,) = heir.ask(f"REDACT #a {said_before['msgid']}")
    assert answer.startswith("FAIL REDACT REDACT_FORBIDDEN #a ")
    assert told(heir, "FORGET #a") == ["What you have said in #a is deleted."]
    assert bob.ask("CHATHISTORY LATEST #a * 50") == [old]
