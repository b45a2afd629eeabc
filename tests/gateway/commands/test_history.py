from __future__ import annotations

import dataclasses
import re

import pytest

from config.history import History
from tests.gateway.commands.stage import network, people, source
from tests.gateway.commands.talking import CAPS, parsed, said, talk
from tests.settings import section
from tests.sim.net import Client, Net

LOST = "Messages could not be retrieved"


def history(client: Client, line: str) -> list[str]:
    """What CHATHISTORY answers, without the batch around it."""
    answer = client.ask(f"CHATHISTORY {line}")
    begin, end = re.fullmatch(r"(?:@\S+ )?BATCH \+(\w+) chathistory (\S+)", answer[0]), answer[-1]
    assert begin is not None, answer
    assert end.endswith(f"BATCH -{begin[1]}")
    assert all(f"batch={begin[1]};" in line or f"batch={begin[1]} " in line for line in answer[1:-1])
    return answer[1:-1]


def test_lines_are_as_they_were(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#C", caps=f"{CAPS} echo-message")
    bob.ask("MODE bob +B")
    live = ann.ask("@+a=b\\sc PRIVMSG #c :\x01ACTION waves\x01", "NOTICE #c :note")
    live += bob.ask("PRIVMSG #c :caf\xe9 :)", "@+react=x TAGMSG #c")
    bob.ask("@+typing=active TAGMSG #c", "NICK rob")
    words = [line for line in live if " TAGMSG " not in line]
    for person in (ann, bob):
        assert [re.sub(r"batch=\w+;", "", line) for line in history(person, "LATEST #c * 9")] == words
    ann.send("CAP REQ draft/event-playback")  # without it a reply has PRIVMSG and NOTICE alone
    assert [line for line in history(ann, "LATEST #c * 9") if " TAGMSG " in line] != []
    assert {re.sub(r"batch=\w+;", "", line) for line in history(ann, "LATEST #c * 9")} >= {*live}


def test_each_subcommand(net: Net) -> None:
    ann, bob = talk(net)
    lines = history(ann, "LATEST #c * 100")
    assert said(lines) == list("0123456789")
    ids = [parsed(line).tags["msgid"] for line in lines]  # type: ignore[index]
    at = [parsed(line).tags["time"] for line in lines]  # type: ignore[index]
    for place in (ids, at):
        kind = "msgid" if place is ids else "timestamp"
        for person in (ann, bob):
            assert said(history(person, f"LATEST #c {kind}={place[4]} 3")) == list("789")
            assert said(history(person, f"LATEST #c {kind}={place[7]} 3")) == list("89")
            assert said(history(person, f"BEFORE #c {kind}={place[4]} 3")) == list("123")
            assert said(history(person, f"AFTER #c {kind}={place[4]} 3")) == list("567")
            assert said(history(person, f"AROUND #c {kind}={place[4]} 4")) == list("2345")
            assert said(history(person, f"BETWEEN #c {kind}={place[2]} {kind}={place[7]} 3")) == list("345")
            assert said(history(person, f"BETWEEN #c {kind}={place[7]} {kind}={place[2]} 3")) == list("456")
            assert said(history(person, f"BETWEEN #c {kind}={place[7]} msgid={ids[2]} 3")) == list("456")
            assert history(person, f"BEFORE #c {kind}={place[0]} 3") == []
            assert history(person, f"AFTER #c {kind}={place[9]} 3") == []


def test_the_channel_is_named_as_it_is_called(net: Net) -> None:
    ann, _ = talk(net, 2)
    assert ann.ask("CHATHISTORY LATEST #c * 5")[0].endswith(" chathistory #C")
    assert all(" PRIVMSG #C :" in line for line in history(ann, "LATEST #c * 5"))


def test_no_more_than_the_network_allows(net: Net) -> None:
    for node in net.nodes.values():
        settings = node.core.edge.settings
        node.core.edge.settings = dataclasses.replace(settings, history=section(History, query_max=3))
    ann, _ = talk(net)
    assert any("CHATHISTORY=3 MSGREFTYPES=msgid,timestamp" in line for line in ann.got)
    assert said(history(ann, "LATEST #c * 100")) == list("789")


def test_targets(net: Net) -> None:
    ann, bob = talk(net, 2)
    net.run(2)
    for line in ("JOIN #old,#empty", "PRIVMSG #old :x"):
        bob.ask(line)
    net.run(2)
    ann.ask("PRIVMSG #C :now", "JOIN #old")
    early, late = "timestamp=2000-01-01T00:00:00.000Z", "timestamp=2099-01-01T00:00:00.000Z"
    begin, *rows, end = bob.ask(f"CHATHISTORY TARGETS {early} {late} 10")
    assert re.fullmatch(r"BATCH \+\w+ draft/chathistory-targets", begin) and "BATCH -" in end
    shown = [re.fullmatch(r"@batch=\w+ :irc.circlet.local CHATHISTORY TARGETS (\S+) (\S+Z)", row) for row in rows]
    assert [row and row[1] for row in shown] == ["#old", "#C"]
    (last,) = [parsed(line).tags["time"] for line in history(bob, "LATEST #C * 1")]  # type: ignore[index]
    assert shown[1] is not None and shown[1][2] == last
    assert len(bob.ask(f"CHATHISTORY TARGETS {early} {late} 1")) == 3
    assert "#C" in bob.ask(f"CHATHISTORY TARGETS {late} {early} 1")[1]
    assert "#old" in bob.ask(f"CHATHISTORY TARGETS {early} timestamp={last} 9")[1]
    assert len(bob.ask(f"CHATHISTORY TARGETS {early} {early} 9")) == 2
    (cat,) = people(net, "cat", caps=CAPS)
    assert len(cat.ask(f"CHATHISTORY TARGETS {early} {late} 9")) == 2


def test_only_who_is_in_the_channel_may_ask(net: Net) -> None:
    ann, bob = talk(net, 2)
    (cat,) = people(net, "cat", caps=CAPS)
    assert cat.ask("CHATHISTORY LATEST #c * 5") == [f"FAIL CHATHISTORY INVALID_TARGET LATEST #c :{LOST}"]
    bob.ask("PART #c")
    for target in ("#c", "#none", "bob", "*", "c", "#" + "x" * 300):
        (answer,) = bob.ask(f"CHATHISTORY LATEST {target} * 5")
        assert answer.startswith(f"FAIL CHATHISTORY INVALID_TARGET LATEST {target[:64]} :")
    assert said(history(ann, "LATEST #c * 5")) == ["0", "1"]


def test_a_newcomer_reads_what_was_said_before_unless_the_channel_hides_it(net: Net) -> None:
    ann, bob = talk(net, 4)
    cat, dan = people(net, "cat", "dan", caps=CAPS)
    cat.ask("JOIN #c")
    assert said(history(cat, "LATEST #c * 9")) == list("0123")
    assert ann.ask("MODE #c +H")[-1].endswith(" MODE #C +H")
    dan.ask("JOIN #c")
    assert history(dan, "LATEST #c * 9") == []
    bob.ask("PRIVMSG #c :new")
    for line in ("LATEST #c * 9", "AROUND #c timestamp=2000-01-01T00:00:00.000Z 9"):
        assert said(history(dan, line)) == ["new"]
    assert said(history(bob, "LATEST #c * 9")) == ["0", "1", "2", "3", "new"]


def test_joining_and_asking_in_one_packet(net: Net) -> None:
    talk(net, 2)
    (cat,) = people(net, "cat", caps=CAPS)
    lines = cat.ask("JOIN #c", "CHATHISTORY LATEST #c * 5")
    assert said([line for line in lines if "batch=" in line]) == ["0", "1"]


def test_what_one_has_just_said_is_in_it(net: Net) -> None:
    ann, _ = talk(net, 1)
    lines = ann.ask("PRIVMSG #c :just now", "CHATHISTORY LATEST #c * 1")
    assert said(lines[1:-1]) == ["just now"]


def test_who_makes_an_empty_channel_anew_reads_what_was_said_if_all_could(net: Net) -> None:
    ann, bob = talk(net, 2)
    for person in (ann, bob):
        person.ask("PART #c")
    net.run(60)  # without a store, lines stand in the log alone, for two minutes
    (cat,) = people(net, "cat", channel="#c", caps=CAPS)
    assert said(history(cat, "LATEST #c * 9")) == ["0", "1"]
    cat.ask("MODE #c +i", "PRIVMSG #c :secret", "PART #c")
    bob.ask("JOIN #c")
    assert history(bob, "LATEST #c * 9") == []
    assert history(bob, "BEFORE #c timestamp=2099-01-01T00:00:00.000Z 9") == []


def test_status_messages_are_for_those_with_rank(net: Net) -> None:
    ann, bob = talk(net, 0)
    ann.ask("PRIVMSG @#c :ops", "PRIVMSG +#c :voices")
    assert [line.split(" ", 2)[2] for line in history(ann, "LATEST #c * 9")] == [
        "PRIVMSG @#C :ops",
        "PRIVMSG +#C :voices",
    ]
    assert history(bob, "LATEST #c * 9") == []
    ann.ask("MODE #c +v bob")
    bob.sync()
    assert said(history(bob, "LATEST #c * 9")) == ["voices"]


def test_events_for_those_who_can_show_them(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c", caps=f"{CAPS} draft/event-playback")
    ann.ask("TOPIC #c :new topic", "MODE #c +v bob", "PRIVMSG #c :hi", "KICK #c bob :out")
    bob.ask("JOIN #c", "NICK rob", "AWAY :x", "PART #c bye", "JOIN #c")
    bob.send("QUIT :gone")
    net.run(1)
    shown = [line.partition(" ")[2] for line in history(ann, "LATEST #c * 99")]
    assert shown == [
        f"{source('ann')} JOIN #c",
        f"{source('bob')} JOIN #c",
        f"{source('ann')} TOPIC #c :new topic",
        f"{source('ann')} MODE #c +v bob",
        f"{source('ann')} PRIVMSG #c :hi",
        f"{source('ann')} KICK #c bob :out",
        f"{source('bob')} JOIN #c",
        f"{source('bob')} NICK rob",
        ":rob!~bob@10.0.0.1 PART #c bye",
        ":rob!~bob@10.0.0.1 JOIN #c",
        ":rob!~bob@10.0.0.1 QUIT :Quit: gone",
    ]
    (cat,) = people(net, "cat", channel="#c", caps=f"{CAPS} extended-join")
    assert said(history(cat, "LATEST #c * 2")) == ["hi"]  # other lines do not count for who cannot show them
    (dan,) = people(net, "dan", channel="#c", caps=f"{CAPS} draft/event-playback extended-join")
    assert history(dan, "LATEST #c * 2")[-1].endswith(f"{source('dan')} JOIN #c * :dan real")


def test_capabilities_shape_the_answer(net: Net) -> None:
    talk(net, 1)
    plain, bare, tagged = people(net, "plain", "bare", "tagged", channel="#c", caps="")
    assert plain.ask("CHATHISTORY LATEST #c * 5") == ["421 plain CHATHISTORY :Unknown command"]
    bare.ask("CAP REQ :draft/chathistory")
    assert bare.ask("CHATHISTORY LATEST #c * 5") == [f"{source('ann')} PRIVMSG #C :0"]
    tagged.ask("CAP REQ :draft/chathistory batch")
    assert [line.split(" ", 1)[1] for line in history(tagged, "LATEST #c * 5")] == [f"{source('ann')} PRIVMSG #C :0"]


def test_a_label_is_on_the_batch_around() -> None:
    net = network(2)
    ann, _ = talk(net, 2, f"{CAPS} labeled-response")
    outer, inner, one, two, end, last = ann.ask("@label=x CHATHISTORY LATEST #c * 5")
    names = [re.search(r"BATCH \+(\w+)", line) for line in (outer, inner)]
    assert names[0] is not None and names[1] is not None
    assert outer.startswith("@label=x ") and outer.endswith(" labeled-response")
    assert inner.startswith(f"@batch={names[0][1]} ") and inner.endswith(" chathistory #C")
    assert all(line.startswith(f"@batch={names[1][1]};") for line in (one, two))
    assert end == f"@batch={names[0][1]} :irc.circlet.local BATCH -{names[1][1]}"
    assert last == f"BATCH -{names[0][1]}"
    (failed,) = ann.ask("@label=y CHATHISTORY LATEST #none * 5")
    assert failed.startswith("@label=y :irc.circlet.local FAIL CHATHISTORY INVALID_TARGET")


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("CHATHISTORY", "461 ann CHATHISTORY :Not enough parameters"),
        ("CHATHISTORY NEWEST #c * 5", "FAIL CHATHISTORY INVALID_PARAMS NEWEST :Unknown command"),
        ("CHATHISTORY LATEST #c", "FAIL CHATHISTORY INVALID_PARAMS LATEST :Insufficient parameters"),
        ("CHATHISTORY LATEST #c * :5 6", "FAIL CHATHISTORY INVALID_PARAMS LATEST 5_6 :Invalid limit"),
        ("CHATHISTORY LATEST #c * -5", "FAIL CHATHISTORY INVALID_PARAMS LATEST -5 :Invalid limit"),
        ("CHATHISTORY LATEST :", "FAIL CHATHISTORY INVALID_PARAMS LATEST :Insufficient parameters"),
        ("CHATHISTORY BEFORE #c timestamp=x 5", "FAIL CHATHISTORY INVALID_PARAMS BEFORE x :Invalid timestamp"),
        (
            "CHATHISTORY BEFORE #c x=y 5",
            "FAIL CHATHISTORY INVALID_MSGREFTYPE BEFORE #c x :A place is timestamp= or msgid=",
        ),
        (
            "CHATHISTORY BEFORE #c msgid=x 5",
            f"FAIL CHATHISTORY MESSAGE_ERROR BEFORE #c :{LOST}",
        ),
    ],
)
def test_what_is_malformed_is_refused(net: Net, line: str, answer: str) -> None:
    ann, _ = talk(net, 1)
    assert ann.ask(line) == [answer]


