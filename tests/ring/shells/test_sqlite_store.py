"""The store in a SQLite file: the contract, what kill -9 leaves, and what is said of files that cannot be used."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ring.shells.sqlite_store import SqliteStore
from tests.ring.store_contract import Open, StoreContract


class TestSqliteStore(StoreContract):
    @contextmanager
    def place(self) -> Iterator[Open]:
        with tempfile.TemporaryDirectory() as folder:
            opened: list[SqliteStore] = []

            def open_store() -> SqliteStore:
                opened.append(SqliteStore(Path(folder) / "circlet.db"))
                return opened[-1]

            yield open_store
            for store in opened:
                store.close()

    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def test_it_does_what_a_simple_model_does(self, data: st.DataObject) -> None:
        self.follow_the_model(data)
