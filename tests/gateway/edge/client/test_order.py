"""A client reads answers in the order of its commands, and others see the client's profile in the same order."""

from __future__ import annotations

import random

import pytest

from tests.gateway.commands.accounts import register
from tests.gateway.commands.stage import network, people, settle, source
from tests.settings import ring_settings
from tests.sim.net import Client, Net

ECHO = "echo-message labeled-response message-tags batch"
TRIES = range(12)


def slow(seed: int, **settings: object) -> Net:
    """Three nodes with messages under way for 1 to 60 ms, so answers come in every order."""
    net = network(3, seed=seed, **settings)
    net.delay_s = (0.001, 0.06)
    return net


def marked(lines: list[str], *marks: str) -> list[str]:
    """Return the marks of the lines, in the order of the lines; the first fitting mark counts."""
    return [mark for line in lines for mark in [next((m for m in marks if m in line), "")] if mark]


@pytest.mark.parametrize("seed", TRIES)
def test_channels_are_joined_in_the_order_asked(seed: int) -> None:
    (ann,) = people(slow(seed), "ann")
    lines = ann.ask("JOIN #a,#b,bad,#c", "JOIN #d")
    want = ["JOIN #a", "JOIN #b", "403 ann bad", "JOIN #c", "JOIN #d"]
    assert marked(lines, *want) == want
    want = [f"366 ann #{letter} " for letter in "abcd"]
    assert marked(lines, *want) == want


@pytest.mark.parametrize("seed", TRIES)
def test_answers_keep_the_order_of_commands(seed: int) -> None:
    ann, _ = people(slow(seed), "ann", "bob", caps=ECHO)
    lines = ann.ask(
        "MODE #nope", "MODE nope", "WHOIS bob", "NOSUCH", "PRIVMSG bob :hi", "JOIN #a", "TOPIC #a", "PRIVMSG #a :x"
    )
    want = ["403 ann #nope", "502 ann", "318 ann", "421 ann", "PRIVMSG bob", "JOIN #a", "331 ann", "PRIVMSG #a"]
    assert marked(lines, *want) == want


@pytest.mark.parametrize("seed", TRIES)
def test_targets_of_one_command_are_answered_in_their_order(seed: int) -> None:
    ann, _ = people(slow(seed), "ann", "bob", channel="#c", caps=ECHO)
    lines = ann.ask("PRIVMSG nobody,#c,bob,#none :hi")
    want = ["401 ann nobody", "PRIVMSG #c", "PRIVMSG bob", "403 ann #none"]
    assert marked(lines, *want) == want
    lines = ann.ask("@label=l PRIVMSG nobody,#c,bob :hi", "@label=m MODE #none", "PING x")
    batch = [line for line in lines if "batch=" in line]
    assert marked(batch, *want) == want[:3]
    assert marked(lines, "label=l", "label=m", "PONG") == ["label=l", "label=m", "PONG"]


COMMANDS = {
    "JOIN #{n}": "366 ann #{n} ",
    "NAMES #none{n}": "366 ann #none{n} ",
    "MODE #none{n}": "403 ann #none{n} ",
    "WHOIS none{n}": "318 ann none{n} ",
    "WHOWAS none{n}": "369 ann none{n} ",
    "WHO none{n}": "315 ann none{n} ",
    "WHO #none{n}": "315 ann #none{n} ",
    "MONITOR + none{n}": "731 ann none{n}",
    "PRIVMSG #c :text {n}.": "PRIVMSG #c :text {n}.",
    "PRIVMSG bob :text {n}.": "PRIVMSG bob :text {n}.",
    "PRIVMSG none{n} :x": "401 ann none{n} ",
    "TOPIC #c :text {n}.": "TOPIC #c :text {n}.",
    "MODE #c +k key{n}.": "MODE #c +k key{n}.",
    "INVITE none{n} #c": "401 ann none{n} ",
    "NICK 1{n}": "432 ann 1{n} ",
    "NICK ann{n}x": "NICK ann{n}x",
    "SETNAME :text {n}.": "SETNAME :text {n}.",
    "NOSUCH{n}": "421 ann NOSUCH{n} ",
    "PING {n}.": "PONG irc.circlet.local {n}.",
    "NS HELP none{n}": "no help on NONE{n}.",
    "LIST #none{n}": "323 ann ",
    "KICK #c none{n}": "401 ann none{n} ",
}


