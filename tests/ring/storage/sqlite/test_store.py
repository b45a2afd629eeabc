"""The store in a SQLite file: the contract, what kill -9 leaves, and what is said of files that cannot be used."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from ring.storage.sqlite import pages as sqlite_pages
from ring.storage.sqlite import store as sqlite_store
from ring.storage.sqlite.store import SqliteStore
from tests.ring.storage.store_contract import ERLANG, GO, JOE, Open, StoreContract, batch, line, wanted


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

    @settings(max_examples=60)
    @given(st.data())
    def test_it_does_what_a_simple_model_does(self, data: st.DataObject) -> None:
        """In pages so small that a few lines fill several."""
        with (
            patch.object(sqlite_pages, "PAGE", 3),
            patch.object(sqlite_store, "FRESH_MAX", 4),
            patch.object(sqlite_store, "CHECKPOINT_BYTES", 2 * sqlite_store.TRANSACTION_BYTES),
        ):
            self.follow_the_model(data)


# How it asks ----------------------------------------------------------------------------------------------------------


def test_no_statement_goes_through_a_whole_table(tmp_path: Path) -> None:
    store, asked = SqliteStore(tmp_path / "circlet.db"), set[str]()
    store._db.set_trace_callback(asked.add)
    store.write([batch(line(1), line(2), line(1, GO), replicas={JOE: b"1", GO: b"2"})])
    store.write([batch(line(2), line(2, JOE), ends={GO: 0, JOE: 5}, replicas={JOE: None})])
    list(store.replicas())
    store.lines(wanted()), store.lines(wanted(by="at", newest=True)), store.find(ERLANG, "id-1")
    store.latest([ERLANG, GO], 0, 10**9, 10)
    list(store.prune("channel", 1500, 1)), list(store.prune("channel", 10**9, 0, [ERLANG, GO]))
    list(store.erase(JOE, [1, 2])), list(store.erase(JOE, None))
    store._db.set_trace_callback(None)
    plans = {text: [row[3] for row in store._db.execute(f"EXPLAIN QUERY PLAN {text}")] for text in asked}
    assert sum("pages" in text for text in plans) > 8
    scans = {(text, step) for text, steps in plans.items() for step in steps if step.startswith("SCAN")}
    told = ("CONSTANT ROW", "json_each", "SCAN fresh", "(subquery")
    assert not {scan for scan in scans if not any(word in scan[1] for word in told)}
    store.close()
