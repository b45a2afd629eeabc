"""Webhooks and operators' notices: hearers, bans and modes, and idempotency keys."""

from __future__ import annotations

import re

import pytest

from gateway.admin.procedures import Problem
from gateway.admin.speaking import EVERYBODY, LINES, Words, lines_of, notice, speak
from gateway.irc.limits import LINE_BYTES
from gateway.state.channel.keys import merge_keys, remembered
from gateway.state.channel.machine_messages import KEY_MS, KEYS, SpokenKey, key_from_text
from gateway.state.channel.messages import Said
from ring.ids import GroupId
from tests.gateway.admin.stage import ask
from tests.gateway.commands.stage import network, people
from tests.sim.net import Client, Net

ERLANG = GroupId("channel", "#erlang")  # n3 masters it


def say(net: Net, node: str, text: str, key: str = "", name: str = "ci", channel: str = "#erlang") -> int | Problem:
    words = Words("PRIVMSG", text)
    result: int | Problem = ask(net, node, speak(net.nodes[node].core.edge, "builds", name, channel, words, key))
    return result


def heard(client: Client) -> list[str]:
    """Of all that the client has read, what webhooks and services said."""
    return [line for line in client.got if re.match(r"(@\S+ )?:(ci/hook|Global)!", line)]


def test_a_webhook_is_heard_on_every_node_and_later_in_the_history() -> None:
    net = network(3, disks=True)
    ann, bob = people(net, "ann", "bob", channel="#erlang", caps="message-tags batch draft/chathistory")
    source = f":ci/hook!builds@{net.edge.network.server_name}"
    at = say(net, "n2", "build 7 is green")
    assert isinstance(at, int) and at > 0
    for client in (ann, bob):
        (line,) = heard(client)
        tags, _, rest = line.partition(" ")
        assert rest == f"{source} PRIVMSG #erlang :build 7 is green" and "bot" in tags.split(";")
    net.run(2)
    lines = bob.ask("CHATHISTORY LATEST #erlang * 10")
    assert any(f"{source} PRIVMSG #erlang :build 7 is green" in line for line in lines)


def test_who_runs_the_channel_may_stop_a_webhook() -> None:
    net = network(3)
    (ann,) = people(net, "ann", channel="#erlang")
    assert isinstance(say(net, "n1", "one"), int)  # +nt, as channels are
    for mode, words in (("+b *!builds@*", "a ban"), ("+b ci/hook!*@*", "a ban"), ("+m", "(+m)")):
        ann.ask(f"MODE #erlang {mode}")
        problem = say(net, "n1", "two")
        assert isinstance(problem, Problem) and problem.why == "refused" and words in problem.text
        ann.ask("MODE #erlang +e */hook!builds@*")
        assert isinstance(say(net, "n1", "three"), int)
        ann.ask(f"MODE #erlang -e{mode.replace('+', '-')[1]} */hook!builds@* {mode.partition(' ')[2]}")
    assert [line.rpartition(":")[2] for line in heard(ann)] == ["one", "three", "three", "three"]


def test_what_a_webhook_may_not_say_is_said() -> None:
    net = network(2)
    people(net, "ann", channel="#erlang")
    for why, result in (
        ("unknown", say(net, "n1", "x", channel="#nobody")),
        ("invalid", say(net, "n1", "x", channel="erlang")),
        ("invalid", say(net, "n1", "")),
        ("invalid", say(net, "n1", " \n \n")),
        ("invalid", say(net, "n1", "a\x01b")),
        ("invalid", say(net, "n1", "a\rQUIT :b")),
        ("invalid", say(net, "n1", "a\ud800b")),
        ("invalid", say(net, "n1", "x" * 4000)),
        ("invalid", say(net, "n1", "x", name="a b")),
        ("invalid", say(net, "n1", "x", name="NickServ")),
        ("invalid", say(net, "n1", "x", name="a!b@c")),
        ("invalid", say(net, "n1", "x", key="a b")),
        ("invalid", say(net, "n1", "x", key="k" * 201)),
    ):
        assert isinstance(result, Problem) and result.why == why, result


def test_a_message_is_said_once_for_its_key_by_whatever_node_it_comes() -> None:
    net = network(3)
    ann, _ = people(net, "ann", "bob", channel="#erlang")
    at = say(net, "n1", "one\ntwo", "k1")
    assert say(net, "n2", "one\ntwo", "k1") == at == say(net, "n3", "one\ntwo", "k1")
    other = say(net, "n2", "one\nthree", "k1")
    assert isinstance(other, Problem) and other.why == "reused"
    assert say(net, "n2", "one\ntwo", "k2") != at
    assert [line.rpartition(":")[2] for line in heard(ann)] == ["one", "two", "one", "two"]


def test_a_key_outlives_the_nodes_that_took_it() -> None:
    net = network(4)
    ann, _ = people(net, "ann", "bob", channel="#erlang")
    at = say(net, "n4", "once", "k1")
    net.kill("n4")
    net.kill("n3")  # the channel's master
    net.run(10)
    assert say(net, "n1", "once", "k1") == at == say(net, "n2", "once", "k1")
    assert len(heard(ann)) == 1


