"""Lists of targets, names in another case, and names and texts that are not UTF-8."""

from __future__ import annotations

import pytest

from tests.gateway.commands.accounts import register
from tests.gateway.commands.stage import network, people, settle, source
from tests.sim.net import Client, Net


def say(client: Client, data: bytes) -> list[str]:
    """The answers to bytes of the client's own, without the server's name."""
    client.sync()
    client.send_bytes(data + b"\r\n")
    return [line.removeprefix(":irc.circlet.local ") for line in client.sync()]


def numerics(lines: list[str]) -> list[str]:
    return [line.split(" ")[0] for line in lines]


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        ("JOIN :", ["461 ann JOIN :Not enough parameters"]),
        ("JOIN , key", ["461 ann JOIN :Not enough parameters"]),
        ("PART :", ["461 ann PART :Not enough parameters"]),
        ("PART , :bye", ["461 ann PART :Not enough parameters"]),
        ("KICK #c :", ["461 ann KICK :Not enough parameters"]),
        ("KICK #c , :out", ["461 ann KICK :Not enough parameters"]),
        ("KICK , bob", ["461 ann KICK :Not enough parameters"]),
        ("PRIVMSG , :x", ["411 ann :No recipient given (PRIVMSG)"]),
        ("PRIVMSG ,", ["411 ann :No recipient given (PRIVMSG)"]),
        ("NOTICE , :x", []),
        ("@+a=b TAGMSG ,", ["411 ann :No recipient given (TAGMSG)"]),
        ("NAMES ,", ["366 ann * :End of /NAMES list"]),
        ("NAMES :", ["366 ann * :End of /NAMES list"]),
        ("WHOIS ,", ["431 ann :No nickname given"]),
        ("WHOIS irc.circlet.local ,", ["431 ann :No nickname given"]),
        ("WHOWAS ,", ["431 ann :No nickname given"]),
        ("ISON :", ["461 ann ISON :Not enough parameters"]),
        ("USERHOST :", ["461 ann USERHOST :Not enough parameters"]),
        ("MONITOR + ,", ["461 ann MONITOR :Not enough parameters"]),
    ],
)
def test_an_empty_list_is_no_parameter(net: Net, line: str, answers: list[str]) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c", caps="message-tags")
    assert ann.ask(line) == answers
    assert bob.sync() == []


def test_an_empty_list_of_conditions_lists_all(net: Net) -> None:
    (ann,) = people(net, "ann", channel="#c")
    assert ann.ask("LIST ,") == ann.ask("LIST") and len(ann.ask("LIST :")) == 3
    assert ann.ask("WHO :")[0].startswith("352 ann * ~ann ")


def test_a_target_that_is_named_twice_is_told_once(net: Net) -> None:
    ann, bob = people(net, "ann", "bob[]", channel="#C[]", caps="message-tags")
    ann.ask("PRIVMSG #c[],#C{},bob[],BOB{},Bob{] :hi", "@+x=y TAGMSG #C[],#c{}")
    lines = [line.split(" ", 1)[1] for line in bob.sync()]
    assert sorted(lines) == [
        f"{source('ann')} PRIVMSG #C[] :hi",
        f"{source('ann')} PRIVMSG bob[] :hi",
        f"{source('ann')} TAGMSG #C[]",
    ]
    assert ann.ask("PRIVMSG nobody,NOBODY :x") == ["401 ann nobody :No such nick/channel"]
    assert len(ann.ask("NAMES #c[],#C{}")) == 2
    assert ann.ask("ISON bob[] BOB{} bob{}") == ["303 ann :bob[]"]
    assert ann.ask("MONITOR + bob[],BOB{}") == ["730 ann bob[]!~bob[]@10.0.0.1"]
    (left,) = bob.ask("PART #c[],#C{}")
    assert left.endswith(" :bob[]!~bob[]@10.0.0.1 PART #C[]")


