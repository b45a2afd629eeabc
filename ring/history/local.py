"""Read one node's part of a group's history: the store, within bounds, and the tail of the log."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Final, NamedTuple

from ring.history.cursor import reached
from ring.history.erased import Erased
from ring.history.pages import Found, History, Sought, Want
from ring.history.resume import START, by_time, resume
from ring.ids import UNREADABLE
from ring.replication.replica import Replica
from ring.replication.state_machine import Kind
from ring.storage.store import Line, Range
from ring.wire.history import Cursor, Query
from ring.wire.log import Entry, raw

LIMIT: Final = 4_096
"""An answer has at most this many lines."""
BYTES: Final = 512 * 1024
"""An answer has at most this many bytes, and so has one read of a store."""

FAR: Final = 2**62
"""Farther than any position or time."""


def history_of(replica: Replica, wanted: str, oldest: int) -> History:
    """Describe the history of the replica's group to `merge_pages`.

    wanted: the kind's selection. oldest: Unix ms; older lines are to be forgotten, and some nodes may have forgotten
    them already.
    """
    group, kind = replica.group, replica.kind

    def position(msgid: str) -> int | None:
        try:
            seq = int(msgid.rpartition("-")[2], 16)
        except ValueError:
            return None
        return seq if 0 < seq <= replica.seq and replica.event_id(seq, 0).msgid == msgid else None

    def is_ours(line: Line) -> bool:
        return line.seq <= replica.seq and line.term == replica.term_at(line.seq)

    def passes(line: Line) -> bool:
        if line.at < oldest:
            return False
        try:
            event = kind.read_event(raw(line.event))
        except UNREADABLE:
            return False
        return kind.selects(replica.state, event, line.msgid, line.at, wanted)

    return History(group, replica.seq, position, is_ours, passes, lambda cursor: resume(replica, cursor))


def in_log(replica: Replica, want: Want) -> Found:
    """Return the wanted lines of the log's tail: the newest lines may not be in any store yet."""
    if isinstance(want, Sought):
        told = (e for e in replica.log if e.original_id is not None and e.original_id[0] == want.msgid)
        entry = next(told, None)
        return Found([replica.line(entry)] if entry is not None and replica.kind.keeps(entry.event) else [], False)
    entries = reversed(replica.log) if want.newest else iter(replica.log)
    kept = (e for e in entries if e.event is not None and _is_in(replica, e, want) and replica.kind.keeps(e.event))
    lines = [replica.line(entry) for entry in islice(kept, want.limit + 1)]
    if want.newest:
        lines.reverse()
    return bounded(lines, want)


def logged(replica: Replica, query: Query) -> list[Line]:
    """Return the log's part of the answer, oldest first. The query's marks and limit are not applied."""
    resumed = START
    if query.read is not None:
        resumed = resume(replica, query.read) or by_time(query.read)
    kept = (e for e in replica.log if e.seq > resumed.after and e.event is not None and replica.kind.keeps(e.event))
    found = []
    for entry in kept:
        line = replica.line(entry)
        seen = resumed.has(line.msgid, line.at) or line.at < query.since
        if not seen and replica.kind.selects(replica.state, entry.event, line.msgid, line.at, query.wanted):
            found.append(line)
    return found


def recorded_again(replica: Replica, line: Line) -> Line:
    """Return the line as a store would keep the line now, if the log still has the line's entry (see
    `Kind.recorded`)."""
    index = line.seq - replica.log[0].seq if replica.log else -1
    entry = replica.log[index] if 0 <= index < len(replica.log) else None
    if entry is None or entry.event is None or replica.event_id_of(entry).msgid != line.msgid:
        return line
    return replica.line(entry)


class Ahead(NamedTuple):
    """The unread part of a log.

    after: the position from which the reader goes on; None: the log knows none of the reader's terms. head: the log's
    last position. end: the reader's cursor after the whole log. lines: the unread lines, at most as many as wanted, the
    oldest first; None: the log does not go back so far, but the history does.
    """

    after: int | None
    head: int
    end: Cursor
    lines: list[Line] | None


def ahead(replica: Replica, cursor: Cursor, wanted: str, limit: int) -> Ahead:
    """Return the unread part of the log for a reader at the cursor. Time O(entries of the log after the cursor)."""
    resumed, log = resume(replica, cursor), replica.log
    known = resumed is not None and bool(log) and log[0].seq <= resumed.after + 1
    if resumed is None or not (known or resumed.after >= replica.seq):
        return Ahead(None if resumed is None else resumed.after, replica.seq, reached(replica), None)
    lines: list[Line] = []
    first = log[0].seq if log else 0
    for entry in islice(log, max(resumed.after + 1 - first, 0), None) if log else ():
        if len(lines) == limit:
            break
        if entry.event is not None and replica.kind.keeps(entry.event):
            line = replica.line(entry)
            read = resumed.has(line.msgid, line.at)
            if not read and replica.kind.selects(replica.state, entry.event, line.msgid, line.at, wanted):
                lines.append(line)
    return Ahead(resumed.after, replica.seq, reached(replica), lines)


def forgotten(kind: Kind, erased: Erased) -> Callable[[Line], bool]:
    """Return a test for the lines to be forgotten for good. Pure: any thread may call the test."""

    def authors(line: Line) -> tuple[str, ...]:
        try:
            return kind.authors(kind.read_event(raw(line.event)))
        except UNREADABLE:
            return ()

    return lambda line: erased.has(line, authors(line) if erased.authors else ())


def _is_in(replica: Replica, entry: Entry, want: Range) -> bool:
    where = entry.seq if want.by == "seq" else replica.event_id_of(entry).at
    return (want.after is None or where > want.after) and (want.before is None or where < want.before)


def within(want: Range) -> Range:
    """Cut the range down to bounds that any store can count."""
    after = None if want.after is None else max(-FAR, min(want.after, FAR))
    before = None if want.before is None else max(-FAR, min(want.before, FAR))
    return want._replace(after=after, before=before, limit=max(0, min(want.limit, LIMIT)))


def bounded(lines: list[Line], want: Want) -> Found:
    """Cut the lines read down to a size that one message carries."""
    if isinstance(want, Sought):
        return Found(lines, False)
    more = len(lines) >= want.limit > 0
    lines = lines[max(len(lines) - want.limit, 0) :] if want.newest else lines[: want.limit]
    kept = fitting(lines, newest=want.newest)
    return Found(kept, more or len(kept) < len(lines))


def fitting(lines: list[Line], *, newest: bool) -> list[Line]:
    """Return the newest or the first lines that fit into BYTES, at least one line."""
    size = count = 0
    for line in reversed(lines) if newest else lines:
        size += len(line.event) + len(line.msgid) + 64
        if count and size > BYTES:
            break
        count += 1
    return lines[len(lines) - count :] if newest else lines[:count]
