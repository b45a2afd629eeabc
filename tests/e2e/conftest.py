from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.network import Network


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    """Three directories, three nodes."""
    net = Network(tmp_path / "net")
    try:
        yield net
    finally:
        net.stop()
