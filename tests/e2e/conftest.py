from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.network import Network

# What a script starts in its background ignores Ctrl-C, and so would everything that is started here.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    """Three directories, three nodes."""
    net = Network(tmp_path / "net")
    try:
        yield net
    finally:
        net.stop()
