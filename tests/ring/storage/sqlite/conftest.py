"""A store's file, new and used."""

from __future__ import annotations

from pathlib import Path

import pytest

from ring.storage.sqlite.store import SqliteStore
from tests.ring.storage.store_contract import JOE, batch, line


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "circlet.db"


@pytest.fixture
def used(path: Path) -> Path:
    """A store that holds something."""
    store = SqliteStore(path)
    store.write([batch(*(line(n) for n in range(5000)), replicas={JOE: b"joe"})])
    store.tend()
    store.close()
    return path