def test_a_kick_of_several_channels_pairs_them_with_the_nicks(net: Net) -> None:
    ann, bob, cat = people(net, "ann", "bob", "cat")
    for person in (ann, bob, cat):
        person.ask("JOIN #a,#b")
    settle(ann, bob, cat)
    kicks = ann.ask("KICK #a,#A,#b bob,cat,bob", "KICK #b,#B cat,CAT")
    assert sorted(kicks) == [
        f"{source('ann')} KICK #a bob :ann",
        f"{source('ann')} KICK #a cat :ann",
        f"{source('ann')} KICK #b bob :ann",
        f"{source('ann')} KICK #b cat :ann",
    ]


def test_a_nick_is_found_in_every_case(net: Net) -> None:
    ann, mike = people(net, "ann", "Mike^", channel="#c")
    assert ann.ask("WHOIS mike~")[0] == "311 ann Mike^ ~Mike^ 10.0.0.1 * :Mike^ real"
    assert ann.ask("WHO mike~")[0].startswith("352 ann * ~Mike^ ")
    assert ann.ask("ISON mike~", "USERHOST MIKE~") == ["303 ann :Mike^", "302 ann :Mike^=+~Mike^@10.0.0.1"]
    assert ann.ask("MONITOR + mike~") == ["730 ann Mike^!~Mike^@10.0.0.1"]
    assert ann.ask("MODE #c +v mike~") == [f"{source('ann')} MODE #c +v Mike^"]
    assert ann.ask("PRIVMSG mike~ :hi", "NOTICE MIKE~ :ho") == []
    assert [line.split(" ", 1)[1] for line in mike.sync()[-2:]] == ["PRIVMSG Mike^ :hi", "NOTICE Mike^ :ho"]
    assert ann.ask("KICK #c mike~") == [f"{source('ann')} KICK #c Mike^ :ann"]
    assert ann.ask("INVITE mike~ #c") == ["341 ann Mike^ #c"]
    mike.quit()
    net.run(1)
    assert ann.ask("WHOWAS mike~")[0].startswith("314 ann Mike^ ~Mike^ 10.0.0.1 ")
    assert ann.ask("NICK mike~") == ["432 ann mike~ :Erroneus nickname"]


@pytest.mark.parametrize(
    ("data", "answers"),
    [
        (b"JOIN #caf\xe9", ["476 ann #caf\udce9 :Bad Channel Mask"]),
        (b"JOIN #d k\xe9y", ["475 ann #d :Cannot join channel (+k)"]),
        (b"NICK caf\xe9", ["432 ann caf\udce9 :Erroneus nickname"]),
        (b"MODE #c +k k\xe9y", ["696 ann #c k k\udce9y :A key must be UTF-8"]),
        (b"MODE #c +b *!*@caf\xe9", ["696 ann #c b *!*@caf\udce9 :A mask must be UTF-8"]),
        (b"MODE #c -e caf\xe9", ["696 ann #c e caf\udce9!*@* :A mask must be UTF-8"]),
        (b"PRIVMSG #caf\xe9 :x", ["403 ann #caf\udce9 :No such channel"]),
        (b"PRIVMSG caf\xe9 :x", ["401 ann caf\udce9 :No such nick/channel"]),
        (b"TOPIC #caf\xe9", ["403 ann #caf\udce9 :No such channel"]),
        (b"PART #caf\xe9", ["403 ann #caf\udce9 :No such channel"]),
        (b"WHO #caf\xe9", ["315 ann #caf\udce9 :End of WHO list"]),
        (b"WHOIS caf\xe9", ["401 ann caf\udce9 :No such nick/channel", "318 ann caf\udce9 :End of /WHOIS list"]),
        (b"LIST #caf\xe9*", ["321 ann Channel :Users  Name", "323 ann :End of /LIST"]),
        (b"KICK #c caf\xe9", ["401 ann caf\udce9 :No such nick/channel"]),
    ],
)
def test_a_name_that_is_not_utf8_is_refused(net: Net, data: bytes, answers: list[str]) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    bob.ask("JOIN #caf\u00e9", "JOIN #caf\ufffd")
    assert say(ann, data) == answers


