"""Messages about subscriptions: addresses and secrets are not in what is printed."""

from __future__ import annotations

from gateway.state.channel.webhook_messages import (
    Subscribe,
    Subscribed,
    Subscription,
)
from ring.wire.history import Cursor
from tests.gateway.state.channel.subscribing import SECRET, URL


def test_secret_and_address_are_not_in_what_is_printed() -> None:
    made = Subscription("h1", URL, SECRET, "root", 5, Cursor(0, 5))
    for one in (made, Subscribed(made), Subscribe("h1", URL, SECRET, "root")):
        assert SECRET not in repr(one) and "token" not in repr(one)
