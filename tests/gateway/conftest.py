from __future__ import annotations

import pytest

from tests.gateway.commands.stage import network
from tests.sim.net import Net


@pytest.fixture(params=[1, 3], ids=["one node", "three nodes"])
def net(request: pytest.FixtureRequest) -> Net:
    """Everything works the same whichever nodes the people are on."""
    return network(request.param)
