"""A node imports what serves HTTP only if the settings have `http`: the imports would make each start slower."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.network import free_port
from tests.gateway.io.onenode import OneNode

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("people")]

NEVER_ALONE = {"aiohttp", "prometheus_client", "gateway.web.server", "gateway.io.websocket"}


class Telling(OneNode):
    """Tells at the end of the process which modules were loaded."""

    program = """
import atexit, sys
atexit.register(lambda: print("loaded:", *sys.modules, file=sys.stderr))
from gateway.cli.main import main
main()
"""


@pytest.mark.parametrize(
    ("serves", "loaded"), [(False, set[str]()), (True, NEVER_ALONE)], ids=["without http", "with http"]
)
def test_a_node_loads_what_serves_http_for_http_alone(serves: bool, loaded: set[str], tmp_path: Path) -> None:
    changes: dict[str, Any] = {"http": {"port": free_port()}} if serves else {}
    with Telling.started(tmp_path, **changes) as node:
        assert node.ended(signal.SIGTERM) == 0
        modules = next(line for line in node.text.splitlines() if line.startswith("loaded: ")).split()
    assert "gateway.io.node_process" in modules
    assert NEVER_ALONE & {*modules} == loaded
