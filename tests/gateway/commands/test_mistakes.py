"""The program is broken on purpose: a client whose command meets the mistake is told so and cut, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.edge.client.call import Call
from gateway.edge.client.clients import PROVING_MAX_S
from tests.gateway.commands.accounts import Newcomer
from tests.gateway.commands.stage import network, people
from tests.sim.net import Client

SORRY = "ERROR :Closing Link: 10.0.0.1 (The server made a mistake with your command; its operator finds it in the log)"


def _break(patch: pytest.MonkeyPatch, command: str) -> None:
    """The command's answers fail."""

    def reply(self: Call, numeric: str, *params: str) -> None:
        if self.message.command == command:
            raise KeyError("a mistake")
        original(self, numeric, *params)

    original = Call.reply
    patch.setattr(Call, "reply", reply)


def _bugs(client: Client) -> list[dict[str, Any]]:
    return [dict(note.facts) for _, note in client.node.notes if note.event == "bug"]


@pytest.mark.parametrize("line", ["TIME", "LIST", "WHOIS bob"])
def test_a_mistake_ends_the_client_whose_line_meets_it(monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    """At once, and in a continuation that other nodes have to answer first."""
    net = network(3)
    ann, bob, joe = people(net, "ann", "bob", "joe", channel="#ring")
    net.may_err = True
    _break(monkeypatch, line.split()[0])
    ann.send(line)
    assert net.until(lambda: ann.closed is not None, 12)
    assert ann.got[-1] == SORRY
    assert [bug["client"] for bug in _bugs(ann)] == [ann.connection.number]
    bob.send("PRIVMSG #ring :still here")
    bob.sync()
    joe.sync()
    assert joe.heard("#ring") == ["still here"]
    assert net.until(lambda: any("QUIT" in text for text in bob.got), 5)


def test_a_mistake_in_a_login_ends_the_client_that_logs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network(3)
    net.may_err = True
    (bob,) = people(net, "bob")
    ann = Newcomer(net, "n1")

    def fits(*_: object) -> None:
        raise KeyError("a mistake")

    ann.node.core.edge.fits = fits
    ann.send("CAP REQ :sasl", "AUTHENTICATE PLAIN", "AUTHENTICATE AGFubgBzZXNhbWU=")
    assert net.until(lambda: ann.closed is not None, 12)
    assert ann.got[-1] == SORRY
    bob.sync()


def test_a_check_that_is_never_answered_keeps_no_connection_for_ever() -> None:
    net = network(1)
    ann = Newcomer(net, "n1")
    ann.node.core.edge.fits = lambda credentials, password, done: None
    ann.send("CAP REQ :sasl", "AUTHENTICATE PLAIN", "AUTHENTICATE AGFubgBzZXNhbWU=")
    net.run(net.edge.register_timeout_s + 10)
    assert ann.closed is None
    net.run(PROVING_MAX_S)
    assert ann.closed == "Registration timed out"
