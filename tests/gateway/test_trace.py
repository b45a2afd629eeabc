"""A node's answer about one channel's group, in networks without sockets. n3 masters #erlang, n2 is the backup."""

from __future__ import annotations

import pytest

from gateway.admin_clients.requests import Problem, Reply, TraceAsk, answer, encode, read_reply
from gateway.trace import MOST, Traced
from tests.gateway.commands.stage import network, people, settle
from tests.sim.net import Net

CHANNEL = "#erlang"


def ask(net: Net, name: str, question: TraceAsk) -> Reply:
    replies: list[bytes] = []
    answer(net.nodes[name].core, {}, encode(question), replies.append)
    (reply,) = replies
    return read_reply(reply)


def of(net: Net, name: str, after: int | None = None, *, texts: bool = False, channel: str = CHANNEL) -> Traced:
    found = ask(net, name, TraceAsk(channel, after, texts))
    assert isinstance(found, Traced)
    return found


def roles(net: Net) -> dict[str, str]:
    return {name: of(net, name).role for name, node in net.nodes.items() if node.up}


def test_roles_terms_and_who_has_acknowledged() -> None:
    net = network(3)
    ann, bob = people(net, "ann", "bob", channel=CHANNEL)
    settle(ann, bob)
    net.run(2.0)
    assert roles(net) == {"n1": "follower", "n2": "backup", "n3": "master"}
    master = of(net, "n3")
    assert (master.name, master.ring_key, master.master, master.members) == ("n3.sim", "127.0.0.3", "127.0.0.3", 2)
    assert master.first == 1 and master.last == master.head >= 2
    assert [(one.key, one.acked, one.backup, one.sits) for one in master.progress] == [
        ("127.0.0.1", master.last, False, True),
        ("127.0.0.2", master.last, True, True),
    ]
    for name in ("n1", "n2"):
        other = of(net, name)
        assert (other.master, other.last, other.terms, other.progress) == (
            "127.0.0.3", master.last, master.terms, [],
        )  # fmt: skip
    assert [(term.key, term.first, term.began) for term in master.terms] == [("127.0.0.3", 1, "first")]


def test_entries_say_who_by_number_and_what_was_said_only_if_asked_for() -> None:
    net = network(3)
    ann, bob = people(net, "ann", "bob", channel=CHANNEL)
    settle(ann, bob)
    before = of(net, "n1").last
    ann.ask(f"PRIVMSG {CHANNEL} :a secret", f"TOPIC {CHANNEL} :another", f"MODE {CHANNEL} +m")
    bob.ask(f"PART {CHANNEL} :bye")
    net.run(1.0)
    uid = ann.connection.user.person.uid  # type: ignore[union-attr]
    found = of(net, "n3", before).entries
    assert [entry.kind for entry in found] == ["Said PRIVMSG", "TopicSet", "ModesSet", "Parted"]
    assert [entry.seq for entry in found] == list(range(before + 1, before + 5))
    assert [(entry.who, entry.origin) for entry in found[:3]] == [(uid, "127.0.0.1")] * 3
    assert found[3].origin == "127.0.0.2" and found[3].who not in ("", uid)
    assert [entry.text for entry in found] == [None] * 4 and "secret" not in str(found)
    told = of(net, "n1", before, texts=True).entries
    assert [entry.text for entry in told] == ["a secret", "another", None, "bye"]
    assert of(net, "n3").entries == []  # none were asked for
    assert of(net, "n3", before + 100).entries == []


def test_an_answer_is_bounded_and_says_that_there_is_more() -> None:
    net = network(3)
    (ann,) = people(net, "ann", channel=CHANNEL)
    for number in range(MOST + 20):
        ann.send(f"PRIVMSG {CHANNEL} :{number}")
    ann.sync()
    told = of(net, "n3", 0)
    assert len(told.entries) == MOST and told.more
    rest = of(net, "n3", told.entries[-1].seq)
    assert rest.entries[0].seq == MOST + 1 and rest.entries[-1].seq == rest.last and not rest.more


def test_a_takeover_and_the_hand_off_back_are_terms_that_say_how_they_began() -> None:
    net = network(3)
    people(net, "ann", "bob", channel=CHANNEL)
    net.run(2.0)
    net.kill("n3")
    assert net.until(lambda: of(net, "n2").role == "master", 20.0)
    assert [(term.key, term.began) for term in of(net, "n2").terms] == [
        ("127.0.0.3", "first"),
        ("127.0.0.2", "takeover"),
    ]
    net.start(3)
    assert net.until(lambda: of(net, "n3").role == "master", 20.0)
    net.run(2.0)
    for name in net.nodes:
        last = of(net, name).terms[-1]
        assert (last.key, last.began) == ("127.0.0.3", "hand_off")
    numbers = [term.number for term in of(net, "n1").terms]
    assert numbers == sorted(numbers) and len(numbers) == 3


def test_a_node_that_finds_out_and_a_group_that_a_mistake_stopped_are_told() -> None:
    net = network(3)
    people(net, "ann", "bob", channel=CHANNEL)
    net.run(2.0)
    group = net.nodes["n3"].core.edge.channel(CHANNEL)
    net.kill("n3")
    assert net.until(lambda: of(net, "n2").role == "recovery", 20.0)
    assert net.until(lambda: of(net, "n2").role == "master", 20.0)
    engine = net.nodes["n1"].core.engine
    net.may_err = True
    net.turn(net.nodes["n1"], lambda: engine.stopped.stop(group, ValueError("broken")))
    assert of(net, "n1") == Traced("n1.sim", "127.0.0.1", "stopped")


def test_a_channel_that_nobody_has() -> None:
    net = network(3)
    for name, node in net.nodes.items():
        assert of(net, name, 0, channel="#none") == Traced(f"{name}.sim", node.key, "none")


@pytest.mark.parametrize("name", ["", "erlang", "#a b", "#a,b", "#" + "x" * 64, "#\x07"])
def test_what_is_no_channels_name_is_answered_with_words(name: str) -> None:
    found = ask(network(1), "n1", TraceAsk(name))
    assert isinstance(found, Problem) and "is no channel's name: a name starts with #" in found.text


def test_the_name_is_folded_as_on_irc() -> None:
    net = network(1)
    people(net, "ann", channel="#Erl{}")
    assert of(net, "n1", channel="#eRL[]").role == "master"
