"""SPAMFILTER and DEFCON, said on one node and in force on all."""

from __future__ import annotations

import pytest

from config.bans import Bans
from tests.gateway.commands.stage import people, settle
from tests.gateway.commands.test_bans import come, opered, told
from tests.settings import edge_with, operator, section
from tests.sim.net import Client


def notice(client: Client, line: str) -> list[str]:
    return [got.partition(" :")[2] for got in client.ask(line) if got.startswith("NOTICE ")]


def test_a_blocked_text_is_heard_by_nobody_and_its_author_is_told() -> None:
    net, root = opered()
    assert told(root, r"SPAMFILTER ADD block mnr 7d *buy\spills* :no ads") == r"Spam filter *buy\spills* added, for 1w."
    bob, cat = people(net, "bob", "cat", channel="#c")
    settle(root, bob, cat)
    why = "The spam filter of the network has stopped your {}: no ads"
    assert notice(bob, "PRIVMSG #c :Buy \x02pills\x02!") == [why.format("PRIVMSG")]
    assert notice(bob, "PRIVMSG cat :buy pills") == [why.format("PRIVMSG")]
    assert notice(bob, "@+x=y TOPIC #c :buy pills") == [why.format("TOPIC")]
    assert notice(bob, "SETNAME :buy pills") == [why.format("SETNAME")]
    assert bob.ask("NOTICE #c :buy pills") == []
    assert not [line for line in cat.sync() if "pills" in line]
    bob.send("PRIVMSG #c :hello", "NS INFO buy pills")
    assert "hello" in " ".join([*bob.sync(), *cat.sync()])
    root.ask("JOIN #c", "PRIVMSG #c :operators may buy pills")
    assert "operators may buy pills" in " ".join(cat.sync())
    eve = come(net, "n2", "eve", "192.0.2.7", "buy pills")
    assert eve.got[-1] == "ERROR :Closing Link: 192.0.2.7 (Filtered: no ads)"
    assert told(root, r"SPAMFILTER DEL *BUY\spills*") == r"Spam filter *buy\spills* deleted."
    settle(root, bob)
    assert not net.nodes["n1"].core.edge.bans.watches
    bob.ask("PRIVMSG #c :buy pills")
    assert "buy pills" in " ".join(cat.sync())


def test_kill_ban_and_report() -> None:
    net, root = opered()
    root.ask("MODE root +s b")
    root.ask("SPAMFILTER ADD kill m *kill* :k", "SPAMFILTER ADD ban:10m m /(ban)+!/ :b")
    root.ask("SPAMFILTER ADD report m *odd*")
    settle(root)
    bob, cat, dan = come(net, "n2", "bob", "192.0.2.7"), come(net, "n3", "cat", "192.0.2.8"), people(net, "dan")[0]
    assert dan.ask("PRIVMSG dan :that is odd")[0].endswith(" PRIVMSG dan :that is odd")
    bob.send("PRIVMSG dan :kill")
    cat.send("PRIVMSG dan :banban!")
    assert net.until(lambda: bob.closed is not None and cat.closed is not None, 5.0)
    assert bob.got[-1] == "ERROR :Closing Link: 192.0.2.7 (Filtered: k)"
    assert cat.got[-1] == "ERROR :Closing Link: 192.0.2.8 (Filtered: b)"
    settle(dan, root)
    net.run(1.0)
    assert come(net, "n2", "bob", "192.0.2.7").closed is None
    assert come(net, "n1", "cat", "192.0.2.8").got == ["ERROR :Closing Link: 192.0.2.8 (K-lined: b)"]
    assert not [line for line in dan.got if "kill" in line or "banban" in line]
    assert len([line for line in root.got if "Spam filter" in line and " met by PRIVMSG of " in line]) == 3
    rows = notice(root, "SPAMFILTER LIST")
    assert rows[0] == "*kill* (kill, m), for good, by root(root): k"
    assert rows[2:] == ["/(ban)+!/ (ban:10m, m), for good, by root(root): b", "3 spam filters."]


@pytest.mark.parametrize(
    "line",
    [
        "SPAMFILTER x", "SPAMFILTER ADD", "SPAMFILTER ADD block m", "SPAMFILTER ADD burn m *x* :x",
        "SPAMFILTER ADD block q *x* :x", "SPAMFILTER ADD kill:1h m *x* :x", "SPAMFILTER ADD ban:z m *x* :x",
        "SPAMFILTER DEL",
    ],
)  # fmt: skip
def test_bad_filters_are_refused(line: str) -> None:
    _, root = opered(1)
    assert told(root, line).startswith("Say SPAMFILTER ADD ")


