"""KLINE, DLINE, XLINE and SHUN: said on one node, in force on all."""

from __future__ import annotations

import pytest

from config.bans import Bans
from tests.gateway.commands.stage import OPERATOR, SETTINGS, network, people, settle
from tests.settings import edge_with, section
from tests.sim.net import Client, Net


def opered(nodes: int = 3) -> tuple[Net, Client]:
    """A network, and an operator on the first node."""
    net = network(nodes, operators=(OPERATOR,), ping_every_s=100_000.0)
    net.until(lambda: all(node.core.edge.bans.follows for node in net.nodes.values()), 10.0)
    (root,) = people(net, "root")
    root.ask("OPER root sesame")
    return net, root


def told(client: Client, line: str) -> str:
    """Say a line; return the text of the only NOTICE in answer."""
    (notice,) = [got for got in client.ask(line) if " NOTICE " in got or got.startswith("NOTICE")]
    return notice.partition(" :")[2]


def come(net: Net, node: str, nick: str, address: str, real: str = "") -> Client:
    """A client comes from an address, and either is let in or is closed."""
    client = Client.__new__(Client)
    client.begin(net, net.nodes[node], nick, address)
    client.send(f"NICK {nick}", f"USER {nick} 0 * :{real or nick}")
    assert net.until(lambda: client.closed is not None or any(" 221 " in line for line in client.got), 10.0), client.got
    client.lines()
    return client


@pytest.mark.parametrize("nodes", [1, 3])
def test_a_kline_of_a_network_ends_those_who_are_online_and_refuses_others(nodes: int) -> None:
    net, root = opered(nodes)
    last = list(net.nodes)[-1]
    bob, cat = come(net, last, "bob", "192.0.2.7"), come(net, last, "cat", "198.51.100.7")
    for client in (bob, cat):
        client.ask("JOIN #c")
    assert told(root, "KLINE 7d *@192.0.2.9/24 :go away") == "KLINE *@192.0.2.0/24 added, for 1w."
    assert bob.got[-2:] == [
        ":irc.circlet.local 465 bob :You are banned from this network (K-lined: go away)",
        "ERROR :Closing Link: 192.0.2.7 (K-lined: go away)",
    ]
    assert cat.sync()[-1] == ":bob!~bob@192.0.2.7 QUIT :K-lined: go away"
    dan = come(net, last, "dan", "192.0.2.8")
    assert dan.got == ["ERROR :Closing Link: 192.0.2.8 (K-lined: go away)"]
    assert told(root, "UNKLINE 192.0.2.0/24") == "KLINE *@192.0.2.0/24 lifted."
    settle(root, cat)
    assert come(net, last, "dan", "192.0.2.8").closed is None
    assert told(root, "UNKLINE *@192.0.2.0/24").startswith("There is no KLINE *@192.0.2.0/24.")


def test_a_dline_is_of_addresses_and_ends_whoever_comes_from_there() -> None:
    net, root = opered()
    bob = come(net, "n2", "bob", "2001:db8::7")
    assert told(root, "DLINE 2001:db8::/32") == "DLINE 2001:db8::/32 added, for good."
    assert bob.got[-1] == "ERROR :Closing Link: 2001:db8::7 (D-lined)"
    assert come(net, "n3", "cat", "2001:db8:1::").got == ["ERROR :Closing Link: 2001:db8:1:: (D-lined)"]
    assert told(root, "DLINE *@192.0.2.1 :x").startswith("That is no mask for DLINE. Give an address")
    assert told(root, "UNDLINE x").startswith("That is no mask for DLINE.")
    assert told(root, "UNDLINE 2001:0db8::/32") == "DLINE 2001:db8::/32 lifted."
    settle(root)
    assert come(net, "n3", "cat", "2001:db8:1::").closed is None


def test_a_kline_by_user_and_host_mask() -> None:
    net, root = opered()
    assert told(root, "KLINE *bob@192.0.2.*") == "KLINE *bob@192.0.2.* added, for good."
    settle(root)
    assert come(net, "n2", "bob", "192.0.2.7").got == [
        ":irc.circlet.local 465 * :You are banned from this network (K-lined)",
        "ERROR :Closing Link: 192.0.2.7 (K-lined)",
    ]
    assert come(net, "n2", "cat", "192.0.2.7").closed is None


def test_an_xline_is_of_real_names() -> None:
    net, root = opered()
    bob = come(net, "n2", "bob", "192.0.2.7", "Buy My  Pills")
    assert told(root, r"XLINE 30m *buy\smy* :spam") == r"XLINE *buy\smy* added, for 30m."
    assert bob.got[-1] == "ERROR :Closing Link: 192.0.2.7 (X-lined: spam)"
    assert come(net, "n3", "eve", "192.0.2.7", "buy my hat").closed is not None
    net.run(1801.0)
    assert come(net, "n3", "eve", "192.0.2.7", "buy my hat").closed is None
    assert told(root, r"UNXLINE *buy\smy*").startswith(r"There is no XLINE *buy\smy*.")
    assert told(root, "XLINE zzz :x") == "XLINE zzz added, for good."
    assert told(root, "UNXLINE ZZZ") == "XLINE zzz lifted."


