from __future__ import annotations

import re

import pytest

from tests.gateway.commands.stage import network, people, settle, source
from tests.sim.net import Net


def test_to_a_channel_and_to_a_nick(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    assert ann.ask("PRIVMSG #C :hello all", "NOTICE #c :note", "PRIVMSG BOB :psst", "PRIVMSG #c one-word") == []
    assert bob.sync() == [
        f"{source('ann')} PRIVMSG #c :hello all",
        f"{source('ann')} NOTICE #c :note",
        f"{source('ann')} PRIVMSG bob :psst",
        f"{source('ann')} PRIVMSG #c :one-word",
    ] or sorted(bob.got[-4:]) == sorted(set(bob.got[-4:]))


def test_to_several_at_once(net: Net) -> None:
    ann, bob, cat = people(net, "ann", "bob", "cat", channel="#c")
    ann.ask("PRIVMSG #c,bob,bob,cat :hi")
    for person in (bob, cat):
        person.sync()
        assert person.heard("#c") == ["hi"] and person.heard(person.nick) == ["hi"]
    lines = ann.ask("PRIVMSG #c,a1,b1,c1,d1,e1 :hi")
    assert lines[0] == "407 ann d1 :Too many targets" or lines[0].startswith("407 ann d1 :")
    assert sorted(line.split()[2] for line in lines[1:]) == ["a1", "b1", "c1"]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("PRIVMSG", "411 ann :No recipient given (PRIVMSG)"),
        ("PRIVMSG :", "411 ann :No recipient given (PRIVMSG)"),
        ("PRIVMSG #c", "412 ann :No text to send"),
        ("PRIVMSG #c :", "412 ann :No text to send"),
        ("PRIVMSG nobody :x", "401 ann nobody :No such nick/channel"),
        ("PRIVMSG #none :x", "403 ann #none :No such channel"),
        ("PRIVMSG $$* :x", "401 ann $$* :No such nick/channel"),
        ("PRIVMSG @bob :x", "401 ann @bob :No such nick/channel"),
        ("PRIVMSG " + "n" * 300 + " :x", "401 ann " + "n" * 64 + " :No such nick/channel"),
        ("NOTICE", None),
        ("NOTICE #c", None),
        ("NOTICE nobody :x", None),
        ("NOTICE #none :x", None),
        ("NOTICE a,b,c,d,e,f,g :x", None),
    ],
)
def test_refusals_and_notice_is_never_answered(net: Net, line: str, answer: str | None) -> None:
    (ann,) = people(net, "ann", channel="#c")
    assert ann.ask(line) == ([answer] if answer else [])


def test_a_status_message_reaches_that_rank_and_above(net: Net) -> None:
    ann, bob, cat = people(net, "ann", "bob", "cat", channel="#c")
    ann.ask("MODE #c +v bob")
    settle(bob, cat)
    bob.ask("PRIVMSG @#c :ops?", "PRIVMSG +#c :voiced?")
    assert ann.sync() == [f"{source('bob')} PRIVMSG @#c :ops?", f"{source('bob')} PRIVMSG +#c :voiced?"]
    assert cat.sync() == []
    assert cat.ask("PRIVMSG @#c :help!") == [] and ann.sync() == [f"{source('cat')} PRIVMSG @#c :help!"]
    assert bob.sync() == []
    ann.ask("MODE #c +m")
    cat.sync()
    assert cat.ask("PRIVMSG @#c :x") == ["404 cat #c :Cannot send to channel"]
    dan = net.client(list(net.nodes)[-1], "dan")
    assert dan.ask("PRIVMSG @#c :x") == ["404 dan #c :Cannot send to channel"]


