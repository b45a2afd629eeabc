"""All metrics of a node."""

from __future__ import annotations

import pytest

from gateway.edge.rpc.operator_asks import WebhookRow
from gateway.web.metrics.node import of_node
from gateway.web.source import Source
from tests.gateway.commands.accounts import register
from tests.gateway.commands.stage import network, people
from tests.gateway.web.samples import read


def test_webhooks_that_fail_show(monkeypatch: pytest.MonkeyPatch) -> None:
    core = network(1).nodes["n1"].core
    well = WebhookRow("a", "#c", "https://example.org", "joe", 1, 5, 6, 2, 0, "", 0, 0)
    failing = WebhookRow("b", "#c", "https://example.org", "joe", 1, 5, 6, 7, 0, "refused", 9, 10)
    monkeypatch.setattr(core.webhooks, "rows", lambda: {"a": well, "b": failing})
    found = read(of_node(Source(core, dict)))
    assert [found[(name,)] for name in ("circlet_webhooks", "circlet_webhooks_failing")] == [2, 1]
    assert found[("circlet_webhook_messages_waiting",)] == 9


def test_no_name_of_a_channel_person_or_account_is_a_label() -> None:
    net = network(2)
    (ann,) = people(net, "zacharias", channel="#xylophone")
    register(ann)
    ann.ask("PRIVMSG nobodyatall :hi", "XYZZYPLUGH 1", "MODE #xylophone +k keyword", "NICK zebedee")
    for one in net.nodes.values():
        text = of_node(Source(one.core, dict)).text().decode().casefold()
        for name in ("zacharias", "xylophone", "nobodyatall", "xyzzyplugh", "keyword", "zebedee"):
            assert name not in text
