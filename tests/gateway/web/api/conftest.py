"""The node that a module's tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.network import free_port
from tests.gateway.web.api.operated import TOKENS, Operated


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operated]:
    Operated.web_port = free_port()
    config = {
        "host": "127.0.0.1", "port": Operated.web_port, "tokens": TOKENS,
        "requests_per_minute": 100_000, "failures_per_minute": 1000,
    }  # fmt: skip
    with Operated.started(tmp_path_factory.mktemp("api"), http=config) as made:
        assert isinstance(made, Operated)
        made.event("level_raised")  # before that the network is asked nothing new
        Operated.document = made.call("GET", "/openapi.json", token=None).body
        yield made
