"""A line as it lies in a store's file, in the rows of whatever table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from ring.ids import UNREADABLE
from ring.storage.sqlite.names import odd_row

T = TypeVar("T")


class Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A line without its group. term: its number in the file."""

    seq: int
    term: int
    at: int
    msgid: bytes
    event: bytes


def decoded(decode: Callable[[bytes], T], data: object) -> T:
    """Lines that lie together. Raises Foreign if it is nothing that a store writes."""
    if not isinstance(data, bytes):
        raise odd_row()
    try:
        found = decode(data)
    except UNREADABLE as problem:
        raise odd_row() from problem
    if not found:
        raise odd_row()
    return found
