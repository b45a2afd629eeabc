"""Encode a line for the tables of a store's file."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from ring.ids import UNREADABLE
from ring.storage.sqlite.names import odd_row

T = TypeVar("T")


class Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A line without the group. term: the term's number in the file."""

    seq: int
    term: int
    at: int
    msgid: bytes
    event: bytes


def decoded(decode: Callable[[bytes], T], data: object) -> T:
    """Decode lines stored together. Raises Foreign for data that no store writes."""
    if not isinstance(data, bytes):
        raise odd_row()
    try:
        found = decode(data)
    except UNREADABLE as problem:
        raise odd_row() from problem
    if not found:
        raise odd_row()
    return found
