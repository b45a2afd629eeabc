from __future__ import annotations

import pytest

from tests.gateway.commands.stage import network, people, settle, source
from tests.settings import operator
from tests.sim.net import Client, Net


def test_what_irssi_asks_on_joining(net: Net) -> None:
    (ann,) = people(net, "ann", channel="#c")
    created = int(net.now) - 1
    lines = ann.ask("MODE #c", "WHO #c", "MODE #c b")
    assert lines[0] == "324 ann #c +nt"
    assert lines[1].startswith("329 ann #c 17000000") and abs(int(lines[1].split()[-1]) - created) < 30
    assert lines[2:] == [
        "352 ann #c ~ann 10.0.0.1 irc.circlet.local ann H@ :0 ann real",
        "315 ann #c :End of WHO list",
        "368 ann #c :End of channel ban list",
    ]


def test_several_changes_on_a_line(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    assert ann.ask("MODE #c +mk-t+l key 10") == [f"{source('ann')} MODE #c +mk-t+l key 10"]
    assert bob.sync() == [f"{source('ann')} MODE #c +mk-t+l key 10"]
    assert bob.ask("MODE #c")[0] == "324 bob #c +mnkl key 10"
    cat = net.client("n1", "cat")
    assert cat.ask("MODE #c")[0] == "324 cat #c +mnkl * 10"
    assert ann.ask("MODE #c +m") == []
    assert ann.ask("MODE #c -lk *") == [f"{source('ann')} MODE #c -lk key"]


def test_ranks(net: Net) -> None:
    ann, bob, cat = people(net, "ann", "bob", "cat", channel="#c")
    assert ann.ask("MODE #c +hv BOB cat") == [f"{source('ann')} MODE #c +hv bob cat"]
    settle(bob, cat)
    assert bob.ask("MODE #c +v ann") == [f"{source('bob')} MODE #c +v ann"]
    assert bob.ask("MODE #c +o bob") == ["482 bob #c :You're not channel operator"]
    assert cat.ask("MODE #c +o cat")[-1] == "482 cat #c :You're not channel operator"
    assert ann.ask("MODE #c +o nobody")[-1] == "401 ann nobody :No such nick/channel"
    net.client("n1", "dan")
    assert ann.ask("MODE #c +o-v DAN dan") == [
        "441 ann DAN #c :They aren't on that channel",
        "441 ann dan #c :They aren't on that channel",
    ]
    assert ann.ask("MODE #c +o no!body") == ["401 ann no!body :No such nick/channel"]


def test_bans_keep_out_and_silence_and_exceptions_undo(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    assert ann.ask("MODE #c +b bob") == [f"{source('ann')} MODE #c +b bob!*@*"]
    assert bob.ask("PRIVMSG #c :hello")[-1] == "404 bob #c :Cannot send to channel"
    ann.ask("MODE #c +e *!*@10.0.0.1")
    assert bob.ask("PRIVMSG #c :hello")[1:] == []
    assert ann.sync() == [f"{source('bob')} PRIVMSG #c :hello"]
    lines = ann.ask("MODE #c b", "MODE #c e", "MODE #c +I x", "MODE #c I")
    assert lines[0].startswith(f"367 ann #c bob!*@* {source('ann')[1:]} 17000000")
    assert lines[2].startswith(f"348 ann #c *!*@10.0.0.1 {source('ann')[1:]} 17000000")
    assert [lines[1], *lines[3:5]] == [
        "368 ann #c :End of channel ban list",
        "349 ann #c :End of channel exception list",
        f"{source('ann')} MODE #c +I x!*@*",
    ]
    assert ann.ask("MODE #c -b bob!*@*", "MODE #c +b") == [
        f"{source('ann')} MODE #c -b bob!*@*",
        "368 ann #c :End of channel ban list",
    ]


def test_moderated_and_closed_to_outsiders(net: Net) -> None:
    ann, bob, cat = people(net, "ann", "bob", "cat")
    for person in (ann, bob):
        person.ask("JOIN #c")
    ann.ask("MODE #c +m")
    assert bob.ask("PRIVMSG #c :x")[-1] == "404 bob #c :Cannot send to channel"
    assert cat.ask("PRIVMSG #c :x") == ["404 cat #c :Cannot send to channel"]
    ann.ask("MODE #c -mn")
    assert cat.ask("PRIVMSG #c :hello from outside") == []
    assert bob.sync()[-1] == f"{source('cat')} PRIVMSG #c :hello from outside"


def test_no_ctcp_and_no_kicks(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    ann.ask("MODE #c +CQ")
    assert ann.ask("KICK #c bob") == ["482 ann #c :Nobody can be kicked here (+Q)"]
    assert ann.ask("PRIVMSG #c :\x01VERSION\x01") == ["404 ann #c :Cannot send to channel"]
    bob.sync()
    ann.ask("PRIVMSG #c :\x01ACTION waves\x01")
    assert bob.sync() == [f"{source('ann')} PRIVMSG #c :\x01ACTION waves\x01"]


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        ("MODE", ["461 ann MODE :Not enough parameters"]),
        ("MODE #none", ["403 ann #none :No such channel"]),
        ("MODE #none +m", ["403 ann #none :No such channel"]),
        ("MODE #none b", ["403 ann #none :No such channel"]),
        ("MODE #c +y", ["472 ann y :is unknown mode char to me"]),
        ("MODE #c +l many", ["696 ann #c l many"]),
        ("MODE #c +l -5", ["696 ann #c l -5"]),
        ("MODE #c +l", ["696 ann #c l *"]),
        ("MODE #c +k :a b", ["696 ann #c k"]),
        ("MODE #c +o", ["696 ann #c o *"]),
        ("MODE nobody +i", ["502 ann :"]),
        ("MODE bob +i", ["502 ann :"]),
        ("MODE ann +z", ["501 ann :"]),
    ],
)
def test_bad_changes(net: Net, line: str, answers: list[str]) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    got = ann.ask(line)
    assert len(got) == len(answers) and all(g.startswith(a) for g, a in zip(got, answers, strict=True)), got
    assert bob.sync() == []


def test_four_hundred_letters(net: Net) -> None:
    (ann,) = people(net, "ann", channel="#c")
    lines = ann.ask("MODE #c +" + "imnst" * 80)
    assert lines == [f"{source('ann')} MODE #c +ims"]
    lines = ann.ask("MODE #c " + "y" * 400)
    assert lines == ["472 ann y :is unknown mode char to me"]


def test_lists_are_bounded() -> None:
    net = network(1, {"list_max": 3})
    (ann,) = people(net, "ann", channel="#c")
    lines = ann.ask(*(f"MODE #c +b nick{n}" for n in range(5)))
    assert [line.split()[0] for line in lines[3:]] == ["478", "478"]
    assert len([line for line in ann.ask("MODE #c b") if line.startswith("367")]) == 3
    assert ann.ask("MODE #c +e joe", "MODE #c +I joe") == [
        f"{source('ann')} MODE #c +e joe!*@*",
        f"{source('ann')} MODE #c +I joe!*@*",
    ]


@pytest.mark.parametrize(
    "mask", ["*!*@10.0.0.0/8", "10.0.0.1", "*!~bob@10.0.0.0/31", "b*!*@::ffff:10.0.0.1", "*!*@10.*"]
)
def test_a_ban_of_an_address_or_a_network(net: Net, mask: str) -> None:
    ann, bob = people(net, "ann", "bob")
    ann.ask("JOIN #c", f"MODE #c +b {mask}")
    assert bob.ask("JOIN #c") == ["474 bob #c :Cannot join channel (+b)"]
    ann.ask(f"MODE #c -b {mask}")
    assert bob.ask("JOIN #c")[0] == f"{source('bob')} JOIN #c"


@pytest.mark.parametrize("mask", ["*!*@11.0.0.0/8", "10.0.0.2", "*!*@10.0.0.2/31", "*!*@::/0", "*!ann@10.0.0.0/8"])
def test_a_ban_of_other_addresses(net: Net, mask: str) -> None:
    ann, bob = people(net, "ann", "bob")
    ann.ask("JOIN #c", f"MODE #c +b {mask}")
    assert bob.ask("JOIN #c")[0] == f"{source('bob')} JOIN #c"


def test_ipv6_addresses_are_compared_as_addresses(net: Net) -> None:
    (ann,) = people(net, "ann", channel="#c")
    for mask in ("*!*@::/64", "::1", "0:0::0:1"):
        bob = Client(net, net.nodes["n1"], "bob", address="::1")
        assert net.until(lambda bob=bob: any(" 221 " in line for line in bob.got), 10)  # type: ignore[misc]
        assert ann.ask(f"MODE #c +b {mask}")[0].endswith(mask)
        assert bob.ask("JOIN #c") == ["474 bob #c :Cannot join channel (+b)"]
        ann.ask(f"MODE #c -b {mask}")
        bob.quit()
        net.run(1)


@pytest.mark.parametrize(
    "mask", ["m:x", "~x:x", "$a:x", "$a", "a:*", "*!*@m:x", "127.0.0.0/33", "127.0.0.0/x", "::/129"]
)
def test_a_mask_that_is_not_understood_is_refused(net: Net, mask: str) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    for letter in "beI":
        (line,) = ann.ask(f"MODE #c +{letter} {mask}")
        assert line.startswith(f"696 ann #c {letter} ") and line.endswith("(10.0.0.0/8)")
    assert ann.ask(f"MODE #c -b {mask}")[0].startswith("696 ann #c b ")
    assert bob.sync() == [] and ann.ask("MODE #c b") == ["368 ann #c :End of channel ban list"]


def test_operators_and_who_know_networks_too() -> None:
    net = network(3, operators=(operator("root", "sesame", "*@10.0.0.0/8"), operator("far", "x", "*@11.0.0.0/8")))
    ann, bob = people(net, "ann", "bob")
    assert bob.ask("OPER far x") == ["491 bob :No O-lines for your host"]
    assert bob.ask("OPER root sesame")[0].startswith("381 ")
    assert len(ann.ask("WHO 10.0.0.0/24")) == 3 and len(ann.ask("WHO 10.1.0.0/24")) == 1


def test_more_changes_than_modes_allows(net: Net) -> None:
    ann, *_ = people(net, "ann", *(f"p{n}" for n in range(8)), channel="#c")
    lines = ann.ask("MODE #c +vvvvvvvv " + " ".join(f"p{n}" for n in range(8)))
    assert lines == [f"{source('ann')} MODE #c +vvvvvv p0 p1 p2 p3 p4 p5"]


def test_own_modes(net: Net) -> None:
    (ann,) = people(net, "ann")
    assert ann.ask("MODE ann") == ["221 ann +"]
    assert ann.ask("MODE ann +iw") == [":ann MODE ann +iw"]
    assert ann.ask("MODE ANN +i") == []
    assert ann.ask("MODE ann +B", "MODE ann -i", "MODE ann")[-1] == "221 ann +Bw"
    assert ann.ask("MODE ann +o", "MODE ann") == ["221 ann +Bw"]


def test_a_bot_says_so(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", caps="message-tags")
    ann.ask("MODE ann +B")
    assert "335 bob ann :is a bot" in bob.ask("WHOIS ann")
    ann.ask("PRIVMSG bob :beep")
    (line,) = bob.sync()
    assert "bot" in line.split()[0].lstrip("@").split(";")
