"""A subscription of a channel."""

from __future__ import annotations

from typing import Any

from gateway.state.channel.webhook_messages import Subscribe
from ring.ids import Term
from tests.gateway.state.cast import Stage

SECRET = "a secret that nobody may read"
URL = "https://hooks.example.net/path-with-a-token"
TERMS = [Term(number, key, 1) for number in (5, 6, 7) for key in ("a", "b")]


def subscribe(stage: Stage, name: str = "h1") -> Any:
    return stage.do(Subscribe(name, URL, SECRET, "root"))
