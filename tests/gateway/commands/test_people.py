from __future__ import annotations

import pytest

from tests.gateway.commands.stage import OPERATOR, network, people, settle, source
from tests.sim.net import Net


def test_whois_of_somebody_anywhere(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    bob.ask("AWAY :tea", "JOIN #d", "JOIN #s", "MODE #s +s")
    lines = ann.ask("WHOIS bob")
    signon = lines[4].split()[4]
    assert lines == [
        "311 ann bob ~bob 10.0.0.1 * :bob real",
        "319 ann bob :#c @#d",
        "312 ann bob irc.circlet.local Circlet",
        "301 ann bob :tea",
        f"317 ann bob {lines[4].split()[3]} {signon} :seconds idle, signon time",
        "318 ann bob :End of /WHOIS list",
    ]
    assert ann.ask("WHOIS bob bob") == ann.ask("WHOIS irc.circlet.local bob")
    own = bob.ask("WHOIS bob")
    assert any(line.startswith("378 bob bob :is connecting from ~bob@10.0.0.1 10.0.0.1") for line in own)
    assert any("319 bob bob :#c @#d @#s" in line for line in own)


def test_idle_counts_from_the_last_word(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    bob.ask("PRIVMSG ann :hi")
    net.run(50)
    (idle,) = [line for line in ann.ask("WHOIS bob") if line.startswith("317")]
    assert 49 <= int(idle.split()[3]) <= 52


@pytest.mark.parametrize("nick", ["nobody", "#c", "1ann", "x" * 200])
def test_whois_of_nobody(net: Net, nick: str) -> None:
    (ann,) = people(net, "ann")
    shown = nick[:64]
    assert ann.ask(f"WHOIS {nick}") == [
        f"401 ann {shown} :No such nick/channel",
        f"318 ann {shown} :End of /WHOIS list",
    ]
    assert ann.ask("WHOIS") == ["431 ann :No nickname given"]


def test_whowas(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    assert ann.ask("WHOWAS bob") == ["406 ann bob :There was no such nickname", "369 ann bob :End of WHOWAS"]
    bob.send("QUIT")
    net.run(1)
    lines = ann.ask("WHOWAS BOB")
    assert lines[0] == "314 ann bob ~bob 10.0.0.1 * :bob real"
    assert lines[1].startswith("312 ann bob irc.circlet.local ")
    assert lines[2:] == ["369 ann BOB :End of WHOWAS"]
    assert ann.ask("WHOWAS") == ["431 ann :No nickname given"]


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


def test_who(net: Net) -> None:
    ann, bob, cat = people(net, "ann", "bob", "cat")
    for person in (ann, bob):
        person.ask("JOIN #c")
    bob.ask("AWAY :x")
    assert cat.ask("WHO #c") == [
        "352 cat #c ~ann 10.0.0.1 irc.circlet.local ann H@ :0 ann real",
        "352 cat #c ~bob 10.0.0.1 irc.circlet.local bob G :0 bob real",
        "315 cat #c :End of WHO list",
    ]
    assert cat.ask("WHO bob")[0].startswith("352 cat * ~bob 10.0.0.1 irc.circlet.local bob G :0 bob real")
    assert len(cat.ask("WHO *a*")) == 4
    assert cat.ask("WHO nobody") == ["315 cat nobody :End of WHO list"]
    assert cat.ask("WHO #none") == ["315 cat #none :End of WHO list"]
    assert cat.ask("WHO #c %tcuhnfdar,743")[0] == "354 cat 743 #c ~ann 10.0.0.1 ann H@ 0 0 :ann real"
    assert cat.ask("WHO #c %cuhsnfdar")[0] == "354 cat #c ~ann 10.0.0.1 irc.circlet.local ann H@ 0 0 :ann real"
    assert cat.ask("WHO ann %tna,745")[0] == "354 cat 745 ann 0"


def test_who_hides_the_invisible_from_strangers(net: Net) -> None:
    ann, bob, cat = people(net, "ann", "bob", "cat")
    ann.ask("MODE ann +i", "JOIN #c")
    bob.ask("JOIN #c")
    assert [line.split()[6] for line in cat.ask("WHO *")[:-1]] == ["bob", "cat"] or sorted(
        line.split()[6] for line in cat.ask("WHO *")[:-1]
    ) == ["bob", "cat"]
    assert sorted(line.split()[6] for line in bob.ask("WHO *")[:-1]) == ["ann", "bob", "cat"]
    assert cat.ask("WHO ann")[0].split()[6] == "ann"


def test_list(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    ann.ask("JOIN #c,#d,#s", "TOPIC #d :about d", "MODE #s +s")
    bob.ask("JOIN #c")
    assert bob.ask("LIST") == [
        "321 bob Channel :Users  Name",
        "322 bob #c 2 :",
        "322 bob #d 1 :about d",
        "323 bob :End of /LIST",
    ]
    assert [line.split()[2] for line in ann.ask("LIST")[1:-1]] == ["#c", "#d", "#s"]
    assert [line.split()[2] for line in bob.ask("LIST >1")[1:-1]] == ["#c"]
    assert [line.split()[2] for line in bob.ask("LIST #d*,#x")[1:-1]] == ["#d"]
    assert [line.split()[2] for line in bob.ask("LIST !*c")[1:-1]] == ["#d"]
    assert len(bob.ask("LIST C>60")) == 2


def test_operators_see_all() -> None:
    net = network(3, operators=(OPERATOR,))
    ann, bob = people(net, "ann", "bob")
    ann.ask("MODE ann +i", "JOIN #s", "MODE #s +s")
    bob.ask("OPER root sesame")
    assert [line.split()[2] for line in bob.ask("LIST")[1:-1]] == ["#s"]
    assert sorted(line.split()[6] for line in bob.ask("WHO *")[:-1]) == ["ann", "bob"]
    assert any("319 bob ann :@#s" in line for line in bob.ask("WHOIS ann"))
