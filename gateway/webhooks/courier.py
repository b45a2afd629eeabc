"""Delivers the messages of a subscription in order, while this node serves the channel (P45 to P48)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from gateway.state.channel.history import WEBHOOK
from gateway.state.channel.webhook_messages import Advance, Subscription
from gateway.webhooks.addresses import host_of
from ring.history.cursor import merge_cursors
from ring.history.local import recorded_again
from ring.ids import NO_TERM, GroupId
from ring.replication.application import FAILED
from ring.storage.store import Line
from ring.wire.history import Cursor, Mark, Query

if TYPE_CHECKING:
    from gateway.webhooks.deliveries import Deliveries

PAGE: Final = 100
"""Messages read at a time."""

COUNT_PAGE: Final = 1_000
"""Messages read at a time for the count of waiting messages."""
COUNT_S: Final = 10.0
"""Pause between two counts of waiting messages."""

WINDOW: Final = 20_000
"""Positions of the log in a single question. The question looks at more positions, so an empty answer is complete."""

SAVE_S: Final = 5.0
SAVE_EVERY: Final = 200
"""The cursor is submitted this long after a change, or after this many messages, and not for each message (P47)."""

FIRST_RETRY_S: Final = 1.0
LAST_RETRY_S: Final = 300.0
"""The pause after a failure doubles, with jitter."""

REFUSED_S: Final = 60.0
"""Pause before the next check whether the configuration allows the address."""

UNREADABLE_S: Final = 2.0
"""Pause before the next check whether the history can be read."""

PRUNED_MS: Final = 3_600_000
"""A waiting message is given up, and counted, this long before the history forgets the message."""


class Phase(Enum):
    IDLE = "idle"  # nothing is unread, as far as known
    READING = "reading"
    QUEUED = "queued"  # waits for its turn among this node's requests
    POSTING = "posting"
    WAITING = "waiting"  # until the next try


class Page(NamedTuple):
    """Messages that were read. end: the cursor after the whole requested range."""

    lines: list[Line]
    end: Cursor


def place_of(line: Line) -> Cursor:
    return Cursor(line.seq, line.at, line.term)


class Courier:
    """Delivers a subscription. cursor, dropped, told: as in Subscription, and perhaps newer than the group's state."""

    def __init__(self, desk: Deliveries, group: GroupId, subscription: Subscription) -> None:
        self.desk = desk
        self.group = group
        self.known = subscription
        self.cursor, self.dropped, self.told = subscription.cursor, subscription.dropped, subscription.told
        self.phase = Phase.IDLE
        self.closed = False
        self.page: deque[Line] = deque()  # read and not delivered; while POSTING, the first is on its way
        self.seen = -1  # the log's last position at the time when nothing was unread
        self.delivered = 0  # since this node serves the channel
        self.delivered_at = 0.0
        self.error = ""
        self.failures = 0
        self.failing_since = 0.0
        self.retry_at = 0.0
        self.backlog = 0  # messages between `cursor` and `_counted`
        self._counted: Cursor | None = None
        self._counting = False
        self._recounts = 0  # how often the count became void
        self._count_at = 0.0
        self._lost = 0  # messages given up since the last note `webhook_dropped`
        self._unsaved = 0
        self._save_at = 0.0
        self._gap = 0  # `dropped` at the time of the request under way
        self._start()

    def _start(self) -> None:
        """Find the position that belongs to the cursor's time: a new subscription's cursor has only a time."""
        found = self.desk.engine.ahead(self.group, self.cursor, WEBHOOK, 0)
        if self.cursor.term == NO_TERM and found is not None and found.end.at == self.known.at:
            self._advance(found.end)

    # Time -----------------------------------------------------------------------------------------------------------

    def tick(self, subscription: Subscription, head: int) -> None:
        """Do all work that is due. head: last position of the group's log."""
        now = self.desk.engine.now
        self._learn(subscription)
        if self._unsaved and (now >= self._save_at or self._unsaved >= SAVE_EVERY):
            self.save()
        if self.phase is Phase.WAITING and now >= self.retry_at:
            self.phase, self.seen = Phase.IDLE, -1
            self.page.clear()  # read again, without messages that were deleted meanwhile
        if self.phase is Phase.IDLE and head != self.seen:
            self._look()
        if self.is_behind and not self._counting and now >= self._count_at:
            self._count()

    @property
    def is_behind(self) -> bool:
        return self.failures > 0 or len(self.page) == PAGE or self.backlog > 0

    def _learn(self, subscription: Subscription) -> None:
        """Take news from the group: another node may have delivered messages on another side of a partition."""
        if subscription is self.known:
            return
        self.known = subscription
        cursor = merge_cursors(self.cursor, subscription.cursor) or self.cursor
        self.dropped, self.told = max(self.dropped, subscription.dropped), max(self.told, subscription.told)
        if cursor != self.cursor:
            on_the_way = self.phase in (Phase.QUEUED, Phase.POSTING)
            self.cursor, self.seen = cursor, -1
            self.page = deque(list(self.page)[:1]) if on_the_way else deque()
            self._forget_count()

    def retry(self) -> None:
        """Try again at once, because the configuration has changed."""
        self.retry_at = min(self.retry_at, self.desk.engine.now)

    def close(self) -> None:
        """Stop, since this node no longer serves the channel. A result of a request under way is still submitted."""
        if not self.closed:
            self.closed = True
            self.page = deque(list(self.page)[:1]) if self.phase is Phase.POSTING else deque()
            if self._unsaved:
                self.save()

    # Read -----------------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        self.phase = Phase.READING
        self._read(self.cursor, PAGE, self._arrived)

    def _read(self, cursor: Cursor, limit: int, then: Callable[[Page | None], None]) -> None:
        """Read the messages after the cursor: from the log or, if the log does not go back so far, from the history.
        then(None): the history cannot be read now.
        """
        engine, group = self.desk.engine, self.group
        replica, found = engine.replica_served(group), engine.ahead(group, cursor, WEBHOOK, limit)
        if replica is None or found is None:
            then(None)
            return
        if found.lines is not None:
            then(Page(found.lines, found.end))
            return
        query, end, term = Query(limit, newest=False, wanted=WEBHOOK, read=cursor), found.end, replica.term
        if found.after is not None and found.head - found.after > WINDOW:
            last = found.after + WINDOW
            query = msgspec.structs.replace(query, before=Mark(seq=last + 1))
            end = Cursor(last, cursor.at, replica.term_at(last))

        def arrived(lines: list[Line] | None) -> None:
            served = engine.replica_served(group)
            if lines is None or served is None or served.term != term:
                then(None)
            else:  # the store may have kept a line before the channel had a subscription, and without a name (P46)
                then(Page([recorded_again(served, line) for line in lines], end))

        engine.recall(group, query, arrived)

    def _arrived(self, page: Page | None) -> None:
        if self.closed:
            return
        self.phase = Phase.IDLE
        if page is None:
            self.retry_at, self.phase = self.desk.engine.now + UNREADABLE_S, Phase.WAITING
        elif page.lines:
            self.page = deque(page.lines)
            self._next()
        else:
            self._pass(page.end)
            self.seen = page.end.seq
            self._note_lost()

    def _next(self) -> None:
        """Give up messages that are too old or too many. Post the page's next message; without a message, read on."""
        oldest = self._oldest()
        while self.page and (self.page[0].at < oldest or self.backlog > self.desk.settings.backlog):
            self._drop(self.page.popleft())
        if self.page:
            self._note_lost()
            self.phase = Phase.QUEUED
            self.desk.enqueue(self)
        else:
            self._look()

    # Deliver --------------------------------------------------------------------------------------------------------

    def post(self) -> None:
        """Post the first message of the page, because this courier's turn has come."""
        self.phase, self._gap = Phase.POSTING, self.dropped
        self.desk.send(self, self.page[0], self.dropped - self.told)

    def answered(self) -> None:
        """Go on after the receiver has taken the message."""
        now = self.desk.engine.now
        self.delivered, self.delivered_at = self.delivered + 1, now
        self.told = max(self.told, self._gap)
        self._passed(self.page.popleft())
        if self.failures:
            failing_s = round(now - self.failing_since, 1)
            self.failures, self.error = 0, ""
            if not self.closed:
                self._note("webhook_recovered", failing_s=failing_s)
        if self.closed:
            self.save()
        else:
            self._next()

    def failed(self, reason: str, after_s: float = 0.0) -> None:
        """Plan the next try. after_s: pause that the receiver asks for (Retry-After)."""
        engine = self.desk.engine
        if self.closed:
            return
        if not self.failures or reason != self.error:
            self._note("webhook_failing", reason=reason)
        self.failing_since = self.failing_since if self.failures else engine.now
        self.failures += 1
        self.error = reason
        pause_s = min(FIRST_RETRY_S * 2.0 ** min(self.failures - 1, 30), LAST_RETRY_S)
        self._wait(max(pause_s * engine.rng.uniform(0.5, 1.0), min(after_s, LAST_RETRY_S)))

    def refused(self, reason: str) -> None:
        """Fail, because this node's configuration does not allow the address."""
        self.failed(reason, REFUSED_S)

    def _wait(self, pause_s: float) -> None:
        self.phase, self.retry_at = Phase.WAITING, self.desk.engine.now + pause_s

    # The cursor ------------------------------------------------------------------------------------------------------

    def _pass(self, end: Cursor) -> None:
        """Move the cursor to `end`, up to which there is no message for the receiver. Submit the cursor if the group's
        cursor is far behind (P47).
        """
        self.cursor = merge_cursors(self.cursor, end) or end
        if self.cursor.seq - self.known.cursor.seq > WINDOW // 2:
            self._changed()

    def _advance(self, cursor: Cursor) -> None:
        self.cursor = merge_cursors(self.cursor, cursor) or cursor
        self._changed()

    def _changed(self) -> None:
        if not self._unsaved:
            self._save_at = self.desk.engine.now + SAVE_S
        self._unsaved += 1

    def _passed(self, line: Line) -> None:
        self._advance(place_of(line))
        if self.backlog:
            self.backlog -= 1
        if not self.backlog:
            self._forget_count()

    def save(self) -> None:
        """Submit the cursor to the group's master (P47)."""
        self._unsaved = 0

        def saved(outcome: object) -> None:
            if outcome is FAILED and not self.closed:
                self._changed()

        command = Advance(self.known.id, self.cursor, self.dropped, self.told)
        self.desk.engine.submit(self.group, command, saved)

    # The backlog ----------------------------------------------------------------------------------------------------

    def _oldest(self) -> int:
        """Return the time before which messages are given up, in Unix ms."""
        engine = self.desk.engine
        forgotten = engine.oldest(self.group)
        kept = engine.now_ms - int(self.desk.settings.keep_s * 1000)
        return kept if forgotten is None else max(kept, forgotten + PRUNED_MS)

    def _drop(self, line: Line) -> None:
        self.dropped += 1
        self._lost += 1
        self._passed(line)

    def _note_lost(self) -> None:
        if self._lost:
            self._note("webhook_dropped", messages=self._lost)
            self._lost = 0

    def _count(self) -> None:
        """Count the messages that have come since the last count."""
        self._counting = True
        since, recounts = merge_cursors(self.cursor, self._counted) or self.cursor, self._recounts
        self._read(since, COUNT_PAGE, lambda page: self._have_counted(since, recounts, page))

    def _have_counted(self, since: Cursor, recounts: int, page: Page | None) -> None:
        self._counting = False
        if self.closed or page is None or recounts != self._recounts:
            self._count_at = self.desk.engine.now + UNREADABLE_S
            return
        self.backlog += len(page.lines)
        self._counted = merge_cursors(since, place_of(page.lines[-1]) if page.lines else page.end)
        if page.lines:
            self._count()
        else:
            self._count_at = self.desk.engine.now + COUNT_S

    def _forget_count(self) -> None:
        self.backlog, self._counted = 0, None
        self._recounts += 1

    def _note(self, event: str, **facts: object) -> None:
        host = host_of(self.known.url)
        self.desk.engine.note(event, self.group, webhook=self.known.id, host=host, **facts)
