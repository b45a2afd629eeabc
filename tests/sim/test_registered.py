"""Registered channels outlive nodes, power cuts and partitions, and nobody has a rank that the access does not give.

The founder ann and her friend bob have accounts; eve has none, and comes first wherever she can.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
import pytest

from config.accounts import Accounts
from gateway.edge.accounts import holdings, upkeep
from gateway.edge.procedures import run
from gateway.edge.session_ports import ignore
from gateway.state.account.messages import AddChannel
from gateway.state.channel import reading
from gateway.state.channel.channel import Channel
from gateway.state.channel.emptying_messages import Forbid
from gateway.state.channel.questions import Look
from gateway.state.channel.registration_messages import (
    Done,
    NotDone,
    Register,
    SetAccess,
    Unregister,
)
from gateway.state.channel.views import REGISTRATION
from gateway.state.nick.messages import Change
from gateway.state.people import Person
from ring.ids import GroupId
from tests.gateway.commands.accounts import Newcomer, register
from tests.settings import edge_settings, edge_with
from tests.sim.net import Client, Net
from tests.sim.stores import MemoryStore

CHANNEL = GroupId("channel", "#c")
SETTINGS = edge_settings(
    burst=10_000, rate=10_000, queued=10_000, per_address=0, accounts=Accounts(nick_protection="refuse")
)


@pytest.fixture
def net() -> Net:
    return Net(3, disks=True, edge=SETTINGS)


def profile(client: Client) -> Person:
    assert client.connection.user is not None
    return client.connection.user.person


def submit(net: Net, name: str, command: Any) -> Any:
    """Submit a command to the channel from a node; return the outcome."""
    found: list[Any] = []
    core = net.nodes[name].core
    net.turn(net.nodes[name], lambda: core.engine.submit(CHANNEL, command, found.append))
    assert net.until(lambda: bool(found), 8)
    return found[0]


def lives(net: Net, name: str = "n1") -> tuple[str, str]:
    """Make the accounts of ann and bob; return the ids of their registrations."""
    found = []
    for nick in ("ann", "bob"):
        client = net.client(name, nick)
        assert register(client)[-1].startswith("REGISTER SUCCESS")
        client.sync()
        found.append(profile(client).life)
        client.quit()
    net.run(2)
    return found[0], found[1]


def registered(net: Net, name: str = "n1") -> tuple[str, str]:
    """ann registers #c, sets topic and modes, gives bob access as operator, and all leave. Returns both ids."""
    ann_life, bob_life = lives(net, name)
    ann = enter(net, name, "ann")
    assert submit(net, name, Register("r1", profile(ann).uid, ann_life, "ann")) == Done("#c")
    assert submit(net, name, SetAccess(ann_life, "ann", bob_life, "bob", "O")) == Done("#c")
    ann.ask("TOPIC #c :kept", "MODE #c +mb x!*@*")
    ann.quit()
    net.run(1)
    return ann_life, bob_life


def enter(net: Net, name: str, nick: str) -> Client:
    """Let the owner of the account come to the node, log in, and join the channel."""
    client = Newcomer(net, name)
    assert client.log_in(nick, "sesame")[-1].startswith("903")
    client.enter(nick)
    client.ask("JOIN #c")
    return client


def ranks(net: Net, nick: str, name: str | None = None) -> str:
    """Return the ranks of a member as the nodes (or one node) with members of the channel know them."""
    said = set()
    for node in net.nodes.values():
        if not node.up or name not in (None, node.name):
            continue
        replica = node.core.engine.replicas.newest(CHANNEL)
        if replica is not None and replica.state.subscribers:
            assert isinstance(replica.state, Channel)
            said |= {m.prefixes for m in replica.state.members.values() if m.person.nick == nick}
    assert len(said) == 1, (nick, said)
    return said.pop()


def holders(net: Net) -> list[str]:
    """Return the names of the nodes that hold the channel."""
    found = []
    for name, node in net.nodes.items():
        replica = node.core.engine.replicas.newest(CHANNEL)
        if node.up and replica is not None and node.key in replica.members:
            found.append(name)
    return found


def power_cut(net: Net) -> None:
    """Cut the power of all nodes, and start all again some seconds later, each with its disk and its roster."""
    for name in net.nodes:
        net.kill(name)
    net.run(5)
    start(net, *net.nodes)
    net.run(15)


