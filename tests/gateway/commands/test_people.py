from __future__ import annotations

import pytest

from tests.gateway.commands.stage import network, people, settle, source
from tests.sim.net import Net

PASSWORD = "correct-horse-battery"


def test_userhost_and_ison(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    bob.ask("AWAY :x")
    assert ann.ask("USERHOST ann bob nobody") == ["302 ann :ann=+~ann@10.0.0.1 bob=-~bob@10.0.0.1"]
    assert sorted(ann.ask("ISON nobody BOB ann", "ISON nobody")) == ["303 ann :", "303 ann :bob ann"]
    assert ann.ask("USERHOST", "ISON") == [
        "461 ann USERHOST :Not enough parameters",
        "461 ann ISON :Not enough parameters",
    ]


def test_two_facts_at_once_do_not_undo_each_other(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c", caps="away-notify setname")
    ann.send("AWAY :tea", "SETNAME :Ann of Green Gables", "MODE ann +i", "AWAY :coffee", "NICK anna")
    settle(ann, bob)
    assert [line.split(" ", 1)[1] for line in bob.got if "ann!~ann" in line and "JOIN" not in line] == [
        "AWAY :tea",
        "SETNAME :Ann of Green Gables",
        "AWAY :coffee",
        "NICK anna",
    ]
    lines = bob.ask("WHOIS anna")
    assert lines[0] == "311 bob anna ~ann 10.0.0.1 * :Ann of Green Gables"
    assert "301 bob anna :coffee" in lines
    assert ann.ask("MODE anna") == ["221 anna +i"]


def test_setname(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c", caps="setname")
    assert ann.ask("SETNAME :New") == [f"{source('ann')} SETNAME :New"]
    assert bob.sync() == [f"{source('ann')} SETNAME :New"]
    assert ann.ask("SETNAME :") == ["FAIL SETNAME INVALID_REALNAME :It must not be empty"]


def test_monitor(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    assert sorted(ann.ask("MONITOR + bob,cat")) == [f"730 ann {source('bob')[1:]}", "731 ann cat"]
    cat = net.client("n1", "cat")
    net.run(1)
    assert ann.sync() == [f":irc.circlet.local 730 ann {source('cat')[1:]}"]
    cat.send("QUIT")
    bob.send("NICK rob")
    net.run(2)
    assert sorted(line.split(" ", 1)[1] for line in ann.sync()) == ["731 ann bob", "731 ann cat"]
    assert ann.ask("MONITOR + bob") == ["731 ann bob"]  # as another client of the same user would
    assert ann.ask("MONITOR L") == ["732 ann bob,cat", "733 ann :End of MONITOR list"]
    assert ann.ask("MONITOR - bob", "MONITOR S") == ["731 ann cat"]
    assert ann.ask("MONITOR C", "MONITOR L") == ["733 ann :End of MONITOR list"]
    assert ann.ask("MONITOR", "MONITOR x") == ["461 ann MONITOR :Not enough parameters"] * 2


@pytest.mark.parametrize("nodes", [1, 3])
def test_extended_monitor_shows_facts_of_watched_nicks(nodes: int) -> None:
    """AWAY, SETNAME, ACCOUNT and CHGHOST of a watched nick, to clients with the capability of each; no sleep between
    the change and the reading. Source: IRCv3 extended-monitor."""
    net = network(nodes)
    ann, cat, dan = people(net, "ann", "cat", "dan", caps="extended-monitor away-notify setname account-notify")
    eve = net.client(list(net.nodes)[-1], "eve", "extended-monitor")
    fay = net.client(next(iter(net.nodes)), "fay", "away-notify setname")
    bob = net.client(list(net.nodes)[-1], "bob")
    for watcher in (ann, cat, eve, fay):
        assert watcher.ask("MONITOR + bob")[0].startswith("730 ")
    bob.ask("AWAY :tea", "SETNAME :Robert")
    expected = [f"{source('bob')} AWAY :tea", f"{source('bob')} SETNAME :Robert"]
    assert [ann.sync(), cat.sync(), dan.sync(), eve.sync(), fay.sync()] == [expected, expected, [], [], []]
    bob.send(f"PRIVMSG NickServ :REGISTER {PASSWORD}")
    assert net.until(lambda: any(" 900 bob " in line for line in bob.got), 100)
    bob.sync()
    assert [ann.sync(), dan.sync(), eve.sync(), fay.sync()] == [[f"{source('bob')} ACCOUNT bob"], [], [], []]
    ann.ask("MONITOR - bob")
    bob.ask("AWAY")
    assert ann.sync() == [] and cat.sync() == [f"{source('bob')} ACCOUNT bob", f"{source('bob')} AWAY"]


@pytest.mark.parametrize("nodes", [1, 3])
def test_extended_monitor_shows_each_fact_once(nodes: int) -> None:
    """Not a second time to whoever sees the holder in a channel, and the holder reads nothing of the watch of oneself.
    A new holder of a nick is news of MONITOR, and no change of facts."""
    net = network(nodes)
    ann, bob = people(net, "ann", "bob", channel="#c", caps="extended-monitor away-notify")
    ann.ask("MONITOR + bob")
    bob.ask("MONITOR + bob", "AWAY :tea")
    assert ann.sync() == [f"{source('bob')} AWAY :tea"] and bob.sync() == []
    bob.ask("PART #c")
    ann.sync()
    bob.ask("AWAY :coffee")
    assert ann.sync() == [f"{source('bob')} AWAY :coffee"]
    bob.ask("NICK rob")
    net.client("n1", "bob").sync()
    assert [line.split(" ")[1] for line in ann.sync()] == ["731", "730"]


def test_monitor_is_bounded() -> None:
    net = network(1, {"monitor": 2})
    (ann,) = people(net, "ann")
    assert ann.ask("MONITOR + a,b,c,d")[-1] == "734 ann 2 c,d :Monitor list is full." or "734 ann 2 c,d" in " ".join(
        ann.got
    )


def test_nick_changes(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    assert ann.ask("NICK bob") == ["433 ann bob :Nickname is already in use"]
    assert ann.ask("NICK BOB") == ["433 ann BOB :Nickname is already in use"]
    assert ann.ask("NICK") == ["431 ann :No nickname given"]
    assert ann.ask("NICK 1x") == ["432 ann 1x :Erroneous nickname"] or ann.got[-2].split()[1] == "432"
    assert ann.ask("NICK ANN") == [f"{source('ann')} NICK ANN"]
    assert bob.sync() == [f"{source('ann')} NICK ANN"]
    assert ann.ask("NICK anna") == [":ANN!~ann@10.0.0.1 NICK anna"]
    bob.sync()
    assert bob.ask("NICK ann", "PRIVMSG anna :hi") == [f"{source('bob')} NICK ann"]
    assert ann.sync() == [":bob!~bob@10.0.0.1 NICK ann", ":ann!~bob@10.0.0.1 PRIVMSG anna :hi"]


def test_a_race_for_one_nick_has_one_winner(net: Net) -> None:
    ann, bob, cat = people(net, "ann", "bob", "cat", channel="#c")
    ann.send("NICK zed")
    bob.send("NICK zed")
    settle(ann, bob, cat)
    assert len([line for line in cat.got if line.endswith("NICK zed")]) == 1
    assert len([c for c in (ann, bob) if any(" 433 " in line for line in c.got)]) == 1
    (names,) = [line for line in cat.ask("NAMES #c") if line.startswith("353")]
    assert names.split(":")[1].split() in (["@zed", "bob", "cat"], ["@ann", "zed", "cat"])
