"""The speaker's echo, and the answers to a private message."""

from __future__ import annotations

import re

from tests.gateway.commands.accounts import Newcomer, register
from tests.gateway.commands.stage import network, people
from tests.sim.net import Client, Net

ECHO = "echo-message message-tags"


def devices(*caps: str, verbatim: bool = False) -> tuple[Net, list[Client], Client]:
    """Clients of ann's session, each with its capabilities, and the guest bob. No message is kept."""
    net = network(1)
    (bob,) = people(net, "bob", caps="message-tags")
    (first,) = people(net, "ann", caps=caps[0])
    register(first)
    found: list[Client] = [first]
    for more in caps[1:]:
        client = Newcomer(net, "n1", caps=f"sasl {more}".strip())
        client.log_in("ann", "sesame")
        client.enter("ann")
        found.append(client)
    first.ask("PRIVMSG *circlet :PRIVATE off")
    for client in (*found, bob):
        client.sync()
    return net, found, bob


def words(client: Client) -> list[str]:
    """Private messages which the client reads now, without tags and source."""
    lines = [re.sub(r"^(@\S+ )?:\S+ ", "", line) for line in client.sync()]
    return [line for line in lines if re.match("PRIVMSG|NOTICE|TAGMSG", line)]


def test_the_speaking_client_reads_an_echo_with_echo_message_alone() -> None:
    _, (ann,), bob = devices("")
    ann.send("PRIVMSG bob :hi")
    assert words(ann) == [] and words(bob) == ["PRIVMSG bob :hi"]
    _, (ann,), bob = devices(ECHO)
    ann.send("PRIVMSG BOB :hi")
    assert words(ann) == ["PRIVMSG bob :hi"]  # the nick as the holder has it


def test_other_clients_of_the_speaker_read_the_message_if_able() -> None:
    _, (ann, able, plain), _ = devices("", "znc.in/self-message", "server-time")
    ann.send("PRIVMSG bob :hi")
    assert (words(ann), words(able), words(plain)) == ([], ["PRIVMSG bob :hi"], [])


def test_a_tagmsg_is_echoed_without_text_and_only_to_clients_with_tags() -> None:
    _, (ann, able, blind), bob = devices(ECHO, ECHO, "echo-message")
    ann.send("@+typing=active TAGMSG bob")
    assert words(ann) == words(able) == words(bob) == ["TAGMSG bob"]
    assert words(blind) == []


def test_a_message_to_oneself_reaches_each_client_once_and_the_echo_is_one_more() -> None:
    _, (ann, able), _ = devices(ECHO, ECHO)
    ann.send("PRIVMSG ann :note")
    assert words(ann) == ["PRIVMSG ann :note"] * 2 and words(able) == ["PRIVMSG ann :note"]


def test_away_answers_a_privmsg_alone_and_a_notice_is_never_answered() -> None:
    _, (ann,), bob = devices("message-tags")
    bob.ask("AWAY :tea")
    assert ann.ask("PRIVMSG bob :hi") == ["301 ann bob :tea"]
    assert ann.ask("NOTICE bob :hi", "TAGMSG bob", "NOTICE nobody :hi") == []
    assert ann.ask("PRIVMSG nobody :hi") == ["401 ann nobody :No such nick/channel"]
