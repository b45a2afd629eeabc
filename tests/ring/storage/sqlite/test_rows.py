"""Lines as they lie in the file: read as they were written, and damage is told in words."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ring.storage.sqlite.rows import Row, decoded
from ring.storage.sqlite.schema import Foreign

decode = msgspec.msgpack.Decoder(list[Row]).decode
NUMBERS = st.integers(-(2**63), 2**63 - 1)
ROWS = st.builds(Row, NUMBERS, NUMBERS, NUMBERS, st.binary(max_size=20), st.binary(max_size=20))


@given(st.lists(ROWS, min_size=1, max_size=4))
def test_rows_are_read_as_they_were_written(rows: list[Row]) -> None:
    assert decoded(decode, msgspec.msgpack.encode(rows)) == rows


ODD = [None, 5, "text", b"", b"\xc1", b"\x90", b"\x91\x91\x01", b"\x91\x95\x01\x01\x01\xa1x\xa1"]


@pytest.mark.parametrize("data", ODD)
def test_what_no_store_writes_is_damage(data: object) -> None:
    """An empty page is damage, too: a page without lines is dropped."""
    with pytest.raises(Foreign, match="it has a row that no store writes"):
        decoded(decode, data)


@given(st.binary(max_size=60))
def test_any_bytes_are_rows_or_damage(data: bytes) -> None:
    try:
        assert decoded(decode, data)
    except Foreign as problem:
        assert "damaged" in str(problem)
