"""Webhooks as operators make them, by way of any node."""

from __future__ import annotations

from gateway.admin.webhooks import Made, create
from gateway.webhooks.addresses import Allow
from tests.gateway.admin.stage import ask
from tests.gateway.commands.stage import network, people

URL = "https://hooks.example/x"


def test_who_subscribes_a_channel_that_nobody_is_in_learns_so() -> None:
    net = network(3)
    people(net, "ann", channel="#erlang")
    for channel, is_empty in (("#erlang", False), ("#erlnag", True)):
        made = ask(net, "n2", create(net.nodes["n2"].core.edge, Allow(["hooks.example"]), channel, URL, None, "root"))
        assert isinstance(made, Made), made
        assert (made.channel, made.is_empty) == (channel, is_empty)
