"""Carry the engine's news to the log: the shell writes each note."""

from __future__ import annotations

from typing import Any, NamedTuple

from ring.ids import GroupId


class Note(NamedTuple):
    """News for the log. group: None if no group is concerned."""

    event: str  # constant snake_case name
    group: GroupId | None
    facts: dict[str, Any]  # units last in the names