@pytest.mark.parametrize("seed", range(40))
def test_any_commands_in_one_write_are_answered_in_order(seed: int) -> None:
    """A talker in another channel is not held up, and holds up nothing."""
    chance = random.Random(seed)
    net = slow(seed)
    ann, bob, _ = people(net, "ann", "bob", "cat", caps=f"{ECHO} setname")
    for client in (ann, bob):
        client.ask("JOIN #talk")
    ann.ask("JOIN #c")
    sent: list[str] = []
    want: list[str] = []
    for number in range(100, 130):
        command = chance.choice(list(COMMANDS))
        label = f"@label=l{number} " if chance.random() < 0.2 else ""
        sent.append(label + command.format(n=number))
        want.append(COMMANDS[command].format(n=number))
    for number in range(20):
        net.at(number * 0.02, lambda n=number: bob.send(f"PRIVMSG #talk :word {n}"))  # type: ignore[misc]
    ann.sync()
    ann.send(*sent)
    net.run(3.0)
    got = ann.sync()
    place = -1
    for command, mark in zip(sent, want, strict=True):
        words = mark.replace(" ann ", " ")  # whatever the user's nick is by then
        found = [i for i, line in enumerate(got) if i > place and fits(line, words)]
        assert found, (command, mark, got[max(place - 2, 0) :])
        place = found[0]
    assert ann.heard("#talk") == [f"word {n}" for n in range(20)]


def fits(line: str, words: str) -> bool:
    numeric, _, rest = words.partition(" ")
    if numeric.isdigit():
        found = line.split(" ") if not line.startswith("@") else line.split(" ")[1:]
        return len(found) > 3 and found[1] == numeric and " ".join(found[3:]).startswith(rest.rstrip(" "))
    return words in line


def test_nobody_waits_longer_than_settle_max_s() -> None:
    """n3 is silent, and nobody knows yet of the death of n3."""
    net = Net(3, seed=1, edge=network(1).edge, engine=ring_settings(settle_max_s=2.0))
    ann, _, _ = people(net, "ann", "bob", "cat")
    net.kill("n3", dark=True)
    began = net.now
    ann.send("WHOIS cat", "VERSION")
    assert net.until(lambda: any(" 351 " in line for line in ann.got), 10)
    assert net.now - began < 2.5
    net.run(10)
    assert any(" 318 " in line for line in ann.got)


def test_who_waits_is_sent_what_others_say_and_its_own_line_before() -> None:
    """One order in the channel, and PONG for talkers there, come before the order of one's own commands."""
    net = network(3, seed=1)
    ann, bob, _ = people(net, "ann", "bob", "cat", caps=ECHO)
    for client in (ann, bob):
        client.ask("JOIN #c")
    settle(ann, bob)
    net.nodes["n3"].slow_s = 1.0
    ann.send("WHOIS cat", "PRIVMSG #c :mine")
    net.run(0.3)
    if not any("mine" in line for line in ann.got):  # the echo waits for the WHOIS
        bob.send("PRIVMSG #c :yours")
        bob.sync()
    net.run(5)
    said = [line.rsplit(":", 1)[1] for line in ann.got if "PRIVMSG #c" in line]
    assert said in (["mine", "yours"], ["mine"])


# Services -------------------------------------------------------------------------------------------------------------


def told(client: Client) -> list[str]:
    return [line.split(" :", 1)[1] for line in client.sync() if "NOTICE" in line]


@pytest.mark.parametrize("seed", TRIES)
def test_service_commands_run_one_after_the_other(seed: int) -> None:
    net = slow(seed)
    (ann,) = people(net, "ann")
    register(ann)
    ann.sync()
    fingerprint = "ab" * 32
    ann.send("NS SET ALWAYS-ON on", "NS INFO", f"NS CERT ADD {fingerprint}", "NS CERT LIST", "NS SET ALWAYS-ON off")
    ann.send("JOIN #c", "PRIVMSG *circlet :DETACH #c", "PRIVMSG *circlet :ATTACH", "JOIN #c", "NS LOGOUT", "NS INFO")
    net.run(5)
    lines = told(ann)
    assert lines[0] == "ALWAYS-ON is on."
    assert any(line.startswith("ALWAYS-ON: on, ") for line in lines[1:5])
    at = lines.index(f"{fingerprint} logs in to ann.")
    assert lines[at + 1] == fingerprint
    assert lines[at + 2] == "ALWAYS-ON is off."
    assert lines[at + 3] == "You have detached #c. /join #c attaches the channel again."
    assert "#c" in lines[at + 4]
    assert lines[at + 5] == "You are logged out."


