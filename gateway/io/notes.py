"""Writes the notes of the engine to the log, and shows each note to the parts of the process that watch the notes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ring.engine import Engine
from ring.replication.application import Note

BUGS = frozenset(("bug", "group_broken"))
"""Notes of mistakes in the program."""

QUIET = frozenset(("hand_off_received",))
"""Notes that are only for debugging here, because the other node logs the same."""

TROUBLE = frozenset((
    "node_dead", "submit_failed", "settle_failed", "hand_off_failed", "stepped_down", "oper_refused", "node_too_old",
    "unreadable", "webhook_failing", "webhook_dropped",
))  # fmt: skip
"""Notes logged as warnings."""


class NoteLog:
    """watchers: called with each note before the note is logged."""

    def __init__(self, log: Any, watchers: list[Callable[[Note], None]]) -> None:
        self._log = log
        self._watchers = watchers

    def write(self, engine: Engine) -> None:
        """Log the engine's notes since the last call."""
        notes, engine.notes = engine.notes, []
        for note in notes:
            for watch in self._watchers:
                watch(note)
            facts: dict[str, Any] = dict(note.facts)
            if note.group is not None:
                facts["group"] = f"{note.group.kind}:{note.group.name}"
            trouble = note.event in TROUBLE and not facts.get("leaving", False)  # leaving in order is no trouble
            calm = self._log.debug if note.event in QUIET else self._log.info
            loud = self._log.error if note.event in BUGS else self._log.warning if trouble else calm
            loud(note.event, **facts)