@pytest.mark.parametrize(
    "byte", [b"caf\xe9", b"\xff", b"na\xc3", "caf\u00e9".encode(), "\U0010ffe9\U0010ff80".encode()]
)
def test_texts_keep_their_bytes(net: Net, byte: bytes) -> None:
    byte = b"so " + byte
    text = byte.decode("utf-8", "surrogateescape")
    ann, bob = people(net, "ann", "bob", channel="#c", caps="away-notify setname extended-join")
    assert say(ann, b"TOPIC #c :" + byte) == [f"{source('ann')} TOPIC #c :{text}"]
    assert bob.sync() == [f"{source('ann')} TOPIC #c :{text}"]
    assert bob.ask("TOPIC #c")[0] == f"332 bob #c :{text}"
    say(ann, b"AWAY :" + byte)
    say(ann, b"SETNAME :" + byte)
    lines = bob.sync()
    assert f"{source('ann')} AWAY :{text}" in lines and f"{source('ann')} SETNAME :{text}" in lines
    who = bob.ask("WHOIS ann")
    assert f"311 bob ann ~ann 10.0.0.1 * :{text}" in who and f"301 bob ann :{text}" in who
    assert bob.ask("WHO ann")[0].endswith(f":0 {text}")
    assert bob.ask("LIST #c")[1] == f"322 bob #c 2 :{text}"
    cat = net.client("n1", "cat")
    cat.ask("JOIN #c")
    settle(ann, bob, cat)
    assert say(ann, b"KICK #c cat :" + byte) == [f"{source('ann')} KICK #c cat :{text}"]
    assert cat.sync()[-1] == f"{source('ann')} KICK #c cat :{text}"
    cat.ask("JOIN #c")
    cat.send_bytes(b"QUIT :" + byte + b"\r\n")
    net.run(1)
    assert bob.sync()[-1] == f"{source('cat')} QUIT :Quit: {text}"
    say(ann, b"PART #c :" + byte)
    assert bob.sync() == [f"{source('ann')} PART #c :{text}"]


def test_a_real_name_keeps_its_bytes() -> None:
    net = network(3)
    (bob,) = people(net, "bob")
    ann = Client.__new__(Client)
    ann.begin(net, net.nodes["n2"], "ann", "10.0.0.1")
    ann.send_bytes(b"NICK ann\r\nUSER ann 0 * :Ren\xe9e\r\n")
    assert net.until(lambda: any(" 221 " in line for line in ann.got), 10)
    assert bob.ask("WHOIS ann")[0].endswith(" Ren\udce9e")
    assert bob.ask("WHO *Ren*")[0].endswith(":0 Ren\udce9e")


def test_a_network_of_the_level_before_replaces_bytes() -> None:
    net = Net(2, level=0)
    ann, bob = net.client("n1", "ann"), net.client("n2", "bob")
    for person in (ann, bob):
        person.ask("JOIN #c")
    assert say(ann, b"TOPIC #c :so caf\xe9") == [f"{source('ann')} TOPIC #c :so caf\ufffd"]
    assert bob.ask("TOPIC #c")[0] == "332 bob #c :so caf\ufffd"
    assert say(ann, b"JOIN #caf\xe9") == ["476 ann #caf\udce9 :Bad Channel Mask"]


def test_the_text_of_auto_away_keeps_its_bytes(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    register(ann)
    ann.ask("PRIVMSG *circlet :ALWAYS-ON on")
    say(ann, b"PRIVMSG *circlet :AUTO-AWAY gone caf\xe9")
    net.run(2)
    assert any(line.endswith("AUTO-AWAY says: gone caf\udce9") for line in ann.got)
    ann.quit()
    net.run(10)
    assert "301 bob ann :gone caf\udce9" in bob.ask("WHOIS ann")