def test_echo_is_what_the_others_read(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c", caps="echo-message message-tags server-time")
    assert ann.ask("PRIVMSG #c :hello") == [f"{line}" for line in bob.sync()]
    (echo,) = ann.ask("PRIVMSG bob :psst")
    (read,) = bob.sync()
    assert echo == read and re.match(r"@time=20\d\d-\S+;msgid=\S+ :ann!~ann@10.0.0.1 PRIVMSG bob :psst", echo)


def test_msgids_are_all_different(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c", caps="message-tags")
    for number in range(5):
        ann.ask(f"PRIVMSG #c :{number}", f"PRIVMSG bob :{number}")
    bob.sync()
    ids = re.findall(r"msgid=([^ ;]+)", "\n".join(line for line in bob.got if "PRIVMSG" in line))
    assert len(ids) == len(set(ids)) == 10


def test_tags_pass_to_those_who_asked_for_them(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", caps="message-tags")
    (cat,) = people(net, "cat")
    for person in (ann, bob, cat):
        person.ask("JOIN #c")
    settle(ann, bob, cat)
    assert ann.ask("@+typing=active;secret=1 TAGMSG #c", "@+a=b\\sc;x=y PRIVMSG #c :hi") == []
    tags, said = bob.sync()
    assert re.fullmatch(r"@msgid=\S+;\+typing=active :ann!~ann@10.0.0.1 TAGMSG #c", tags)
    assert re.fullmatch(r"@msgid=\S+;\+a=b\\sc :ann!~ann@10.0.0.1 PRIVMSG #c :hi", said)
    assert cat.sync() == [f"{source('ann')} PRIVMSG #c :hi"]
    assert cat.ask("TAGMSG #c") == []


def test_away_is_told_to_who_writes(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    assert bob.ask("AWAY :gone fishing") == ["306 bob :You have been marked as being away"]
    assert ann.ask("PRIVMSG bob :there?", "NOTICE bob :there?") == ["301 ann bob :gone fishing"]
    assert bob.ask("AWAY")[-1] == "305 bob :You are no longer marked as being away"
    assert ann.ask("PRIVMSG bob :there?") == []


def test_bytes_that_are_not_utf8_pass(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    ann.send_bytes(b"PRIVMSG #c :caf\xe9 \xff\r\n")
    ann.sync()
    assert bob.sync() == [f"{source('ann')} PRIVMSG #c :caf\udce9 \udcff"]


def test_a_long_message_is_cut_to_512_bytes_between_characters(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    ann.send("PRIVMSG #c :" + "é" * 249)
    ann.sync()
    (line,) = bob.sync()
    assert 509 <= len(line.encode()) + 2 <= 512 and "\udcc3" not in line


def test_the_latest_nick_is_on_every_line(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    ann.send("PRIVMSG #c :before", "NICK Anna", "PRIVMSG #c :after")
    settle(ann, bob)
    said = [line for line in bob.got if " PRIVMSG " in line or " NICK " in line]
    assert said == [
        f"{source('ann')} PRIVMSG #c :before",
        f"{source('ann')} NICK Anna",
        ":Anna!~ann@10.0.0.1 PRIVMSG #c :after",
    ]


def test_self(net: Net) -> None:
    (ann,) = people(net, "ann")
    assert ann.ask("PRIVMSG ann :note to self") == [f"{source('ann')} PRIVMSG ann :note to self"]


def test_labels_gather_the_answers() -> None:
    net = network(3)
    ann, _ = people(net, "ann", "bob", caps="labeled-response echo-message batch message-tags")
    (joined, *_) = [line for line in ann.ask("@label=j1 JOIN #c") if "label=j1" in line]
    assert joined.startswith("@label=j1 :irc.circlet.local BATCH +")
    assert ann.ask("@label=n1 NICK anna")[0].startswith("@label=n1")
    assert " NICK anna" in ann.got[-2]
    (echo,) = ann.ask("@label=m1 PRIVMSG #c :hi")
    assert re.fullmatch(r"@label=m1;msgid=\S+ :anna!~ann@10.0.0.1 PRIVMSG #c :hi", echo)
    (echo,) = ann.ask("@label=m2 PRIVMSG bob :psst")
    assert re.fullmatch(r"@label=m2;msgid=\S+ :anna!~ann@10.0.0.1 PRIVMSG bob :psst", echo)
    assert ann.ask("@label=p1 PONG x") == ["@label=p1 :irc.circlet.local ACK"]
    assert ann.ask("@label=e1 NOSUCH") == ["@label=e1 :irc.circlet.local 421 anna NOSUCH :Unknown command"]
    who = ann.ask("@label=w1 WHOIS bob")
    batch = re.match(r"@label=w1 :irc.circlet.local BATCH \+(\S+) labeled-response", who[0])
    assert batch is not None and who[-1] == f"BATCH -{batch[1]}"
    assert all(line.startswith(f"@batch={batch[1]} ") for line in who[1:-1]) and len(who) > 4
    assert ann.ask("@label=g1 PING x")[0] == "@label=g1 :irc.circlet.local PONG irc.circlet.local x"
