"""History after whatever a seed makes of a network with disks; and that the checks of it can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from ring.groups import recalling
from ring.groups.mastered import Mastered
from ring.groups.recalling import Asker, Job, Recalling
from ring.groups.recollect import Found
from ring.groups.refilling import Refilling
from ring.wire import Query
from tests.sim import test_history as scenarios
from tests.sim.chaos import Story
from tests.sim.test_history import recall, told

SEEDS = 40
BLOCK = 5


def wrong(story: Story) -> Iterable[str]:
    """All nodes answer alike, with everything that people were sure of or have heard, once, in the order heard."""
    net = story.net
    net.run(3)
    answers = {node.name: recall(net, node.name, Query(4000)) for node in net.nodes.values() if node.up}
    texts = told(next(iter(answers.values())))
    if any(told(answer) != texts for answer in answers.values()):
        yield "nodes answer differently"
    if len({*texts}) != len(texts):
        yield "something is in it twice"
    known = {text for person in story.people for text in person.sure}
    known.update(text for person in story.here() for text in person.ring)
    if lost := known - {*texts}:
        yield f"lacking: {sorted(lost)[:5]}"
    for person in story.here() if not story.forked else ():
        if [text for text in texts if text in {*person.ring}] != person.ring:
            yield f"{person.nick} has heard it in another order"


@pytest.mark.parametrize("first", range(0, SEEDS, BLOCK))
def test_history_is_what_was_heard(first: int) -> None:
    for seed in range(first, first + BLOCK):
        story = Story(seed, disks=True)
        story.run()
        found = list(wrong(story))
        assert not found, "\n".join([f"seed {seed}", *story.faults, *found])


def read_own_disk_only(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Recalling, "_sources", lambda self, copy: [self.engine.me.key])
    patch.setattr(Refilling, "tick", lambda self: None)


def answer_before_what_was_accepted_is_committed(patch: pytest.MonkeyPatch) -> None:
    def begin(self: Recalling, m: Mastered, asker: Asker, query: Query) -> None:
        if asker not in self.jobs:
            self.jobs[asker] = Job(m, asker, query, self.engine.now)
            self._start(self.jobs[asker])

    patch.setattr(Recalling, "_begin", begin)


def leave_out_the_log(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(recalling, "in_log", lambda copy, want: Found([], False))


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
