"""NICKSERV and NS say their words to NickServ, and are unknown on a network without NickServ."""

from __future__ import annotations

import pytest

from config.accounts import Accounts
from tests.gateway.commands.stage import network, people


@pytest.mark.parametrize("word", ["NICKSERV", "NS", "ns"])
def test_the_command_says_the_words_to_nickserv(word: str) -> None:
    (ann,) = people(network(1), "ann")
    said = ann.ask("PRIVMSG NickServ :HELP GROUP")
    assert said and all(" NOTICE ann :" in line for line in said)
    assert ann.ask(f"{word} HELP GROUP") == ann.ask(f"{word} :HELP GROUP") == said


def test_no_words_are_answered_as_no_words_to_nickserv() -> None:
    (ann,) = people(network(1), "ann")
    assert ann.ask("NS") == ann.ask("NS :")
    assert all(" NOTICE ann :" in line for line in ann.ask("NS"))


@pytest.mark.parametrize("word", ["NICKSERV", "NS", "CHANSERV", "CS"])
def test_without_nickserv_the_command_is_unknown(word: str) -> None:
    (ann,) = people(network(1, accounts=Accounts(enabled=False)), "ann")
    (line,) = ann.ask(f"{word} HELP")
    assert line == f"421 ann {word} :Unknown command"


def test_the_command_ends_the_idle_time() -> None:
    net = network(1)
    (ann,) = people(net, "ann")
    net.run(100)
    user = ann.connection.user
    assert user is not None and net.now - user.spoke_at > 90
    ann.ask("NS HELP")
    assert net.now - user.spoke_at < 5
