"""Accounts across nodes: made on one node, known on all; never lost once confirmed, never in two states."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import msgspec
import pytest

from config.accounts import Accounts
from gateway.edge.accounts import holdings
from gateway.edge.procedures import run
from gateway.state.account.messages import Accepted, InfoView, LoginView
from gateway.state.account.messages import Login as AskLogin
from gateway.state.throttle.messages import HowLong, Wait
from ring.engine import Engine
from ring.ids import GroupId
from tests.gateway.commands.accounts import Newcomer, log_in, register
from tests.settings import edge_settings
from tests.sim.net import Client, Net

ANN = GroupId("account", "ann")
SETTINGS = edge_settings(
    burst=10_000,
    rate=10_000,
    queued=10_000,
    per_address=0,
    accounts=Accounts(nick_protection="refuse"),
)


@pytest.fixture
def net() -> Net:
    return Net(3, disks=True, edge=SETTINGS)


def made(net: Net, node: str = "n1", password: str = "sesame") -> Client:
    ann = net.client(node, "ann")
    assert register(ann, password)[-1].startswith("REGISTER SUCCESS ann")
    return ann


def known(net: Net, node: str) -> LoginView | None:
    """Return the node's view of the account."""
    found: list[LoginView | None] = []
    core = net.nodes[node].core
    net.turn(net.nodes[node], lambda: core.engine.ask(ANN, AskLogin(), found.append))
    assert net.until(lambda: bool(found), 6)
    return found[0]


def gets_in(net: Net, node: str, password: str = "sesame") -> bool:
    return Newcomer(net, node).log_in("ann", password)[-1].startswith("903")


def owner(net: Net) -> str:
    """Return the name of the account's master."""
    (name,) = net.masters(ANN)
    return name


def test_who_registered_on_one_node_logs_in_on_all_at_once(net: Net) -> None:
    made(net, "n1")
    second, third = Newcomer(net, "n2"), Newcomer(net, "n3")
    for client in (second, third):
        client.send("AUTHENTICATE PLAIN", "AUTHENTICATE AGFubgBzZXNhbWU=")
    for client in (second, third):
        assert "903" in client.hear(" 903 ", " 904 ")[-1]
    assert second.enter("ann2")[-1] == "221 ann +r"  # ann is here already, and one person


@pytest.mark.parametrize("victim", ["master", "backup"])
@pytest.mark.parametrize("at", ["n1", "n2", "n3"])
def test_a_registration_that_was_confirmed_outlives_a_node(net: Net, victim: str, at: str) -> None:
    """The node dies in the moment of the answer to REGISTER."""
    made(net, at)
    master = owner(net)
    holders = [
        name
        for name, node in net.nodes.items()
        if name != master and (f := node.core.engine.replicas.followers.get(ANN)) is not None and f.is_backup
    ]
    assert len(holders) == 1
    dead = master if victim == "master" else holders[0]
    net.kill(dead)
    for name in net.nodes:
        if name != dead:
            assert gets_in(net, name), name
            assert not gets_in(net, name, "mellon")


def test_a_network_that_was_off_has_its_accounts(net: Net) -> None:
    made(net)
    net.run(1)
    for name in net.nodes:
        net.kill(name)
    net.run(5)
    for number in (1, 2, 3):
        net.start(number)
    net.run(5)
    for name in net.nodes:
        assert gets_in(net, name), name
    other = net.client("n2", "bob")
    assert register(other, name="ann")[0].startswith("FAIL REGISTER ACCOUNT_EXISTS ann ")


def test_nobody_registers_a_name_while_those_are_away_who_may_know_whose_it_is(net: Net) -> None:
    """P37: the nodes with the account are off; the third node says "unknown", and makes no account."""
    made(net)
    net.run(1)
    master = owner(net)
    away = [
        name
        for name, node in net.nodes.items()
        if name == master or ((f := node.core.engine.replicas.followers.get(ANN)) is not None and f.is_backup)
    ]
    left = next(name for name in net.nodes if name not in away)
    for name in net.nodes:
        net.kill(name)
    net.start(int(left[1:]), [node.core.engine.peers.me for node in net.nodes.values()])
    net.run(8)
    client = Newcomer(net, left)
    client.send("NICK ann")
    assert register(client, "mellon")[0].startswith("FAIL REGISTER TEMPORARILY_UNAVAILABLE ann ")
    assert client.log_in("ann", "sesame")[-1] == "904 * :SASL authentication failed: try again later"
    for name in away:
        net.start(int(name[1:]), [node.core.engine.peers.me for node in net.nodes.values()])
    net.run(8)
    assert gets_in(net, left)