def test_a_network_without_history_offers_none() -> None:
    net = network(1, history=History(enabled=False))
    ann, _ = people(net, "ann", "bob", channel="#c", caps="batch")
    assert "CHATHISTORY" not in " ".join(ann.got)
    assert not [cap for cap in ann.ask("CAP LS 302")[0].split() if "history" in cap or "playback" in cap]
    assert " NAK " in ann.ask("CAP REQ :draft/chathistory")[0]
    assert ann.ask("CHATHISTORY LATEST #c * 5") == ["421 ann CHATHISTORY :Unknown command"]
    assert ann.ask("PRIVMSG *playback :play * 0") == ["401 ann *playback :No such nick/channel"]


def test_one_client_asks_one_thing_at_a_time(net: Net) -> None:
    ann, _ = talk(net, 4)
    engine = ann.node.core.engine
    asked = ("TARGETS timestamp=2000-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z 9", "LATEST #c * 1", "FOO")
    ann.send(*(f"CHATHISTORY {line}" for line in asked for _ in range(5)))
    most = 0

    def answered() -> bool:
        nonlocal most
        most = max(most, len(engine.history.open))
        return sum(" BATCH -" in line or " FAIL " in line for line in ann.got) >= 15

    assert net.until(answered, 10)
    assert most <= 1


# REDACT ---------------------------------------------------------------------------------------------------------------


# *playback ------------------------------------------------------------------------------------------------------------