def start(net: Net, *names: str) -> None:
    records = [node.core.engine.peers.me for node in net.nodes.values()]
    for name in names:
        net.start(int(name[1:]), [record for record in records if record.key != net.nodes[name].key])


def test_a_registered_channel_outlives_a_power_cut_and_long_silence(net: Net) -> None:
    registered(net)
    net.run(1_000)
    power_cut(net)
    eve = net.client("n3", "eve")
    eve.ask("JOIN #c")
    assert eve.ask("TOPIC #c")[0] == "332 eve #c :kept"
    assert eve.ask("MODE #c")[0] == "324 eve #c +mnt"
    assert ranks(net, "eve") == "", "the first to come has no rank"
    enter(net, "n2", "bob")
    enter(net, "n1", "ann")
    net.run(1)
    assert (ranks(net, "ann"), ranks(net, "bob"), ranks(net, "eve")) == ("qo", "o", "")
    assert "MODE #c +qo ann ann" in "\n".join(eve.sync())


@pytest.mark.parametrize("victim", [0, 1])
def test_what_was_answered_is_there_though_a_holder_dies_with_the_answer(net: Net, victim: int) -> None:
    ann_life, bob_life = lives(net)
    ann = enter(net, "n1", "ann")
    assert submit(net, "n1", Register("r1", profile(ann).uid, ann_life, "ann")) == Done("#c")
    assert submit(net, "n1", SetAccess(ann_life, "ann", bob_life, "bob", "O")) == Done("#c")
    net.kill(holders(net)[victim])
    net.run(3)
    alive = next(name for name, node in net.nodes.items() if node.up)
    enter(net, alive, "bob")
    assert ranks(net, "bob") == "o"


@pytest.mark.parametrize("left", [0, 1])
def test_the_disk_of_one_holder_is_enough_after_a_power_cut_in_the_moment_of_the_answer(net: Net, left: int) -> None:
    ann_life, _ = lives(net)
    ann = enter(net, "n1", "ann")
    assert submit(net, "n1", Register("r1", profile(ann).uid, ann_life, "ann")) == Done("#c")
    lost = holders(net)[1 - left]
    assert net.disks is not None
    for name in net.nodes:
        net.kill(name)
    net.disks[lost] = MemoryStore()
    power_cut(net)
    enter(net, "n1", "ann")
    net.run(1)
    assert ranks(net, "ann") == "qo"


def test_while_all_holders_are_away_people_enter_without_rank_and_then_the_access_decides() -> None:
    net = Net(5, disks=True, edge=SETTINGS)
    registered(net)
    net.run(30)
    away = holders(net)
    assert len(away) == 2
    here = [name for name in net.nodes if name not in away]
    for name in away:
        net.kill(name)
    net.run(8)
    eve = net.client(here[0], "eve")
    eve.ask("JOIN #c")
    assert ranks(net, "eve") == ""
    assert submit(net, here[0], Register("r2", profile(eve).uid, "l9", "eve", override=True)) == NotDone("doubt")
    start(net, *away)
    net.run(40)
    enter(net, here[1], "bob")
    enter(net, here[2], "ann")
    net.run(2)
    assert (ranks(net, "ann"), ranks(net, "bob"), ranks(net, "eve")) == ("qo", "o", "")
    assert eve.ask("MODE #c")[0] == "324 eve #c +mnt"


def test_a_channel_that_nobody_had_registered_has_an_operator_after_the_doubt() -> None:
    net = Net(5, disks=True, edge=SETTINGS)
    net.run(10)
    gone = ("n4", "n5")
    for name in gone:
        net.kill(name)
    net.run(8)
    found = [name for name in net.nodes if name not in gone]
    channels = [f"#x{number}" for number in range(12)]
    eve = net.client(found[0], "eve")
    for channel in channels:
        eve.ask(f"JOIN {channel}")
    without = [channel for channel in channels if "@eve" not in " ".join(eve.ask(f"NAMES {channel}"))]
    assert without, "some of the channels have a missing node among their first owners"
    start(net, *gone)
    net.run(45)
    for channel in channels:
        assert "@eve" in " ".join(eve.ask(f"NAMES {channel}")), channel


