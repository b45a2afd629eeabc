"""Files of stores, for tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from ring.storage.sqlite.store import SqliteStore
from ring.storage.store import StoreError


def refused(path: Path) -> str:
    """The words in which the store's file is refused."""
    with pytest.raises(StoreError) as caught:
        SqliteStore(path).close()
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value)