def test_a_shun_mutes_and_lets_leave() -> None:
    net, root = opered()
    bob, cat = come(net, "n2", "bob", "192.0.2.7"), come(net, "n3", "cat", "192.0.2.8")
    for client in (cat, bob):
        client.ask("JOIN #c")
    settle(cat, bob)
    assert told(root, "SHUN 1h *@192.0.2.7 :noise") == "SHUN *@192.0.2.7 added, for 1h."
    cat.lines()
    assert bob.ask("PRIVMSG #c :hello", "PRIVMSG cat :hello", "TOPIC #c :x", "NICK rob") == []
    assert not [line for line in cat.sync() if "bob" in line]
    eve = come(net, "n3", "eve", "192.0.2.7")
    assert eve.ask("JOIN #c") == []
    bob.ask("PART #c")
    assert cat.sync() == [":bob!~bob@192.0.2.7 PART #c"]
    assert told(root, "UNSHUN *@192.0.2.7") == "SHUN *@192.0.2.7 lifted."
    settle(bob)
    assert "PRIVMSG cat :back" in [bob.ask("PRIVMSG cat :back"), cat.sync()][1][0]
    told(root, "SHUN 1 *@192.0.2.7")
    settle(bob)
    net.run(61.0)
    assert bob.ask("JOIN #d")[0].endswith("JOIN #d")


def test_an_account_is_banned_wherever_and_whenever_it_logs_in() -> None:
    net, root = opered()
    bob = come(net, "n2", "bob", "192.0.2.7")
    bob.ask("REGISTER * * :sesame")
    assert told(root, "KLINE ~account:BOB :no") == "KLINE ~account:bob added, for good."
    assert net.until(lambda: bob.closed is not None, 5.0)
    assert bob.got[-1] == "ERROR :Closing Link: 192.0.2.7 (K-lined: no)"
    rob = come(net, "n3", "rob", "198.51.100.1")
    rob.send("NS IDENTIFY bob sesame")
    assert net.until(lambda: rob.closed is not None, 5.0)
    assert rob.got[-1] == "ERROR :Closing Link: 198.51.100.1 (K-lined: no)"
    tom = Client.__new__(Client)
    tom.begin(net, net.nodes["n1"], "tom", "198.51.100.1")
    tom.send("PASS bob:sesame", "NICK tom", "USER tom 0 * :tom")
    assert net.until(lambda: tom.closed is not None, 5.0)
    assert tom.got[-2].endswith("465 * :You are banned from this network (K-lined: no)")


def test_a_network_of_an_older_level_has_no_bans() -> None:
    net = Net(2, level=2, edge=edge_with(SETTINGS, operators=(OPERATOR,)))
    for node in net.nodes.values():
        node.core.edge.outside.check_password = lambda wanted, given, done: done(wanted == given)
    (root,) = people(net, "root")
    root.ask("OPER root sesame")
    for line in ("KLINE *@192.0.2.1", "DEFCON 3", "SPAMFILTER ADD block m *x* :x", "UNKLINE *@192.0.2.1"):
        assert told(root, line).startswith("The network does not support this yet: the node ")
    assert come(net, "n2", "bob", "192.0.2.1").closed is None


@pytest.mark.parametrize(
    "line",
    [
        "KLINE *@*", "KLINE *@10.0.0.0/8 :x", "KLINE *root@*", "DLINE 0.0.0.0/0", "XLINE *", "SHUN *@10.0.0.1",
    ],
)  # fmt: skip
def test_nobody_bans_themself(line: str) -> None:
    _, root = opered(1)
    assert told(root, line).endswith("would hit you: nothing was changed.")
    assert root.closed is None


@pytest.mark.parametrize(
    "mask", ["joe", "a!b@c", "*@192.0.2.0/99", "~account:", "~account:a*", "~q:x@y", "x" * 201 + "@y", "*@a:b"]
)
def test_a_mask_that_means_nobody_is_refused(mask: str) -> None:
    _, root = opered(1)
    assert told(root, f"KLINE 5 {mask} :x").startswith("That is no mask for KLINE. Give user@host")
    assert told(root, f"UNKLINE {mask}").startswith("That is no mask for KLINE. Give user@host")


def test_lists_for_operators_alone() -> None:
    net, root = opered()
    told(root, "KLINE 1h *@192.0.2.7 :one two")
    told(root, "KLINE *@192.0.2.8")
    told(root, "DLINE 198.51.100.0/24 :net")
    settle(root)
    at = int(net.now)
    rows = [line.split(" ", 6) for line in root.ask("STATS k") if line.startswith("216")]
    assert [(row[3], row[6]) for row in rows] == [
        ("*@192.0.2.7", "root(root) :one two"),
        ("*@192.0.2.8", "root(root) :"),
    ]
    assert 3500 < int(rows[0][4]) <= 3600 and rows[1][4] == "0" and abs(int(rows[0][5]) - at) < 60
    assert root.ask("STATS D")[0].startswith("225 root d 198.51.100.0/24 0 ")
    assert root.ask("STATS x") == ["219 root x :End of /STATS report"]
    (bob,) = people(net, "bob")
    assert bob.ask("STATS k")[0].startswith("481 bob ")
    for name in ("KLINE", "UNKLINE", "DLINE", "UNDLINE", "XLINE", "UNXLINE", "SHUN", "UNSHUN"):
        assert bob.ask(f"{name} a@b")[0].startswith("481 bob "), name
        assert root.ask(name) == [f"461 root {name} :Not enough parameters"]


def test_the_number_of_bans_is_limited() -> None:
    net, root = opered(1)
    core = net.nodes["n1"].core
    core.edge.settings = edge_with(core.edge.settings, bans=section(Bans, entries_max=2))
    for number in (1, 2):
        told(root, f"KLINE *@192.0.2.{number}")
    assert "2 bans of this kind (bans.entries_max)" in told(root, "KLINE *@192.0.2.3")
    assert told(root, "KLINE 2d *@192.0.2.2 :again") == "KLINE *@192.0.2.2 changed, for 2d."
    assert told(root, "DLINE 192.0.2.3") == "DLINE 192.0.2.3 added, for good."