def test_nobody_registers_while_too_few_nodes_are_there_and_talk_goes_on() -> None:
    net = Net(2, disks=True, edge=SETTINGS)
    ann_life, bob_life = lives(net)
    ann = enter(net, "n1", "ann")
    eve = net.client("n1", "eve")
    eve.ask("JOIN #c")
    net.kill("n2")
    net.run(8)
    assert submit(net, "n1", Register("r1", profile(ann).uid, ann_life, "ann")) == NotDone("absent")
    start(net, "n2")
    net.run(15)
    assert submit(net, "n1", Register("r1", profile(ann).uid, ann_life, "ann")) == Done("#c")
    net.kill("n2")
    net.run(8)
    assert submit(net, "n1", SetAccess(ann_life, "ann", bob_life, "bob", "O")) == NotDone("absent")
    ann.ask("PRIVMSG #c :we talk on", "TOPIC #c :alone", "MODE #c +i")
    assert [line for line in eve.sync() if "PRIVMSG #c :we talk on" in line]
    assert eve.ask("TOPIC #c")[0] == "332 eve #c :alone"
    start(net, "n2")
    net.run(15)
    assert submit(net, "n1", SetAccess(ann_life, "ann", bob_life, "bob", "O")) == Done("#c")


def test_a_dropped_channel_is_not_brought_back_by_a_node_that_missed_the_drop(net: Net) -> None:
    ann_life, _ = registered(net)
    missed = holders(net)[1]
    net.kill(missed)
    net.run(8)
    alive = next(name for name, node in net.nodes.items() if node.up)
    assert submit(net, alive, Unregister(ann_life)) == Done("#c")
    power_cut(net)
    net.run(15)
    eve = net.client(missed, "eve")
    eve.ask("JOIN #c")
    assert ranks(net, "eve") == "o", "the channel is as any other"
    assert submit(net, alive, Unregister(ann_life)) == NotDone("unregistered")


def test_a_partition_gives_nobody_a_registered_channel() -> None:
    net = Net(5, disks=True, edge=SETTINGS)
    registered(net)
    net.run(30)
    kept = holders(net)
    outside = [name for name in net.nodes if name not in kept]
    net.links.isolate({net.nodes[name].key for name in outside}, {net.nodes[name].key for name in kept})
    net.run(10)
    eve = net.client(outside[0], "eve")
    eve.ask("JOIN #c")
    assert ranks(net, "eve", outside[0]) == ""
    eve.ask("MODE #c +k mine")
    bob = enter(net, kept[0], "bob")
    net.links.heal()
    net.run(40)
    assert (ranks(net, "eve"), ranks(net, "bob")) == ("", "o")
    assert bob.ask("MODE #c")[0] == "324 bob #c +mnt"


def test_of_two_registrations_on_two_sides_the_older_stays() -> None:
    net = Net(4, disks=True, edge=SETTINGS)
    ann_life, bob_life = lives(net)
    net.run(5)
    ann, bob = enter(net, "n1", "ann"), enter(net, "n3", "bob")
    ann.ask("MODE #c +o bob")
    net.run(2)
    left, right = [{net.nodes[name].key for name in side} for side in (("n1", "n2"), ("n3", "n4"))]
    net.links.isolate(left, right)
    net.run(10)
    assert submit(net, "n1", Register("r1", profile(ann).uid, ann_life, "ann")) == Done("#c")
    net.run(2)
    assert submit(net, "n3", Register("r2", profile(bob).uid, bob_life, "bob")) == Done("#c")
    net.links.heal()
    net.run(40)
    assert ranks(net, "ann") == "qo"
    assert "q" not in ranks(net, "bob")
    assert any("NOTICE bob :Your registration of #c is void: ann has registered" in line for line in bob.got)
    assert submit(net, "n3", Unregister(bob_life)) == NotDone("access")


