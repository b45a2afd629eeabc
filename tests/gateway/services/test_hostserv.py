"""Hosts of accounts: requests, and what operators do with requests, from any node."""

from __future__ import annotations

import pytest

from config.accounts import Accounts
from config.cloaks import Cloaks
from gateway.irc.cloaks import cloaked
from gateway.services.hostserv import NOBODY
from gateway.services.table import NO_OPERATOR, NOT_LOGGED_IN
from gateway.state.account.messages import Accepted, ChangeVhost, Denied, Info
from ring.ids import GroupId
from tests.gateway.commands.accounts import ANSWERED_S, Newcomer, log_in, register
from tests.gateway.commands.stage import OPERATOR, network, people, settle
from tests.settings import section
from tests.sim.net import Client, Net

KEY = b"k" * 32
CLOAK = cloaked(KEY, "10.0.0.1")
BAD = "A host consists of words of letters, digits and hyphens, with dots between, such as joe.example.org."


def stage(nodes: int = 3) -> tuple[Net, Client, Client, Client]:
    """ann has an account, bob has not, and root is an operator; everybody on a node of their own, and in #c."""
    net = network(nodes, operators=(OPERATOR,), cloak_key=KEY, disks=True)
    ann, bob, root = people(net, "ann", "bob", "root", caps="chghost")
    for one in (ann, bob, root):
        one.ask("JOIN #c")
    register(ann)
    root.ask("OPER root sesame")
    settle(ann, bob, root)
    return net, ann, bob, root


def told(client: Client, text: str) -> list[str]:
    """Return HostServ's answers."""
    client.lines()
    client.send(f"HS {text}")
    assert client.net.until(lambda: any(":HostServ!" in line for line in client.got[client.read :]), ANSWERED_S)
    return [line.split(" :", 1)[1] for line in client.sync() if line.startswith(":HostServ!")]


def waiting(root: Client) -> list[str]:
    return [line.partition(" (")[0] for line in told(root, "LIST")[:-1]]


@pytest.mark.parametrize("nodes", [1, 3])
def test_a_request_is_listed_and_activated(nodes: int) -> None:
    net, ann, bob, root = stage(nodes)
    assert told(ann, "REQUEST ann.example.org") == [
        "Your request for ann.example.org is kept: an operator will decide."
    ]
    assert told(ann, "LIST") == ["You have no host.", "Your request for ann.example.org waits for an operator."]
    assert waiting(root) == ["ann wants ann.example.org"]
    assert told(root, "ACTIVATE ann") == ["ann has ann.example.org."]
    assert net.until(lambda: f":ann!~ann@{CLOAK} CHGHOST ~ann ann.example.org" in bob.got, 5)
    assert waiting(root) == []
    assert told(ann, "LIST") == ["Your host is ann.example.org."]
    assert told(ann, "OFF") == ["ann has no host now."]
    assert net.until(lambda: f":ann!~ann@ann.example.org CHGHOST ~ann {CLOAK}" in bob.got, 5)
    assert told(ann, "LIST") == ["You have no host."]


def test_a_request_is_rejected_with_a_reason() -> None:
    _, ann, _, root = stage()
    told(ann, "REQUEST ann.example.org")
    assert told(root, "REJECT ann not yours") == ["The request of ann is refused."]
    assert told(ann, "LIST") == ["You have no host.", "Your request was refused: not yours"]
    assert told(root, "REJECT ann") == ["ann has not asked for a host."]
    assert told(root, "ACTIVATE ann") == ["ann has not asked for a host: name a host."]
    assert told(root, "ACTIVATE ann other.example.org") == ["ann has other.example.org."]
    assert told(root, "OFF ann") == ["ann has no host now."]


def test_a_host_is_there_at_the_login_and_a_ban_on_the_cloak_holds() -> None:
    net, ann, _, root = stage()
    told(root, "ACTIVATE ann ann.example.org")
    ann.ask(f"MODE #c +b *!*@{CLOAK}")
    ann.send("QUIT")
    net.run(2)
    again = Newcomer(net, "n2", "sasl")
    log_in(again, "ann", "sesame")
    lines = again.enter("ann")
    assert any(" 001 " in f" {line}" and "@ann.example.org" in line for line in lines)
    again.send("JOIN #c")
    assert any(line.startswith("474") or " 474 " in line for line in again.hear(" 474 ", "JOIN"))


