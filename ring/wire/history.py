"""Define questions about a group's history, cursors, and the messages by which nodes read and complete a history."""

from __future__ import annotations

import msgspec

from ring.ids import NO_TERM, Position, Term
from ring.storage.store import Line, Range
from ring.wire.group import GroupMessage


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


class HistoryQuery(GroupMessage, frozen=True, tag=33):
    """Ask a group's master about the group's history."""

    id: int
    query: Query


class HistoryAnswer(msgspec.Struct, frozen=True, array_like=True, tag=34):
    """Answer a HistoryQuery. lines: oldest first; None: there is no such place in the history."""

    id: int
    lines: list[Line] | None


class Read(msgspec.Struct, frozen=True, array_like=True, tag=35):
    """Master to a node that may have lines of the group: read the node's store. sought: wants the line with this msgid,
    instead of a range."""

    id: int
    wanted: Range
    sought: str | None = None


class Lines(msgspec.Struct, frozen=True, array_like=True, tag=36):
    """Answer a Read. more: the range has more lines than these. failed: the store cannot be read."""

    id: int
    lines: list[Line]
    more: bool
    failed: bool = False


class FetchDigest(msgspec.Struct, frozen=True, array_like=True, tag=37):
    """Holder of a group to a node with possibly older lines: ask for the positions in this range."""

    id: int
    wanted: Range


class FetchedDigest(msgspec.Struct, frozen=True, array_like=True, tag=38):
    """Answer a FetchDigest with positions, ascending. more: the range has more than these."""

    id: int
    seqs: list[int]
    more: bool


class FetchLines(msgspec.Struct, frozen=True, array_like=True, tag=39):
    """Ask for these lines, to keep them."""

    id: int
    wanted: Range


class FetchedLines(msgspec.Struct, frozen=True, array_like=True, tag=40):
    """Answer a FetchLines. more: the range has more than these."""

    id: int
    lines: list[Line]
    more: bool
