"""How long a channel's messages are kept, and who may read older ones: SET HISTORY and READERS, wherever one reads."""

from __future__ import annotations

import pytest

from gateway.edge.accounts import upkeep
from gateway.state.channel import reading
from ring.ids import GroupId
from ring.storage.store import Range
from tests.gateway.commands.accounts import register
from tests.gateway.commands.stage import network, people, settle
from tests.gateway.commands.talking import CAPS, parsed, said
from tests.gateway.commands.test_history import history
from tests.gateway.services.test_chanserv import told
from tests.settings import edge_settings
from tests.sim.net import Client, Net

CHANNEL = GroupId("channel", "#c")
LATEST = "LATEST #c * 50"


@pytest.fixture
def short_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a day be 20 s long."""
    monkeypatch.setattr(reading, "DAY_MS", 20_000)
    monkeypatch.setattr(upkeep, "PASS_S", 60.0)


@pytest.fixture(params=[1, 3])
def net(request: pytest.FixtureRequest) -> Net:
    return network(request.param, disks=True)


def cast(net: Net) -> list[Client]:
    """ann has registered #c, bob has an account, eve has none; ann has said "old", and then bob and eve have come."""
    ann, bob, eve = people(net, "ann", "bob", "eve", caps=CAPS)
    register(ann)
    register(bob)
    ann.ask("JOIN #c")
    told(ann, "REGISTER #c")
    ann.ask("PRIVMSG #c :old")
    net.run(1)
    for one in (bob, eve):
        one.ask("JOIN #c")
    settle(ann, bob, eve)
    ann.ask("PRIVMSG #c :new")
    settle(ann, bob, eve)
    return [ann, bob, eve]


def played(client: Client) -> list[str]:
    """Return what *playback plays of all channels."""
    client.lines()
    client.send("PRIVMSG *playback :PLAY * 0")
    client.net.run(1)
    return said([line for line in client.lines() if " PRIVMSG #c :" in line and "batch=" in line])


def targets(client: Client) -> list[str]:
    early, late = "timestamp=2000-01-01T00:00:00.000Z", "timestamp=2099-01-01T00:00:00.000Z"
    return client.ask(f"CHATHISTORY TARGETS {early} {late} 10")[1:-1]


def test_the_founder_says_who_reads_older_messages(net: Net) -> None:
    ann, bob, eve = cast(net)
    assert said(history(eve, LATEST)) == ["old", "new"]
    (old, _) = history(ann, LATEST)
    msgid = parsed(old).tags["msgid"]  # type: ignore[index]
    assert told(ann, "SET #c READERS access") == ["READERS is access."]
    settle(ann, bob, eve)
    assert said(history(ann, LATEST)) == ["old", "new"]
    for one in (bob, eve):
        assert said(history(one, LATEST)) == ["new"]
        assert said(history(one, f"AROUND #c msgid={msgid} 9")) in ([], ["new"])
        assert "old" not in played(one)
        assert one.ask(f"REDACT #c {msgid}")[0].startswith("FAIL REDACT UNKNOWN_MSGID #c")
    assert told(ann, "FLAGS #c bob VOP") == ["bob has the flags AV."]
    settle(ann, bob, eve)
    assert said(history(bob, LATEST)) == ["old", "new"] and said(history(eve, LATEST)) == ["new"]
    assert told(ann, "SET #c READERS join") == ["READERS is join."]
    settle(ann, bob, eve)
    assert said(history(bob, LATEST)) == ["new"] and said(history(ann, LATEST)) == ["old", "new"]
    assert told(bob, "INFO #c")[-1] == "Settings: READERS join"
    assert told(ann, "SET #c READERS all") == ["READERS is all."]
    settle(ann, bob, eve)
    assert said(history(eve, LATEST)) == ["old", "new"]


@pytest.mark.interpreted
def test_older_messages_are_hidden_at_once_and_then_erased(short_days: None, net: Net) -> None:
    ann, bob, eve = cast(net)
    net.run(25)
    ann.ask("PRIVMSG #c :fresh")
    assert told(ann, "SET #c HISTORY 1") == ["HISTORY is 1 days."]
    settle(ann, bob, eve)
    for one in (ann, bob, eve):
        assert said(history(one, LATEST)) == ["fresh"]
        assert played(one) == ["fresh"]
    net.run(25)
    for one in (ann, bob, eve):
        assert said(history(one, LATEST)) == [] and targets(one) == []
    assert lines(net)
    for _ in range(4):
        net.run(30)
        settle(ann, bob, eve)
    assert lines(net) == [], net.now
    assert told(ann, "SET #c HISTORY off") == ["HISTORY is off."]
    settle(ann, bob, eve)
    assert said(history(ann, LATEST)) == []


def lines(net: Net) -> list[tuple[int, bytes]]:
    """Count the messages on the disks of all nodes."""
    assert net.disks is not None
    kept = [disk.lines(Range(CHANNEL, None, None, 1_000, False)) for disk in net.disks.values()]
    return [(line.at, line.event) for found in kept for line in found if b"fresh" in line.event or b"new" in line.event]


def test_the_operator_bounds_the_days() -> None:
    net = network(1, history=edge_settings().history.model_copy(update={"founder_min_days": 2}))
    ann, _, _ = cast(net)
    assert told(ann, "SET #c HISTORY 1") == ["HISTORY is 2 to 30 days, or off."]
    assert told(ann, "SET #c HISTORY 31") == ["HISTORY is 2 to 30 days, or off."]
    assert told(ann, "SET #c HISTORY 7") == ["HISTORY is 7 days."]
    assert told(ann, "INFO #c")[-1] == "Settings: HISTORY 7"
    assert any("You are in: #c (7 days)" in line for line in ann.ask("PRIVMSG *circlet STORED"))
    for bad in ("HISTORY x", "HISTORY -3", "READERS some", "HISTORY ½"):
        assert told(ann, f"SET #c {bad}")[0].startswith("Syntax: SET <channel>"), bad
    assert told(ann, "SET #c HISTORY 99999999999") == ["HISTORY is 2 to 30 days, or off."]


def test_a_network_without_messages_bounds_nothing() -> None:
    net = network(1, history=edge_settings().history.model_copy(update={"enabled": False}))
    ann, _, _ = cast(net)
    assert told(ann, "SET #c HISTORY 7") == ["This network keeps no messages."]
