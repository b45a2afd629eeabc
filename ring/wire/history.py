"""Define questions about a group's history, and cursors."""

from __future__ import annotations

import msgspec

from ring.ids import NO_TERM, Position, Term


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Say how far a reader has read a group: all of a log up to this event. term: the term that counted the event.

    other_terms: the reader also has all up to these positions, in the logs of other terms, the newest first (P25;
    ring/history/cursor.py).
    """

    seq: int
    at: int  # Unix ms
    term: Term = NO_TERM
    other_terms: tuple[Position, ...] = ()


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """A place in a group's history; exactly one field is set. seq and at (Unix ms) need not be the values of any
    line."""

    seq: int | None = None
    at: int | None = None
    msgid: str | None = None


class Query(msgspec.Struct, frozen=True, array_like=True):
    """Name the wanted lines of a group, at most `limit`.

    after, before: exclusive. newest: of more lines than the limit, the last lines; else the first. between: `after` may
    lie behind `before`, and then `newest` is turned round. around: instead of the two, as many lines before a place as
    from the place on. wanted: the kind's selection. since: no older lines (Unix ms). read: only lines that a reader
    with this cursor lacks.
    """

    limit: int
    newest: bool = True
    after: Mark | None = None
    before: Mark | None = None
    between: bool = False
    around: Mark | None = None
    wanted: str = ""
    since: int = 0
    read: Cursor | None = None
