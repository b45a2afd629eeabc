"""Empty tables that take no memory: most of a client's tables are empty all the time, and an empty dict takes 64 bytes.

A field that is mostly empty has the type Mapping, and NOTHING at first. Whoever writes the field takes a table of the
field's own: `table = self.table = own(self.table)`. The type checker finds a write that forgets this.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar

K = TypeVar("K")
V = TypeVar("V")

NOTHING: Final[Mapping[Any, Any]] = MappingProxyType({})
"""The empty table of everybody."""


def own(table: Mapping[K, V]) -> dict[K, V]:
    """Return the table for a write: the table itself, or a new table in place of NOTHING."""
    return table if isinstance(table, dict) else {}


def drop(table: Mapping[K, V], key: K) -> V | None:
    """Take the key out of the table; return the value, or None if the key is not there."""
    return table.pop(key, None) if isinstance(table, dict) else None