# What others see ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", TRIES)
def test_others_see_profiles_and_words_in_order(seed: int) -> None:
    net = slow(seed)
    ann, bob, cat = people(net, "ann", "bob", "cat", caps="away-notify setname account-notify")
    register(ann)
    ann.ask("NS LOGOUT")
    for person in (ann, bob, cat):
        person.ask("JOIN #c,#d,#e")
    settle(ann, bob, cat)
    for person in (bob, cat):
        person.lines()
    ann.send("PRIVMSG #e :one", "AWAY :x", "SETNAME :y", "PRIVMSG #d :two", "AWAY", "PRIVMSG bob :three")
    ann.send(
        "SETNAME :z", "PRIVMSG #c :four", "NS IDENTIFY ann sesame", "PRIVMSG #d :five", "NICK anna", "TOPIC #c :six"
    )
    net.run(5)
    settle(ann)
    want = ["one", "AWAY :x", "SETNAME", "two", "AWAY", "three", "SETNAME", "four", "ACCOUNT", "five", "NICK", "six"]
    for person in (bob, cat):
        seen = marked([line for line in person.lines() if ":ann" in line], *want)
        assert seen == [mark for mark in want if mark != "three" or person is bob]


# QUIT -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", TRIES)
def test_quit_comes_after_the_answers_of_what_was_asked_before(seed: int) -> None:
    net = slow(seed)
    ann, bob = people(net, "ann", "bob", channel="#c")
    net.run(1)
    ann.lines()
    ann.send("JOIN #k", "WHOIS bob", "PRIVMSG #c :bye", "QUIT :gone", "PRIVMSG #c :too late")
    assert net.until(lambda: ann.closed is not None, 12)
    want = ["JOIN #k", " 366 ", " 318 ", "ERROR :Closing Link: 10.0.0.1 (Quit: gone)"]
    assert marked(ann.got, *want)[-4:] == want
    net.run(1)
    assert bob.heard("#c") == ["bye"]
    assert [line for line in bob.got if " QUIT " in line] == [f"{source('ann')} QUIT :Quit: gone"]


def test_who_closes_the_socket_right_after_quit_has_quit() -> None:
    net = slow(1)
    ann, bob = people(net, "ann", "bob", channel="#c")
    ann.send("WHOIS bob", "QUIT :gone")
    net.turn(ann.node, lambda: ann.node.core.edge.clients.lost(ann.connection, "Connection reset by peer"))
    net.run(3)
    assert [line for line in bob.got if " QUIT " in line] == [f"{source('ann')} QUIT :Quit: gone"]
    assert ann.connection not in ann.node.core.edge.clients.connections.values()


def test_who_comes_in_while_a_join_waits_for_its_turn_is_shown_once(net: Net) -> None:
    """NAMES are those of the moment of the JOIN: later events come after NAMES (device seed 9000903)."""
    ann, bob = people(net, "ann", "bob")
    engine = ann.node.core.engine

    def both() -> None:
        for person in (ann, bob):
            person.node.core.edge.clients.feed(person.connection, b"JOIN #a,#b\r\n")

    if bob.node is ann.node:
        net.turn(ann.node, both)
    else:
        ann.send("JOIN #a,#b")
        bob.send("JOIN #a,#b")
    net.run(3)
    assert engine.level >= 1
    for person, other in ((ann, "bob"), (bob, "ann")):
        for channel in ("#a", "#b"):
            names = [line for line in person.got if f" 353 {person.nick} = {channel} " in line]
            listed = other in names[0].partition(":irc")[2].partition(f"{channel} :")[2].replace("@", "").split()
            shown = any(line.startswith(f":{other}!") and line.endswith(f"JOIN {channel}") for line in person.got)
            assert listed != shown, (person.nick, channel, person.got)