def test_a_request_and_a_host_outlive_every_node() -> None:
    net, ann, _, _ = stage()
    told(ann, "REQUEST ann.example.org")
    group = GroupId("account", "ann")
    (master,) = net.masters(group)
    ask_from = next(name for name in net.nodes if name != master)
    net.run(3)
    net.kill(master)
    net.run(20)
    op = net.client(ask_from, "oper")
    op.ask("OPER root sesame")
    assert waiting(op) == ["ann wants ann.example.org"]
    assert told(op, "ACTIVATE ann") == ["ann has ann.example.org."]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("REQUEST", NOT_LOGGED_IN),
        ("ACTIVATE", NO_OPERATOR),
        ("REQUEST x.example.org", NOT_LOGGED_IN),
        ("LIST", NOT_LOGGED_IN),
        ("OFF", NOT_LOGGED_IN),
        ("OFF ann", "That account is not yours."),
        ("OFF nobody", NOBODY),
        ("ACTIVATE ann", NO_OPERATOR),
        ("REJECT ann", NO_OPERATOR),
        ("NONSENSE", "Unknown command NONSENSE. HELP lists the commands of HostServ."),
    ],
)
def test_people_without_rights(text: str, answer: str) -> None:
    _, _, bob, _ = stage(1)
    assert told(bob, text)[0] == answer


@pytest.mark.parametrize(
    ("host", "answer"),
    [
        ("10.0.0.9", BAD),
        ("2001:db8::1", BAD),
        ("nodots", BAD),
        ("a..b", BAD),
        ("-a.example", BAD),
        ("a.9", BAD),
        ("a!b@c.example", BAD),
        ("joe.account", BAD),
        ("abcdefgh.abcdefgh.ip", BAD),
        ("\udcff.example", BAD),
        ("irc.circlet.local", "That is a name of the network."),
        ("x.IRC.circlet.local", "That is a name of the network."),
        (f"{'x' * 60}.example", "A host has at most 63 characters."),
    ],
)
def test_hosts_that_nobody_may_have(host: str, answer: str) -> None:
    _, ann, _, root = stage(1)
    assert told(ann, f"REQUEST {host}") == [answer]
    assert told(root, f"ACTIVATE ann {host}") == [answer]


def test_an_operator_judges_the_request_that_was_read() -> None:
    net, ann, _, _ = stage(1)
    told(ann, "REQUEST first.example.org")
    told(ann, "REQUEST second.example.org")
    engine, found = net.nodes["n1"].core.engine, list[object]()
    group = GroupId("account", "ann")
    net.turn(
        net.nodes["n1"],
        lambda: engine.submit(group, ChangeVhost("", "reject", "first.example.org", "root"), found.append),
    )
    net.turn(
        net.nodes["n1"],
        lambda: engine.submit(group, ChangeVhost("", "activate", "third.example.org", "root"), found.append),
    )
    net.turn(net.nodes["n1"], lambda: engine.submit(group, ChangeVhost("other", "off"), found.append))
    assert net.until(lambda: len(found) == 3, 10)
    assert found == [Denied("invalid"), Accepted("ann"), Denied("unknown")]
    net.turn(net.nodes["n1"], lambda: engine.ask(group, Info(), found.append))
    assert net.until(lambda: len(found) == 4, 10)
    view = found[3].vhost  # type: ignore[attr-defined]
    assert (view.active, view.wanted) == ("third.example.org", "second.example.org")


@pytest.mark.parametrize(
    "changes",
    [
        {"cloak_key": b""},
        {"cloaks": section(Cloaks, vhosts=False)},
        {"accounts": Accounts(enabled=False)},
    ],
)
def test_networks_without_hosts_have_no_hostserv(changes: dict[str, object]) -> None:
    (ann,) = people(network(1, **{"cloak_key": KEY, **changes}), "ann")
    assert ann.ask("HOSTSERV LIST") == ["421 ann HOSTSERV :Unknown command"]