def isolate(net: Net, name: str) -> None:
    alone = {net.nodes[name].key}
    net.links.isolate(alone, {node.key for node in net.nodes.values()} - alone)


@pytest.mark.parametrize("seed", range(5))
def test_of_two_registrations_in_a_partition_the_older_stays(seed: int) -> None:
    """In memory alone both sides can make an account; on disks the smaller side would wait (P37)."""
    net = Net(3, seed, edge=SETTINGS)
    isolate(net, "n1")
    net.run(10)
    first = made(net, "n1", "the first")
    net.run(3)
    second = made(net, "n2", "the second")
    assert first.connection.login is not None
    assert second.connection.login is not None
    net.links.heal()
    net.run(30)
    views = [known(net, name) for name in net.nodes]
    assert all(view == views[0] for view in views)
    assert isinstance(views[0], LoginView)
    assert views[0].life == first.connection.login.life
    net.run(100)  # the owner of the other account is told that the account is gone
    assert second.connection.login is None
    assert second.connection.user is None or second.connection.user.person.account is None
    for name in net.nodes:
        assert gets_in(net, name, "the first")
        assert not gets_in(net, name, "the second")


def test_a_drop_in_a_partition_beats_what_was_changed_before_it() -> None:
    net = Net(3, edge=SETTINGS)
    ann = made(net)
    login = ann.connection.login
    assert login is not None
    net.run(2)
    alone = owner(net)
    isolate(net, alone)
    net.run(10)
    other = next(name for name in net.nodes if name != alone)
    outcomes: list[object] = []
    for name, do in (
        (other, lambda edge: holdings.add_nick(edge, login, "annie")),
        (alone, lambda edge: holdings.drop(edge, "ann", login.life)),
    ):
        edge = net.nodes[name].core.edge
        net.turn(net.nodes[name], lambda do=do, edge=edge: run(edge, do(edge), outcomes.append))
        net.run(5)
    assert outcomes == [Accepted("ann")] * 2
    net.links.heal()
    net.run(30)
    assert [known(net, name) for name in net.nodes] == [LoginView()] * 3
    assert not any(gets_in(net, name) for name in net.nodes)


@pytest.mark.parametrize("attached", [True, False])
def test_what_an_old_replica_says_of_an_account_expels_nobody(
    net: Net, monkeypatch: pytest.MonkeyPatch, attached: bool
) -> None:
    """While the better informed nodes are away, the answer may be of an earlier registration of the same name (P37)."""
    ann = made(net)
    net.run(2)
    user = ann.connection.user
    assert user is not None
    assert user.session.account == "ann"
    edge = net.nodes["n1"].core.edge
    if not attached:
        net.turn(net.nodes["n1"], lambda: edge.clients.gone(ann.connection, "Connection reset"))
    read = []

    def ask(group: GroupId, question: object, then: Callable[[object], None]) -> None:
        assert group == ANN
        read.append(question)
        then(InfoView(name="ann", life="an earlier one"))

    with monkeypatch.context() as patch:
        patch.setattr(edge.network, "ask", ask)
        net.turn(net.nodes["n1"], lambda: edge.sessions.look_up(user))
        net.run(100 if attached else 2)
    assert len(read) > attached
    assert edge.users[user.uid] is user
    assert not user.quitting
    if attached:
        assert ann.connection.login is not None