@pytest.mark.interpreted
def test_a_registration_ends_if_nobody_with_access_comes_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day has 100 s: the master ends the registration, whichever nodes have died since."""
    monkeypatch.setattr(reading, "DAY_MS", 100_000)
    monkeypatch.setattr(upkeep, "PASS_S", 20.0)
    accounts = Accounts(nick_protection="refuse", channel_expire_days=2)
    net = Net(3, disks=True, edge=edge_with(SETTINGS, accounts=accounts))
    registered(net)
    bob = enter(net, "n2", "bob")
    net.run(150)
    bob.sync()
    net.run(100)
    bob.sync()
    assert known(net) is not None, "bob is there"
    bob.quit()
    gone = net.now
    net.kill(holders(net)[0])
    net.run(30)
    start(net, *(name for name, node in net.nodes.items() if not node.up))
    net.run(140)
    assert known(net) is not None and net.now - gone < 200
    net.run(120)
    assert known(net) is None
    power_cut(net)
    assert known(net) is None


def known(net: Net) -> Any:
    """Return the registration as the channel's group answers."""
    found: list[Any] = []
    node = net.nodes["n1"]
    net.turn(node, lambda: node.core.engine.ask(CHANNEL, Look("", REGISTRATION), found.append))
    assert net.until(lambda: bool(found), 8) and found[0] is not None and not found[0].doubtful
    return found[0].registration


def test_a_channel_stays_forbidden_through_a_partition_and_a_power_cut() -> None:
    """The other side, which has not heard of the ban, lets people in: these are put out when the sides meet."""
    net = Net(5, disks=True, edge=SETTINGS)
    registered(net)
    net.run(30)
    kept = holders(net)
    outside = [name for name in net.nodes if name not in kept]
    net.links.isolate({net.nodes[name].key for name in outside}, {net.nodes[name].key for name in kept})
    net.run(10)
    eve = net.client(outside[0], "eve")
    eve.ask("JOIN #c")
    assert submit(net, kept[0], Forbid("ChanServ", "why", "root")) == Done("#c")
    net.links.heal()
    net.run(40)
    assert any(" KICK #c eve " in line for line in eve.got)
    assert eve.ask("JOIN #c")[-1].startswith("448 ")
    power_cut(net)
    assert net.client("n2", "dan").ask("JOIN #c")[-1].startswith("448 ")
    assert submit(net, "n1", Forbid("ChanServ", "", "root", over=True)) == Done("#c")
    assert "JOIN #c" in " ".join(net.client("n2", "fay").ask("JOIN #c"))


@pytest.mark.interpreted
def test_a_node_that_dies_in_the_midst_of_a_drop_leaves_no_channel_without_owner(
    net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account is gone, and the edge has told no channel: the channel asks after its accounts."""
    monkeypatch.setattr(upkeep, "PASS_S", 20.0)
    ann_life, bob_life = registered(net)
    monkeypatch.setattr(holdings, "bereave", lambda *_: None)
    edge = net.nodes["n1"].core.edge
    for name, life in (("bob", bob_life), ("ann", ann_life)):
        net.turn(net.nodes["n1"], partial(run, edge, holdings.drop(edge, name, life), ignore))
        net.run(2)
    found = known(net)
    assert found is not None and bob_life in found.access
    net.run(400)
    assert known(net) is None


def test_an_account_that_has_lost_a_channel_is_told_at_the_next_login(net: Net) -> None:
    ann_life, _ = registered(net)
    add, engine = AddChannel(ann_life, "#c", 20), net.nodes["n1"].core.engine
    net.turn(net.nodes["n1"], lambda: engine.submit(GroupId("account", "ann"), add))
    assert submit(net, "n1", Unregister("", "r1", override=True)) == Done("#c")
    text = "#c is not a channel of your account any more: nobody has registered it now."
    for name, nick in (("n2", "ann"), ("n3", "ann2")):
        ann = Newcomer(net, name)
        assert ann.log_in("ann", "sesame")[-1].startswith("903")
        ann.enter(nick)
        net.run(10)
        assert any(text in line for line in ann.got) == (nick == "ann"), "once"


def test_a_profile_that_has_lost_its_account_gets_the_ranks_again_without_a_login(net: Net) -> None:
    """As after a start without roster files: the network acts below level 2 for some seconds, and keeps no ids."""
    _, bob_life = registered(net)
    bob = enter(net, "n2", "bob")
    eve = net.client("n3", "eve")
    eve.ask("JOIN #c")
    assert ranks(net, "bob") == "o"
    user, engine = bob.connection.user, net.nodes["n2"].core.engine
    assert user is not None
    lost = msgspec.structs.replace(user.person, life="")
    net.turn(net.nodes["n2"], lambda: engine.submit(user.identity.home, Change(lost)))
    net.run(2)
    assert ranks(net, "bob") == "" and profile(bob).life == ""
    net.run(70)
    assert ranks(net, "bob") == "o" and profile(bob).life == bob_life
