"""Answers of services when the nodes that keep accounts are silent."""

from __future__ import annotations

import pytest

from tests.gateway.commands.stage import network
from tests.gateway.services.asking import told, with_account


def test_nobody_who_knows_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """P37: then nothing is said to be wrong, and nothing changed."""
    net = network(1)
    ann, bob = with_account(net, "ann", "bob")
    engine = net.nodes["n1"].core.engine
    ask = engine.ask
    monkeypatch.setattr(engine, "ask", lambda g, q, done: done(None) if g.kind == "account" else ask(g, q, done))
    later = ["The nodes that keep accounts do not answer: try again in a minute."]
    for text in ("IDENTIFY ann sesame", "GHOST ann", "GHOST ann sesame", "INFO ann"):
        assert told(bob, text) == later
    for text in ("CERT LIST", "PASSWD sesame mellon1"):
        assert told(ann, text) == later
    assert told(bob, "REGISTER mellon1") == later
