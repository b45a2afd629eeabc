"""circlet webhook with nodes that answer what the test says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from config.generate import write_network
from gateway.admin_clients.requests import (
    AddWebhook,
    Done,
    Problem,
    RemoveWebhook,
    Reply,
    Request,
    WebhookMade,
    Webhooks,
    WebhooksAsk,
)
from gateway.admin_clients.webhooks import WebhookFacts
from gateway.cli import visits
from tests.gateway.cli.world import World

GOOD = WebhookFacts("aa11", "#c", "https://a.example/x", "token ops", 1_700_000_000_000, "n1", 7, 1, 0, 0, "", 0, 0)
BAD = WebhookFacts("bb22", "#b", "https://b.example/x", "root", 1, "n2", 0, 0, 3, 5, "no way", 1_700_000_000_000, 2)


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    write_network(tmp_path, 1, 0)
    made = World(tmp_path / "node-1.yaml")
    monkeypatch.setattr(visits.Operator, "visit", lambda *words: made.visit(*words))
    monkeypatch.setattr(visits.Operator, "known", lambda operator: made.known_nodes(operator))
    return made


def test_a_webhook_is_added_and_its_secret_shown_once(net: World) -> None:
    net.nodes[1] = lambda request: WebhookMade("aa11", "#c", "s3cret")
    done = net.run("webhook", "add", "#c", "https://a.example/x")
    assert done.exit_code == 0 and "secret for the receiver, shown this once: s3cret" in done.output
    request = net.asked[-1][1]
    assert isinstance(request, AddWebhook) and request.secret is None and request.by.startswith("circlet webhook")


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_channel_that_nobody_is_in_is_told(net: World, options: tuple[str, ...]) -> None:
    net.nodes[1] = lambda request: WebhookMade("aa11", "#typo", "s3cret", is_empty=True)
    done = net.run("webhook", "add", "#typo", "https://a.example/x", *options)
    assert done.exit_code == 0 and "s3cret" in done.output
    assert "nobody is in #typo now: the webhook waits for the first message there" in done.output


def test_a_secret_of_ones_own_is_read_and_not_shown(net: World) -> None:
    net.nodes[1] = lambda request: WebhookMade("aa11", "#c", "my own secret 123")
    done = net.run(
        "webhook", "add", "#c", "https://a.example/x", "--secret-file", "-", stdin=b"my own secret 123\nmore\n"
    )
    assert done.exit_code == 0 and "my own secret" not in done.output
    request = net.asked[-1][1]
    assert isinstance(request, AddWebhook) and request.secret == "my own secret 123"


def test_what_is_refused_ends_with_words(net: World) -> None:
    net.nodes[1] = lambda request: Problem("webhooks.allow in this node's file does not allow a.example")
    done = net.run("webhook", "add", "#c", "https://a.example/x")
    assert done.exit_code == 1 and "does not allow a.example" in done.output


def test_a_webhook_is_removed(net: World) -> None:
    net.nodes[1] = lambda request: Done("webhook aa11 of #c is ended")
    done = net.run("webhook", "remove", "aa11")
    assert done.exit_code == 0 and "is ended" in done.output
    request = net.asked[-1][1]
    assert isinstance(request, RemoveWebhook) and request.id == "aa11"


def test_webhooks_are_listed_page_by_page(net: World) -> None:
    def answer(request: Request) -> Reply:
        assert isinstance(request, WebhooksAsk)
        return Webhooks([BAD], None, ("n3",)) if request.next else Webhooks([GOOD], "aa11", ())

    net.nodes[1] = answer
    done = net.run("webhook", "list")
    assert done.exit_code == 2 and "n3 does not answer: webhooks may be missing here" in done.output
    assert done.output.index("bb22") < done.output.index("aa11"), "by channel"
    assert "fails since 2023-11-14 22:13: no way" in done.output and "delivers" in done.output
    found = json.loads(net.run("webhook", "list", "--json").output.partition("\nn3")[0])
    assert [one["id"] for one in found["webhooks"]] == ["bb22", "aa11"] and found["silent"] == ["n3"]


def test_nobody_answers(net: World) -> None:
    done = net.run("webhook", "list")
    assert done.exit_code == 1 and "no node answers" in done.output
