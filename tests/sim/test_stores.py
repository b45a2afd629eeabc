"""The store in memory keeps the contract of stores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ring.storage.store_contract import Open, StoreContract
from tests.sim.stores import MemoryStore


class TestMemoryStore(StoreContract):
    @contextmanager
    def place(self) -> Iterator[Open]:
        last = MemoryStore()

        def opened() -> MemoryStore:
            nonlocal last
            last = last.reopened()
            return last

        yield opened

    @settings(max_examples=60)
    @given(st.data())
    def test_it_does_what_a_simple_model_does(self, data: st.DataObject) -> None:
        self.follow_the_model(data)
