"""Requests of operators' programs about webhooks: a webhook from its beginning to its end, by way of any node."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from config.webhooks import Webhooks as Settings
from gateway.admin_clients.accounts import Done, Problem
from gateway.admin_clients.webhooks import (
    AddWebhook,
    Answer,
    RemoveWebhook,
    Request,
    WebhookFacts,
    WebhookMade,
    Webhooks,
    WebhooksAsk,
    answer,
)
from gateway.edge.rpc.operator_asks import WebhookRow
from tests.gateway.commands.stage import network, people
from tests.sim.net import Net

URL = "https://hooks.example.net/path?token=1"


@pytest.fixture
def net() -> Net:
    made = network(2)
    made.configure_webhooks(Settings(allow=("hooks.example.net",)))
    people(made, "ann", channel="#c")
    return made


def ask(net: Net, node: str, request: Request) -> Any:
    answers: list[Answer] = []
    there = net.nodes[node]
    net.turn(there, lambda: answer(there.core, request, answers.append))
    assert net.until(lambda: bool(answers), 60)
    net.run(1)
    assert len(answers) == 1
    return answers[0]


def test_a_webhook_is_made_listed_and_removed(net: Net) -> None:
    made = ask(net, "n1", AddWebhook("#c", URL, "root"))
    assert isinstance(made, WebhookMade) and made.channel == "#c" and made.secret and not made.is_empty
    listed = ask(net, "n2", WebhooksAsk())
    (facts,) = listed.webhooks
    assert (facts.id, facts.channel, facts.by, facts.node[-4:]) == (made.id, "#c", "root", ".sim")
    assert "token" not in facts.url and (listed.next, listed.silent) == (None, ())
    assert isinstance(ask(net, "n2", RemoveWebhook(made.id, "root")), Done)
    assert ask(net, "n1", WebhooksAsk()).webhooks == []


def test_a_refusal_is_told_in_words(net: Net) -> None:
    for request in (
        AddWebhook("#c", "https://elsewhere.example.org/", "root"),
        AddWebhook("no channel", URL, "root"),
        RemoveWebhook("nothing", "root"),
    ):
        found = ask(net, "n1", request)
        assert isinstance(found, Problem) and found.text
    assert ask(net, "n1", WebhooksAsk()) == Webhooks([], None, ())


def test_the_facts_are_the_fields_of_the_row_and_the_node() -> None:
    row = [field if field != "key" else "id" for field in WebhookRow.__struct_fields__]
    assert [field for field in WebhookFacts.__struct_fields__ if field != "node"] == row


def test_an_answer_of_an_older_node_does_not_tell_of_an_empty_channel() -> None:
    older = b'{"type":"webhook_made","id":"h1","channel":"#c","secret":"s"}'
    assert msgspec.json.decode(older, type=Answer) == WebhookMade("h1", "#c", "s", is_empty=False)
