"""Cloaks through faults: nobody reads an address, a person has the same cloak after every takeover (P54)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.irc.cloaks import cloaked
from gateway.services import hostserv
from gateway.state.account.messages import ChangeVhost
from ring.features import LEVEL
from ring.ids import GroupId
from tests.gateway.commands.accounts import Newcomer, register
from tests.sim import chaos
from tests.sim.chaos import Story
from tests.sim.kinds import BANS, DEVICES, REGISTRATIONS, TALK, Kind
from tests.sim.net import Client, Net, Node

KEY = b"k" * 32
ADDRESS = "10.0.0.1"
CLOAK = cloaked(KEY, ADDRESS)
CLOAKED = replace(chaos.EDGE, cloak_key=KEY)


@pytest.fixture
def with_cloaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chaos, "EDGE", CLOAKED)


def leaks(clients: list[Client]) -> list[str]:
    """Return the lines with an address, but for the client's own: at the login and in the last line."""
    lines = (line for client in clients for line in client.got if not line.startswith("ERROR ") and " 900 " not in line)
    return [line for line in lines if "10.0.0." in line.replace("127.0.0.1", "")]


@pytest.mark.usefixtures("with_cloaks")
@pytest.mark.parametrize("seed", [seed for seed in range(540_001, 540_015) if seed % 7])
def test_nobody_reads_an_address_through_any_fault(seed: int) -> None:
    story = TALK.hold(seed)
    assert not leaks(story.people)
    assert {user.person.host for node in up(story) for user in node.core.edge.users.values()} == {CLOAK}


@pytest.mark.usefixtures("with_cloaks")
@pytest.mark.parametrize(
    ("kind", "seed"), [(DEVICES, 540_101), (DEVICES, 540_103), (BANS, 540_102), (REGISTRATIONS, 540_104)]
)
def test_sessions_keep_their_cloak_through_any_fault(kind: Kind, seed: int) -> None:
    story = kind.hold(seed)
    assert not leaks([client for node in story.net.nodes.values() for client in node.clients.values()])
    people = [user.person for node in up(story) for user in node.core.edge.users.values()]
    assert all(person.host == person.cloak == cloaked(KEY, person.address) for person in people)


@pytest.mark.usefixtures("with_cloaks")
@pytest.mark.parametrize("seed", [540_022 // 7 * 7, 540_050 // 7 * 7, 770_035])
def test_people_get_cloaks_during_an_upgrade_through_any_fault(seed: int) -> None:
    """Before the last old node is upgraded, addresses are shown as ever."""
    story = TALK.hold(seed)
    if all(node.core.engine.level >= 3 for node in up(story)):
        story.net.run(10)
        people = [user.person for node in up(story) for user in node.core.edge.users.values()]
        assert {(person.host, person.cloak, person.address) for person in people} == {(CLOAK, CLOAK, ADDRESS)}


def up(story: Story) -> list[Node]:
    return [node for node in story.net.nodes.values() if node.up]


def test_people_get_cloaks_once_the_last_old_node_is_upgraded() -> None:
    net = Net(2, level=2, edge=CLOAKED)
    ann = net.client("n1", "ann", "chghost")
    ann.ask("JOIN #c")
    assert ann.ask("MODE ann", "MODE ann +x") == ["221 ann +", "501 ann :Unknown MODE flag"]
    assert ann.ask("PRIVMSG HostServ :REQUEST ann.example.org")[-1].endswith(
        (
            "You are not logged in. Log in with SASL, or with /msg NickServ IDENTIFY [account] <password>.",
            hostserv.TOO_OLD,
        )
    )
    assert any(f"@{ADDRESS}" in line for line in ann.got)
    net.leave("n2")
    net.run(1)
    net.start(2, level=LEVEL)
    net.run(3)
    bob = net.client("n2", "bob", "chghost")
    bob.ask("JOIN #c")
    assert any(f"@{ADDRESS}" in line for line in ann.sync() + bob.got), "an old node is there: as ever"
    ann.send("QUIT")
    net.leave("n1")
    net.run(1)
    net.start(1, level=LEVEL)
    net.run(10)
    assert [node.core.engine.level for node in net.nodes.values()] == [LEVEL, LEVEL]
    assert f":bob!~bob@{ADDRESS} CHGHOST ~bob {CLOAK}" in bob.got
    eve = net.client("n1", "eve")
    eve.ask("JOIN #c", "WHOIS bob", "WHO #c")
    assert not leaks([eve])


@pytest.mark.parametrize("dies", ["n1", "n2"])
def test_a_host_and_a_cloak_outlive_the_node_of_the_session(dies: str) -> None:
    net = Net(3, disks=True, edge=CLOAKED)
    ann, eve = net.client(dies, "ann"), net.client("n3", "eve", "chghost")
    register(ann)
    for one in (ann, eve):
        one.ask("JOIN #c")
    engine, done = net.nodes["n3"].core.engine, list[object]()
    group = GroupId("account", "ann")
    command = ChangeVhost("", "activate", "ann.example.org", "root")
    net.turn(net.nodes["n3"], lambda: engine.submit(group, command, done.append))
    assert net.until(lambda: bool(done), 10)
    user = ann.connection.user
    assert user is not None
    net.turn(ann.node, lambda: ann.node.core.edge.sessions.look_up(user))
    assert net.until(lambda: f":ann!~ann@{CLOAK} CHGHOST ~ann ann.example.org" in eve.got, 10)
    net.run(3)
    net.kill(dies)
    net.run(2)
    other = "n2" if dies == "n1" else "n1"
    again = Newcomer(net, other, "sasl")
    again.log_in("ann", "sesame")
    again.enter("ann")
    net.run(3)
    eve.sync()
    assert any("ann.example.org" in line for line in eve.ask("WHOIS ann"))
    assert not any("@ann.example.org CHGHOST" in line or "@ann.example.org QUIT" in line for line in eve.got)
    person = next(user.person for user in net.nodes[other].core.edge.users.values() if user.person.nick == "ann")
    assert (person.host, person.cloak, person.address) == ("ann.example.org", CLOAK, ADDRESS)
