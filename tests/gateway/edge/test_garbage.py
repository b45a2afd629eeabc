"""Commands leave nothing for Python's garbage collector: a cycle would keep a command, and cost time in a crowd."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from gateway.edge.client.call import Call
from tests.sim.net import Net


@pytest.fixture
def saving() -> Iterator[None]:
    """Keep in `gc.garbage` what only the collector can free."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    yield
    gc.set_debug(0)
    gc.garbage.clear()
    gc.enable()


LINES = (
    "JOIN #c,#d",
    "PRIVMSG #c :hello",
    "PRIVMSG ann :hello",
    "WHO #c",
    "NICK cat",
    "TOPIC #c :t",
    "PART #d",
    "QUIT",
)


def test_the_commands_of_a_client_end_without_a_cycle(saving: None) -> None:
    net = Net(1)
    net.client("n1", "ann").sync()
    gc.collect()
    gc.garbage.clear()
    bob = net.client("n1", "bob")
    bob.sync()
    for line in LINES:
        bob.send(line)
        net.run(0.5)
    del bob
    gc.collect()
    assert [call.message.command for call in gc.garbage if isinstance(call, Call)] == []
