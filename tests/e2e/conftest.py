from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.browser import Browser, browser
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


@pytest.fixture
def open_browser(tmp_path: Path) -> Iterator[Callable[[], Browser]]:
    """Starts a browser, each time with an empty profile. No browser may have errors in the end, save forgiven ones."""
    started: list[Browser] = []
    with ExitStack() as stack:

        def start() -> Browser:
            started.append(stack.enter_context(browser(tmp_path / f"chromium-{len(started)}")))
            return started[-1]

        yield start
        for one in started:
            assert one.errors() == []
