"""The page of the ring in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.e2e.browser import PHONE, WIDE, Browser
from tests.e2e.network import Network

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("page")]


def address(network: Network, number: int = 1) -> str:
    """Where the page of a node is."""
    text = (network.folder / f"node-{number}.yaml").read_text()
    found = re.search(r"^http:.*\n(?:  .*\n)*?  port: (\d+)", text, re.M)
    assert found is not None, text
    return f"http://127.0.0.{number}:{found[1]}/"


def test_nobody_scrolls_sideways(network: Network, open_browser: Callable[[], Browser]) -> None:
    page = open_browser()
    page.open(address(network))
    for size in (WIDE, PHONE):
        for dark in (False, True):
            page.emulate(size, dark=dark)
            assert page.run("return innerWidth") == size[0]
            assert page.run("return matchMedia('(prefers-color-scheme: dark)').matches") is dark
            assert page.overflow() == 0
