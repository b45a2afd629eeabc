from __future__ import annotations

import re

import pytest

from tests.gateway.commands.stage import network, people, settle, source
from tests.sim.net import Net


def test_topic_is_set_seen_asked_and_cleared(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    assert bob.ask("TOPIC #c") == ["331 bob #c :No topic is set"]
    assert ann.ask("TOPIC #c :hello world") == [f"{source('ann')} TOPIC #c :hello world"]
    assert bob.sync() == [f"{source('ann')} TOPIC #c :hello world"]
    assert bob.ask("TOPIC #C") == [
        "332 bob #c :hello world",
        f"333 bob #c {source('ann')[1:]} {int(net.now)}",
    ]
    assert bob.ask("TOPIC #c :mine") == ["482 bob #c :You're not channel operator"]
    ann.ask("MODE #c -t", "TOPIC #c :")
    bob.sync()
    assert bob.ask("TOPIC #c :mine", "TOPIC #c")[:2] == [f"{source('bob')} TOPIC #c :mine", "332 bob #c :mine"]


def test_topic_from_outside(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    ann.ask("JOIN #c", "TOPIC #c :hello")
    assert bob.ask("TOPIC #c")[0] == "332 bob #c :hello"
    assert bob.ask("TOPIC #c :x") == ["442 bob #c :You're not on that channel"]
    ann.ask("MODE #c +s")
    assert bob.ask("TOPIC #c") == ["403 bob #c :No such channel"]
    assert bob.ask("TOPIC #none") == ["403 bob #none :No such channel"]
    assert bob.ask("TOPIC") == ["461 bob TOPIC :Not enough parameters"]


def test_a_long_topic_is_cut_between_characters() -> None:
    net = network(1, {"topic_len": 7})
    (ann,) = people(net, "ann", channel="#c")
    assert ann.ask("TOPIC #c :ààààà") == [f"{source('ann')} TOPIC #c :ààà"]


def test_names(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    ann.ask("MODE #c +v bob", "JOIN #d")
    bob.sync()
    assert bob.ask("NAMES #c") == ["353 bob = #c :@ann +bob", "366 bob #c :End of /NAMES list"]
    assert sorted(bob.ask("NAMES #d,#none")) == [  # each from its own master, in no order
        "353 bob = #d :@ann",
        "366 bob #d :End of /NAMES list",
        "366 bob #none :End of /NAMES list",
    ]
    ann.ask("MODE #d +s")
    assert bob.ask("NAMES #d") == ["366 bob #d :End of /NAMES list"]
    assert ann.ask("NAMES #d") == ["353 ann @ #d :@ann", "366 ann #d :End of /NAMES list"]
    assert bob.ask("NAMES") == ["366 bob * :End of /NAMES list"]


def test_invisible_people_are_not_named_to_strangers(net: Net) -> None:
    ann, bob, cat = people(net, "ann", "bob", "cat")
    ann.ask("MODE ann +i", "JOIN #c")
    cat.ask("JOIN #c")
    assert bob.ask("NAMES #c") == ["353 bob = #c :cat", "366 bob #c :End of /NAMES list"]
    assert cat.ask("NAMES #c")[0] == "353 cat = #c :@ann cat"


def test_names_with_multi_prefix_and_hosts(net: Net) -> None:
    (ann,) = people(net, "ann", caps="multi-prefix userhost-in-names")
    ann.ask("JOIN #c")
    lines = ann.ask("MODE #c +hv ann ann", "NAMES #c")
    assert lines[1] == "353 ann = #c :@%+ann!~ann@10.0.0.1"


def test_many_names_take_several_lines_that_fit(net: Net) -> None:
    crowd = people(net, *(f"somebody{n:02}" for n in range(60)), channel="#c")
    rows = [line for line in crowd[0].ask("NAMES #c") if line.startswith("353")]
    named = [name.lstrip("@") for row in rows for name in row.partition(" :")[2].split()]
    assert sorted(named) == sorted(c.nick for c in crowd)
    assert len(rows) > 1 and all(len(f":{net.edge.network.server_name} {row}\r\n") <= 512 for row in rows)


def test_kick(net: Net) -> None:
    ann, bob, cat = people(net, "ann", "bob", "cat", channel="#c")
    assert ann.ask("KICK #c bob :out you go") == [f"{source('ann')} KICK #c bob :out you go"]
    assert bob.sync() == cat.sync() == [f"{source('ann')} KICK #c bob :out you go"]
    assert bob.ask("PRIVMSG #c :still here?") == ["404 bob #c :Cannot send to channel"]
    assert bob.ask("JOIN #c")[0] == f"{source('bob')} JOIN #c"
    assert ann.ask("KICK #c bob")[-1] == f"{source('ann')} KICK #c bob :ann"


def test_kick_several(net: Net) -> None:
    ann, *_ = people(net, "ann", "bob", "cat", "dan", channel="#c")
    assert ann.ask("KICK #c bob,cat,dan :all") == [f"{source('ann')} KICK #c {n} :all" for n in ("bob", "cat", "dan")]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("KICK #c", "461 bob KICK :Not enough parameters"),
        ("KICK #c ann", "482 bob #c :You're not channel operator"),
        ("KICK #none ann", "403 bob #none :No such channel"),
        ("KICK #d ann", "442 bob #d :You're not on that channel"),
        ("KICK c ann", "403 bob c :No such channel"),
        ("INVITE ann", "461 bob INVITE :Not enough parameters"),
        ("INVITE nobody #c", "401 bob nobody :No such nick/channel"),
        ("INVITE ann #c", "443 bob ann #c :is already on channel"),
        ("INVITE ann #d", "442 bob #d :You're not on that channel"),
        ("INVITE ann #none", "403 bob #none :No such channel"),
    ],
)
def test_refused(net: Net, line: str, answer: str) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    ann.ask("JOIN #d")
    assert bob.ask(line) == [answer]
    assert ann.sync() == []


def test_kick_of_somebody_else_s_nick(net: Net) -> None:
    ann, _ = people(net, "ann", "bob")
    ann.ask("JOIN #c")
    assert sorted(ann.ask("KICK #c bob,nobody")) == [
        "401 ann nobody :No such nick/channel",
        "441 ann bob #c :They aren't on that channel",
    ]


def test_kick_means_the_person_even_while_it_changes_its_nick(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    bob.send("NICK rob")
    ann.send("KICK #c bob :got you")
    settle(ann, bob)
    kicks = [line for line in bob.got if " KICK " in line]
    if kicks:
        assert kicks in ([f"{source('ann')} KICK #c bob :got you"], [f"{source('ann')} KICK #c rob :got you"])
    else:  # ann's server had shown the new nick already
        refusals = ("441 ann bob #c :They aren't on that channel", "401 ann bob :No such nick/channel")
        assert any(line.endswith(refusals) for line in ann.got)


def test_invite_tells_of_away_and_notifies_operators(net: Net) -> None:
    ann, bob, cat = people(net, "ann", "bob", "cat", caps="invite-notify")
    ann.ask("JOIN #c")
    bob.ask("JOIN #c")
    ann.ask("MODE #c +o bob")
    cat.ask("AWAY :tea")
    bob.sync()
    assert ann.ask("INVITE cat #c") == ["341 ann cat #c", "301 ann cat :tea"]
    assert bob.sync() == [f"{source('ann')} INVITE cat #c"]
    assert cat.sync() == [f"{source('ann')} INVITE cat #c"]
    ann.ask("MODE #c +i")
    dan = net.client("n1", "dan")
    dan.ask("JOIN #d")
    assert dan.ask("INVITE ann #c") == ["442 dan #c :You're not on that channel"]


def test_quit_is_shown_once_to_those_who_share_two_channels(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    for person in (ann, bob):
        person.ask("JOIN #d")
    settle(ann, bob)
    bob.send("PRIVMSG #c :bye", "QUIT :gone fishing")
    net.run(1)
    assert ann.sync() == [f"{source('bob')} PRIVMSG #c :bye", f"{source('bob')} QUIT :Quit: gone fishing"]
    assert bob.closed is not None and bob.got[-1] == "ERROR :Closing Link: 10.0.0.1 (Quit: gone fishing)"
    assert net.client("n1", "bob").ask("WHOIS ann")[0].startswith("311 bob ann")


SECRETS = [
    "TOPIC {}",
    "TOPIC {} :new",
    "NAMES {}",
    "MODE {}",
    "MODE {} b",
    "MODE {} +m",
    "KICK {} ann",
    "INVITE cat {}",
    "PART {}",
    "PART {} :bye",
    "WHO {}",
    "WHO {} %tna,5",
    "LIST {}",
    "PRIVMSG {} :hi",
    "NOTICE {} :hi",
    "PRIVMSG @{} :hi",
    "@+a=b TAGMSG {}",
    "CHATHISTORY LATEST {} * 10",
    "REDACT {} abc",
    "REDACT {} *",
    "MARKREAD {}",
]


@pytest.mark.parametrize("line", SECRETS)
def test_a_secret_channel_answers_strangers_as_one_that_does_not_exist(net: Net, line: str) -> None:
    caps = "message-tags draft/chathistory draft/message-redaction draft/read-marker batch"
    ann, bob, _ = people(net, "ann", "bob", "cat", caps=caps)
    ann.ask("JOIN #SeCret", "MODE #secret +s", "TOPIC #secret :hidden", "PRIVMSG #secret :psst")
    ann.ask("JOIN #Gone", "PART #gone")

    def asked(name: str) -> list[str]:
        return [re.sub(r"(\+|-|batch=)[a-z0-9]+\b", "", answer) for answer in bob.ask(line.format(name))]

    there = asked("#secret")
    assert [answer.replace("#secret", "#nowher") for answer in there] == asked("#nowher")
    assert [answer.replace("#secret", "#gone") for answer in there] == asked("#gone")
    assert not any("SeCret" in answer for answer in there)


def test_whois_of_a_member_of_a_secret_channel(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    ann.ask("JOIN #s", "MODE #s +s")
    assert not any("#s" in answer for answer in bob.ask("WHOIS ann"))


def test_one_prefix_to_who_has_not_asked_for_all(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    ann.ask("MODE #c +hv ann ann")
    assert "319 bob ann @#c" in [line.replace(" :", " ") for line in bob.ask("WHOIS ann")]
    assert bob.ask("WHO #c")[0].split(" ")[7] == "H@" and bob.ask("WHO #c %f")[0] == "354 bob H@"
    bob.ask("CAP REQ multi-prefix")
    assert "319 bob ann @%+#c" in [line.replace(" :", " ") for line in bob.ask("WHOIS ann")]
    assert bob.ask("WHO #c")[0].split(" ")[7] == "H@%+" and bob.ask("WHO #c %f")[0] == "354 bob H@%+"
