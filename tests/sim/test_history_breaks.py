"""History broken on purpose is caught; what a seed makes of it is a check of every story (`history_agrees`)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ring.history import query
from ring.history.pages import Found
from ring.history.query import Asker, HistoryQueries, Job
from ring.history.repair import AntiEntropy
from ring.replication.progress import Master
from ring.wire.history import Query
from tests.sim import test_history as scenarios


def read_own_disk_only(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(HistoryQueries, "_sources", lambda self, replica: [self.port.me.key])
    patch.setattr(AntiEntropy, "tick", lambda self: None)


def answer_before_what_was_accepted_is_committed(patch: pytest.MonkeyPatch) -> None:
    def begin(self: HistoryQueries, m: Master, asker: Asker, query: Query) -> None:
        if asker not in self.jobs:
            self.jobs[asker] = Job(m, asker, query, self.port.now)
            self._start(self.jobs[asker])

    patch.setattr(HistoryQueries, "_begin", begin)


def leave_out_the_log(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(query, "in_log", lambda replica, want: Found([], False))


@pytest.mark.parametrize(
    ("broken", "scenario"),
    [
        (read_own_disk_only, scenarios.test_what_was_said_while_its_master_was_away_is_found_elsewhere),
        (
            answer_before_what_was_accepted_is_committed,
            scenarios.test_what_somebody_has_heard_is_in_it_though_the_master_dies_at_once,
        ),
        (leave_out_the_log, scenarios.test_a_takeover_loses_nothing_of_it),
    ],
)
def test_a_break_is_caught(
    broken: Callable[[pytest.MonkeyPatch], None], scenario: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(monkeypatch)
    for seed in range(20):
        try:
            scenario(seed)
        except AssertionError:
            return
    pytest.fail("not caught")
