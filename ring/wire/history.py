"""Questions about a group's history, and how far somebody has read a group."""

from __future__ import annotations

import msgspec

from ring.ids import NO_TERM, Position, Term


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """How far somebody has read a group: everything up to this event of a log. term: the term that counted it.

    beside: and everything up to these, of the logs of other terms, the newest first (P25; ring/history/cursor.py).
    """

    seq: int
    at: int  # Unix ms
    term: Term = NO_TERM
    other_terms: tuple[Position, ...] = ()


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """A place in a group's history: exactly one of these. seq and at (Unix ms) need not be those of any line."""

    seq: int | None = None
    at: int | None = None
    msgid: str | None = None


class Query(msgspec.Struct, frozen=True, array_like=True):
    """Which lines of a group are wanted, at most `limit`.

    after, before: exclusive. newest: of more lines, the last ones; else the first. between: `after` may lie behind
    `before`, and then the other ones count. around: instead of the two, as many before a place as from it on. wanted:
    what to select, for the kind. since: nothing older (Unix ms). read: nothing that who has read so far has.
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
