"""A network in files, as `circlet init` writes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gateway.cli.invoking import circlet


@pytest.fixture
def net(tmp_path: Path) -> Path:
    folder = tmp_path / "net"
    assert circlet("init", folder, "--nodes", "2", "--directories", "1").exit_code == 0
    return folder