def test_throttles_outlive_the_node_that_keeps_them(net: Net) -> None:
    made(net)
    net.run(1.0)  # the account's group knows the address of its owner
    for number in range(7):
        log_in(Newcomer(net, f"n{number % 3 + 1}"), "ann", "mellon")
    mastered = {group: m for node in net.nodes.values() for group, m in node.core.engine.replicas.masters.items()}
    guards = {group: m for group, m in mastered.items() if group.name.startswith("account:ann")}
    fails = {
        group: m.replica.state.answer(HowLong(), net.nodes["n1"].core.engine.now_ms).fails
        for group, m in guards.items()
    }
    guard = max(fails, key=lambda group: fails[group])
    assert fails[guard] >= 6  # all from where she is known, but perhaps the first
    (master,) = net.masters(guard)
    net.kill(master)
    found: list[Wait] = []
    left = next(node for name, node in net.nodes.items() if name != master)
    net.turn(left, lambda: left.core.engine.ask(guard, HowLong(), found.append))
    assert net.until(lambda: bool(found), 5)
    assert found[0].fails == fails[guard]


@pytest.mark.parametrize("seed", range(10))
def test_a_nick_is_protected_while_nodes_die(seed: int) -> None:
    """The account's master dies while a stranger comes: the stranger gets the nick only if nobody could tell whose nick
    that is.
    """
    net = Net(3, seed, disks=True, edge=SETTINGS)
    ann = made(net)
    ann.quit()
    net.run(3)
    master = owner(net)
    left = [name for name in net.nodes if name != master]
    stranger = Newcomer(net, left[seed % 2])
    stranger.send("CAP END", "NICK ann", "USER x 0 * :x")
    net.kill(master)
    stranger.hear(" 433 ", " 221 ")
    net.run(100)
    assert stranger.connection.user is None or stranger.nick_now != "ann"


def test_a_network_that_is_stopped_as_a_whole_waits_for_nobody(net: Net) -> None:
    """There is no node to hand anything to; all is on disk."""
    made(net)
    nodes = list(net.nodes.values())
    for node in nodes:
        record = msgspec.structs.replace(node.core.engine.peers.me, leaving=True)
        net.turn(node, partial(node.core.engine.leave, record))
    assert net.until(lambda: not any(node.core.holds_groups for node in nodes), 1)
    for node in nodes:
        net.kill(node.name)
    for number in range(1, len(nodes) + 1):
        net.start(number)
    net.run(3)
    assert gets_in(net, "n2")


# Nodes that are missing (P37) -----------------------------------------------------------------------------------------


def dead(net: Net, *names: str) -> None:
    for name in names:
        net.kill(name)
    net.run(3)


def somebody(net: Net, node: str, nick: str) -> Client:
    """Return a client with an address of its own: an address may register only some accounts."""
    net.serial += 1
    client = Client(net, net.nodes[node], nick, address=f"10.1.{net.serial // 250}.{net.serial % 250}")
    assert net.until(lambda: any(" 221 " in line for line in client.got), 10), client.got
    return client


def works_as_ever(net: Net, node: str, name: str) -> None:
    """An account is made, changed and dropped there."""
    client = somebody(net, node, name)
    assert register(client, "sesame")[-1].startswith(f"REGISTER SUCCESS {name}"), (node, name)
    assert client.ask("PRIVMSG NickServ :SET ALWAYS-ON on")[-1].endswith(":ALWAYS-ON is on.")
    assert client.ask("PRIVMSG NickServ :PASSWD sesame mellon")[-1].endswith(":Your password is changed.")
    assert Newcomer(net, node).log_in(name, "mellon")[-1].startswith("903")
    code = client.ask("PRIVMSG NickServ :DROP")[-1].split()[-1]
    assert any(line.endswith(f":Account {name} is dropped.") for line in client.ask(f"PRIVMSG NickServ :DROP {code}"))


@pytest.mark.parametrize("victim", ["n1", "n2", "n3"])
@pytest.mark.parametrize("directories", [0, 2])
def test_with_one_node_missing_accounts_work_as_ever(victim: str, directories: int) -> None:
    """New names, and names of accounts held by the dead node; long after, too, when no directory lists the node any
    more."""
    net = Net(3, disks=True, edge=SETTINGS, directories=directories)
    keepers = [net.client(f"n{number}", f"old{number}") for number in (1, 2, 3)]
    for keeper in keepers:
        assert register(keeper, "sesame")[-1].startswith("REGISTER SUCCESS")
    dead(net, victim)
    for round_ in range(2):
        for name, node in net.nodes.items():
            if node.up:
                works_as_ever(net, name, f"new{round_}{name}")
                for keeper in keepers:
                    assert Newcomer(net, name).log_in(keeper.nick, "sesame")[-1].startswith("903")
                    taken = register(somebody(net, name, f"x{round_}{name}{keeper.nick}"), name=keeper.nick)
                    assert taken[0].startswith(f"FAIL REGISTER ACCOUNT_EXISTS {keeper.nick} ")
        net.run(30)
    net.start(int(victim[1:]), [node.core.engine.peers.me for node in net.nodes.values() if node.up])
    net.run(8)
    for keeper in keepers:
        for name in net.nodes:
            assert Newcomer(net, name).log_in(keeper.nick, "sesame")[-1].startswith("903")