def test_a_key_outlives_the_log() -> None:
    """The log keeps half a minute; the channel's state keeps the key for a day, also in a hand-off."""
    net = network(3)
    ann, _ = people(net, "ann", "bob", channel="#erlang")
    at = say(net, "n1", "once", "k1")
    for _ in range(8):
        net.run(10)
        ann.ask("PRIVMSG #erlang :meanwhile")
    log = net.nodes["n3"].core.engine.replicas.masters[ERLANG].replica.log
    assert not any(isinstance(entry.event, Said) and entry.event.text == b"once" for entry in log)
    assert say(net, "n2", "once", "k1") == at
    net.leave("n3")
    net.run(10)
    assert net.masters(ERLANG) == ["n2"] and say(net, "n1", "once", "k1") == at
    assert len(heard(ann)) == 1


def test_a_key_used_on_both_sides_of_a_partition_is_shown_once() -> None:
    net = network(4)
    ann, bob = people(net, "ann", "bob", channel="#erlang")
    sides = {net.nodes[name].key for name in ("n1", "n4")}, {net.nodes[name].key for name in ("n2", "n3")}
    net.links.isolate(*sides)
    net.run(15)
    assert isinstance(say(net, "n4", "once", "k1"), int) and isinstance(say(net, "n3", "once", "k1"), int)
    net.links.heal()
    net.run(30)
    for client in (ann, bob):
        client.sync()
        assert len(heard(client)) == 1
    assert isinstance(say(net, "n1", "once", "k1"), int) and len(heard(ann)) == 1


def test_keys_are_bounded_and_forgotten_after_a_day() -> None:
    keys: dict[str, SpokenKey] = {}
    for number in range(KEYS + 5):
        said = Said("/builds", "s", "PRIVMSG", b"x", idempotency_key=key_from_text(f"k{number}"))
        keys = remembered(keys, said, 1000 + number) or {}
    assert len(keys) == KEYS and "k4" not in keys and f"k{KEYS + 4}" in keys
    late = remembered(keys, Said("/builds", "s", "PRIVMSG", b"x", idempotency_key=key_from_text("late")), KEY_MS + 2000)
    assert late is not None and list(late) == ["late"]
    assert remembered(keys, Said("0ann", "s", "PRIVMSG", b"x"), 1) is None
    a, b = {"k": SpokenKey(1, 7), "a": SpokenKey(5, 1)}, {"k": SpokenKey(2, 7)}
    assert merge_keys(a, b) == merge_keys(b, a) == {"a": SpokenKey(5, 1), "k": SpokenKey(1, 7)}


def test_a_notice_reaches_everybody_a_channel_and_a_nick_on_other_nodes() -> None:
    net = network(3)
    ann, bob, carl = people(net, "ann", "bob", "carl")
    ann.ask("JOIN #erlang", "MODE #erlang +m", "MODE #erlang +b *!*@*")
    edge = net.nodes["n3"].core.edge
    source = f":Global!services@{net.edge.network.server_name}"
    assert ask(net, "n3", notice(edge, "Global", EVERYBODY, "back soon")) == "everybody"
    assert ask(net, "n3", notice(edge, "Global", "#erlang", "hello channel")) == "#erlang"
    assert ask(net, "n3", notice(edge, "Global", "BOB", "hello bob")) == "BOB"
    assert heard(ann) == [f"{source} NOTICE $$* :back soon", f"{source} NOTICE #erlang :hello channel"]
    assert heard(bob) == [f"{source} NOTICE $$* :back soon", f"{source} NOTICE bob :hello bob"]
    assert heard(carl) == [f"{source} NOTICE $$* :back soon"]


def test_a_notice_that_cannot_be_sent_is_told_why() -> None:
    net = network(2)
    (ann,) = people(net, "ann")
    ann.ask("MODE ann +R")
    edge = net.nodes["n2"].core.edge
    for why, procedure in (
        ("invalid", notice(edge, "Alice", EVERYBODY, "x")),
        ("invalid", notice(edge, "Global", "a b", "x")),
        ("invalid", notice(edge, "Global", "$$*", "x")),
        ("invalid", notice(edge, "Global", "x" * 600, "x")),  # no line has room for text beside such names
        ("invalid", notice(edge, "Global", "\U0001f600" * 200, "x")),
        ("invalid", notice(edge, "Global", "#" + "\U0001f600" * 199, "x")),
        ("unknown", notice(edge, "Global", "nobody", "x")),
        ("unknown", notice(edge, "Global", "#nobody", "x")),
        ("refused", notice(edge, "Global", "ann", "x")),
    ):
        result = ask(net, "n2", procedure)
        assert isinstance(result, Problem) and result.why == why, result


@pytest.mark.parametrize("word", ["word ", "longword" * 70 + " ", "ü", "日本語 "])
def test_a_long_line_is_parted_and_nothing_of_it_is_lost(word: str) -> None:
    text = (word * 600)[:900].strip()
    lines = lines_of(Words("PRIVMSG", text), "ci/hook!builds@irc.example.net", "#builds")
    assert 1 < len(lines) <= LINES
    for line in lines:
        whole = f":ci/hook!builds@irc.example.net PRIVMSG #builds :{line}\r\n"
        assert len(whole.encode()) <= LINE_BYTES
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