def test_bad_patterns_are_refused_and_filters_are_limited() -> None:
    net, root = opered(1)
    assert told(root, "SPAMFILTER ADD block m /(/ :x").startswith("That is no regular expression that RE2 knows: ")
    assert told(root, "SPAMFILTER ADD block m ** :x").startswith("A pattern has at most 200 bytes")
    assert told(root, f"SPAMFILTER ADD block m *{'x' * 200} :x").startswith("A pattern has at most 200 bytes")
    assert told(root, "SPAMFILTER DEL *x*").startswith("There is no spam filter *x*.")
    core = net.nodes["n1"].core
    core.edge.settings = edge_with(core.edge.settings, bans=section(Bans, filters_max=1))
    told(root, "SPAMFILTER ADD block m *x* :x")
    assert "1 spam filters (bans.filters_max)" in told(root, "SPAMFILTER ADD block m *y* :x")


def test_what_each_level_of_defcon_stops() -> None:
    net, root = opered()
    assert told(root, "DEFCON").startswith("DEFCON 5 stops nothing")
    assert told(root, "DEFCON 6").startswith("Say DEFCON alone")
    bob, cat = people(net, "bob", "cat")
    cat.ask("REGISTER * * :sesame", "NS SET ALWAYS-ON on")
    assert told(root, "DEFCON 4 :raid").startswith("The network is at DEFCON 4. DEFCON 4 stops new registrations")
    settle(root, bob, cat)
    assert "Nothing is registered now (DEFCON 4)" in bob.ask("REGISTER * * :sesame")[0]
    assert cat.ask("JOIN #c", "CS REGISTER #c")[-1].endswith(":No channels are registered now (DEFCON 4).")
    assert come(net, "n2", "dan", "192.0.2.7").closed is None
    told(root, "DEFCON 3")
    settle(root)
    eve = come(net, "n2", "eve", "192.0.2.7")
    assert eve.got[-1].endswith("(The network takes people with an account alone: log in (DEFCON 3))")
    cat.quit()
    net.run(1.0)
    assert bob.ask("PRIVMSG root :help") == []
    told(root, "DEFCON 2")
    settle(root, bob)
    assert bob.ask("PRIVMSG root :help")[0].endswith(":Only people with an account may speak now (DEFCON 2).")
    assert bob.ask("PRIVMSG NickServ :HELP")
    told(root, "DEFCON 1 30m :war")
    settle(root)
    again = Client.__new__(Client)
    again.begin(net, net.nodes["n3"], "cat", "192.0.2.9")
    again.send("PASS cat:sesame", "NICK cat", "USER cat 0 * :cat")
    assert net.until(lambda: any(" 001 " in line for line in again.got), 5.0), again.got
    assert come(net, "n3", "tom", "192.0.2.9").got[-1].endswith("(The network takes no new connections now (DEFCON 1))")
    for node in net.nodes.values():
        node.core.edge.settings = edge_with(
            node.core.edge.settings, operators=(operator("root", "sesame", "*@*"), _by_certificate("ab" * 32))
        )
    amy = Client.__new__(Client)
    amy.begin(net, net.nodes["n3"], "amy", "192.0.2.9")
    amy.connection.socket.certificate = "ab" * 32
    amy.send("NICK amy", "USER amy 0 * :amy")
    assert net.until(lambda: any(" 001 " in line for line in amy.got), 5.0), amy.got
    net.run(1801.0)
    assert told(root, "DEFCON").startswith("DEFCON 5 ")
    settle(root)
    assert bob.ask("PRIVMSG root :help") == []
    assert come(net, "n3", "tom", "192.0.2.9").closed is None


def _by_certificate(fingerprint: str) -> object:
    return operator("amy", "x", "*@*").model_copy(update={"certificates": (fingerprint,)})


def test_only_operators_with_the_capability() -> None:
    net, _ = opered(1)
    (bob,) = people(net, "bob")
    for line in ("DEFCON 1", "SPAMFILTER LIST", "UBAN LIST"):
        assert bob.ask(line)[0].startswith("481 bob ")