def test_a_node_that_never_held_anything_stops_no_registration(net: Net) -> None:
    """The node announced itself, and could not bind its port: the port refuses, and no node was ever linked to the
    node.
    """
    record = msgspec.structs.replace(
        net.nodes["n1"].core.engine.peers.me, key="127.0.0.9", ip="127.0.0.9", name="n9.sim"
    )
    for node in net.nodes.values():
        net.turn(node, lambda n=node: n.core.engine.learn([record]))  # type: ignore[misc]
        net.turn(node, lambda n=node: n.core.engine.lost(record.key, record.incarnation, "refused"))  # type: ignore[misc]
    for name in net.nodes:
        works_as_ever(net, name, f"new{name}")


def test_with_as_many_missing_as_hold_a_group_registering_waits_and_names_them() -> None:
    net = Net(4, disks=True, edge=SETTINGS)
    dead(net, "n3", "n4")
    client = net.client("n1", "ann")
    assert register(client) == [
        "FAIL REGISTER TEMPORARILY_UNAVAILABLE ann :The nodes that keep accounts do not answer "
        "(missing: n3.sim, n4.sim): try again in a minute"
    ]
    assert client.node.core.engine.roles.silent.waiting == 0  # nobody ever had an account: nothing waits
    net.start(3, [node.core.engine.peers.me for node in net.nodes.values() if node.up])
    net.run(5)
    assert register(client)[-1].startswith("REGISTER SUCCESS ann")


def test_of_two_nodes_one_registers_nobody_alone() -> None:
    """The other, started alone later, could not know."""
    net = Net(2, disks=True, edge=SETTINGS)
    dead(net, "n2")
    answer = register(net.client("n1", "ann"))
    assert answer[0].startswith("FAIL REGISTER TEMPORARILY_UNAVAILABLE ann ")
    assert "n2.sim" in answer[0]


@pytest.mark.parametrize("seed", range(1, 11))
def test_what_one_node_alone_holds_is_registered_by_nobody_else_when_it_dies(seed: int) -> None:
    """A network of one node has accounts; two more nodes come, and the first dies before its sets have grown."""
    net = Net(1, seed, disks=True, edge=SETTINGS)
    made(net, "n1", "the first")
    for number in (2, 3):
        net.start(number)
    net.run(0.05 * seed)  # the nodes are linked, and hear of the first node's thin sets
    net.kill("n1")
    net.run(8)
    client = Newcomer(net, "n2")
    client.send("NICK ann")
    answer = register(client, "the second")[0]
    assert answer.startswith(("FAIL REGISTER ACCOUNT_EXISTS ann", "FAIL REGISTER TEMPORARILY_UNAVAILABLE ann")), answer
    net.start(1, [node.core.engine.peers.me for node in net.nodes.values() if node.up])
    net.run(10)
    for name in net.nodes:
        assert gets_in(net, name, "the first"), name


def test_old_builds_keep_the_old_rule(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old builds do not say whether their sets are thin."""
    monkeypatch.setattr(Engine, "level", property(lambda self: 0))
    dead(net, "n3")
    assert register(net.client("n1", "ann"))[0].startswith("FAIL REGISTER TEMPORARILY_UNAVAILABLE ann ")


def test_asking_for_names_that_nobody_has_leaves_nothing_behind() -> None:
    net = Net(4, disks=True, edge=SETTINGS)
    dead(net, "n3", "n4")
    for number in range(20):
        Newcomer(net, "n1").send("CAP END", f"NICK stranger{number}", "USER x 0 * :x")
    net.run(10)
    for name in ("n1", "n2"):
        searches = net.nodes[name].core.engine.replicas.recoveries
        assert not [group for group in searches if group.kind == "account"]
