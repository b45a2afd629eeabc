"""A page's view of the whole network: asks every node for the node's status and happenings. No I/O.

Nodes are asked only while a page is open, over links that exist anyway.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec

from gateway import look
from gateway.edge.rpc.asks import LookAsk
from gateway.findings import findings
from gateway.happenings import Happening
from gateway.look import Look, Looks
from gateway.node import NodeCore
from gateway.status import Seen, Status
from gateway.survey import Row, Survey
from ring.roster import NodeRecord

AT_ONCE: Final = 64
"""The number of nodes asked in a turn at most; nodes with the oldest answers come first."""

EVERY_S: Final = 0.8
"""The time between two rounds of questions at least."""

KEPT: Final = 1000
"""The number of happenings that may wait; the oldest are dropped first."""

OLD_S: Final = 15.0
"""An older answer is not used."""

SILENT_S: Final = 6.0
"""A live node is reported after this long without an answer; a question is given up after 4 s."""

RATE_S: Final = 5.0
"""Rates are averages over this time."""


Judge = Callable[[], list[str] | None]
"""Finds the faults of the network, in words; returns None until the nodes have answered. Takes time O(nodes^2)."""


class Rates(NamedTuple):
    """Messages per second, from clients and to clients."""

    received: float
    sent: float


class _Seen:
    """The answers of a node, and the time of its silence."""

    def __init__(self) -> None:
        self.status: Status | None = None
        self.at = float("-inf")
        self.happened = 0  # number of the last happening
        self.asked_at: float | None = None  # time of the first question since the last answer
        self.is_open = False  # a question is on its way
        self.totals: deque[tuple[float, int, int]] = deque()  # time, messages from clients, messages to clients

    def take(self, found: Look, now: float) -> list[Happening]:
        """Take an answer; return the new happenings."""
        before, self.status = self.status, found.status
        if before is None or before.incarnation != found.status.incarnation:
            self.happened = 0
            self.totals.clear()
        self.at, self.asked_at = now, None
        self.totals.append((now, found.status.messages_received, found.status.messages_sent))
        while len(self.totals) > 2 and self.totals[1][0] <= now - RATE_S:
            self.totals.popleft()
        news = [one for one in found.happenings if one.number > self.happened]
        self.happened = max([self.happened, *(one.number for one in news)])
        return news

    def rates(self) -> Rates | None:
        if len(self.totals) < 2 or self.totals[-1][0] <= self.totals[0][0]:
            return None
        first, last = self.totals[0], self.totals[-1]
        return Rates((last[1] - first[1]) / (last[0] - first[0]), (last[2] - first[2]) / (last[0] - first[0]))


class Lookout:
    """A node's view of all nodes."""

    def __init__(self, core: NodeCore, own: Looks) -> None:
        self._core = core
        self._own = own
        self._seen: dict[str, _Seen] = {}
        self._asked_at = float("-inf")
        self._waiters: list[tuple[set[str], Callable[[], None]]] = []
        self._news: list[tuple[str, Happening]] = []
        self._roster: list[Seen] = []  # of the last answer

    def ask(self, done: Callable[[], None]) -> None:
        """Ask all nodes, unless the last round is younger than EVERY_S. done() is called once, after each question
        under way is answered or given up; at once if no question is under way.
        """
        engine = self._core.engine
        if engine.now - self._asked_at >= EVERY_S:
            self._asked_at = engine.now
            live = {record.key for record in engine.live()}
            self._seen = {key: self._seen.get(key, _Seen()) for key in sorted(live)}
            self._take(engine.me.key, self._own.look(engine.me.number, self._seen[engine.me.key].happened))
            if self.asks_others:
                self._ask_others()
        waiting = {key for key, seen in self._seen.items() if seen.is_open}
        if waiting:
            self._waiters.append((waiting, done))
        else:
            done()

    def _ask_others(self) -> None:
        engine = self._core.engine
        due = [key for key, seen in self._seen.items() if key != engine.me.key and not seen.is_open]
        due.sort(key=lambda key: self._seen[key].at)
        for key in due[:AT_ONCE]:
            seen = self._seen[key]
            seen.is_open = True
            seen.asked_at = engine.now if seen.asked_at is None else seen.asked_at
            ask = LookAsk(seen.status.incarnation if seen.status is not None else 0, seen.happened)
            engine.ask_node(key, ask, partial(self._answered, key))

    def take_news(self) -> list[tuple[str, Happening]]:
        """Take the happenings since the last call, the oldest first, each with the ring key of the reporting node."""
        news, self._news = self._news, []
        return sorted(news, key=lambda one: one[1].at)

    @property
    def asks_others(self) -> bool:
        """Whether all builds of the network know the question (P42)."""
        return self._core.engine.level >= LookAsk.SINCE

    def status(self, key: str) -> Status | None:
        """Return the node's latest status; None if the node has not answered in the last seconds."""
        seen = self._seen.get(key)
        return seen.status if seen is not None and self._core.engine.now - seen.at < OLD_S else None

    def rates(self, key: str) -> Rates | None:
        seen = self._seen.get(key)
        return seen.rates() if seen is not None and self.status(key) is not None else None

    def judge(self) -> Judge:
        """Take the present data. The returned function finds the faults of the network, and may run in a thread."""
        engine = self._core.engine
        if not self.asks_others:
            level = engine.level
            return lambda: [
                f"at the network's feature level {level}, nodes do not tell each other how they are: upgrade all"
            ]
        rows = list(self._rows(engine.live()))
        mine = self.status(engine.me.key)
        if mine is None or len(rows) < len(engine.live()):
            return lambda: None
        listed = frozenset(row.record.key for row in rows)  # each status names the directories that list the node
        survey = Survey(rows, listed, len(mine.directories), [])
        return partial(findings, survey, engine.settings.ring.copies, engine.now)

    def _rows(self, live: list[NodeRecord]) -> Iterator[Row]:
        """Yield a row for each node that has answered, or has been silent for too long."""
        now = self._core.engine.now
        for record in live:
            found, seen = self.status(record.key), self._seen.get(record.key)
            since = seen.asked_at if seen is not None else None
            if since is not None and now - since > SILENT_S:
                yield Row(record, None, f"no answer for {now - since:.0f} s")
            elif found is not None:
                yield Row(record, found)

    def _answered(self, key: str, reply: Any) -> None:
        seen, found = self._seen.get(key), look.read(reply)
        if seen is not None:
            seen.is_open = False
            if found is not None:
                self._take(key, found)
        waiters, self._waiters = self._waiters, []
        for waiting, done in waiters:
            waiting.discard(key)
            if waiting:
                self._waiters.append((waiting, done))
            else:
                done()

    def _take(self, key: str, found: Look) -> None:
        if found.status.roster == self._roster:  # most nodes have the same roster: keep and judge it once
            found = msgspec.structs.replace(found, status=msgspec.structs.replace(found.status, roster=self._roster))
        self._roster = found.status.roster
        news = [(key, one) for one in self._seen[key].take(found, self._core.engine.now)]
        self._news = [*self._news, *news][-KEPT:]
