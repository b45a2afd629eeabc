"""The checkers can fail: each way to break the protocol on purpose is caught within a few seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from ring.groups.backing import Backing
from ring.groups.copy import Accepted, Copy
from ring.groups.engine import Engine
from ring.groups.finding import Finding
from ring.groups.following import Followed, Following
from ring.groups.leading import Leading
from ring.groups.mastered import Mastered
from ring.groups.merging import Merging
from ring.groups.settling import Settling
from ring.groups.witness import Witnesses
from ring.ids import Incarnation, Term
from ring.wire import Entry, RawEntry
from tests.sim.chaos import Story
from tests.sim.checks import check
from tests.sim.faults import Crash, Cut, Dark, Fault, Hang, Lossy, PairCut, Reset, Slow

SEEDS = 400


def publish_before_the_backup(patch: pytest.MonkeyPatch) -> None:
    """P12: what its holders do not have is committed all the same."""

    def append(self: Backing, m: Mastered, command: Any) -> None:
        for holder in m.holders:
            holder.held = 10**9
        original(self, m, command)

    original = Backing.append
    patch.setattr(Backing, "append", append)
    patch.setattr(Backing, "_send", lambda self, m, holder, command: None)
    patch.setattr(Backing, "send_pending", lambda self, m, holder: None)


def skip_an_ack(patch: pytest.MonkeyPatch) -> None:
    """P33: a PONG does not wait for the followers."""
    patch.setattr(Leading, "settled_to", lambda self, m: m.copy.seq)


def answer_barriers_at_once(patch: pytest.MonkeyPatch) -> None:
    """P34: nor for what was said."""
    patch.setattr(Settling, "settle", lambda self, groups, done: done())


def accept_any_higher_number(patch: pytest.MonkeyPatch) -> None:
    """P6: the number after a missing one is accepted, and so the missing one never."""

    def accept(self: Leading, m: Mastered, origin: Incarnation, number: int, floor: int, command: Any) -> None:
        if number > m.expected(origin, floor):
            self._take(m, origin, number, floor, command)
        else:
            original(self, m, origin, number, floor, command)

    original = Leading.accept
    patch.setattr(Leading, "accept", accept)


def forget_the_counters(patch: pytest.MonkeyPatch) -> None:
    """P8: whoever serves next does not know what was accepted before."""

    def serve_under(self: Finding, copy: Copy, term: Term) -> None:
        copy.streams.clear()
        original(self, copy, term)

    def begin(self: Backing, m: Mastered) -> None:
        begin_as_it_is(self, m)
        m.ahead.clear()

    original, begin_as_it_is = Finding.serve_under, Backing.begin
    patch.setattr(Finding, "serve_under", serve_under)
    patch.setattr(Backing, "begin", begin)


def forget_origins_that_are_only_silent(patch: pytest.MonkeyPatch) -> None:
    """P8: a node that was thought dead for a moment starts anew, and what it says again counts twice."""

    def remember(self: Copy, origin: Incarnation, entry: Entry) -> None:
        self.streams[origin] = Accepted()
        original(self, origin, entry)

    def expected(self: Mastered, origin: Incarnation, floor: int) -> int:
        return floor

    original = Copy.remember
    patch.setattr(Copy, "remember", remember)
    patch.setattr(Mastered, "expected", expected)


def apply_across_gaps(patch: pytest.MonkeyPatch) -> None:
    """P16: a follower takes what comes, whatever is missing before it."""

    def apply(self: Following, f: Followed, entries: list[RawEntry]) -> None:
        for entry in entries:
            if entry.seq > f.copy.seq:
                f.copy.seq = entry.seq - 1
        original(self, f, entries)

    original = Following._apply
    patch.setattr(Following, "_apply", apply)


def take_silence_for_death(patch: pytest.MonkeyPatch) -> None:
    """P19: nobody else is asked."""
    patch.setattr(Witnesses, "suspect", lambda self, node: self.engine.died(node))


def serve_on_after_a_stop(patch: pytest.MonkeyPatch) -> None:
    """P20 and P22: who was stopped serves on, and is not told otherwise."""
    patch.setattr(Engine, "_was_stopped", lambda self, seconds: None)
    patch.setattr(Merging, "yield_to", lambda self, m, key: None)


def merge_nothing(patch: pytest.MonkeyPatch) -> None:
    """P25: the other side's words are dropped."""
    patch.setattr(Merging, "take_in", lambda self, m, theirs: None)


def merge_everything_again(patch: pytest.MonkeyPatch) -> None:
    """P25: what was shown of one side is shown again with the other."""
    patch.setattr(Copy, "knows", lambda self, fork, accepted=False: lambda entry: False)


def take_the_oldest_copy(patch: pytest.MonkeyPatch) -> None:
    """P21: a takeover takes what it has, not the newest."""

    def held(self: Finding, *words: Any) -> Any:
        found = original(self, *words)
        return type(found)(found.group, found.role, (), 0) if found.role == "copy" else found

    original = Finding._held
    patch.setattr(Finding, "_held", held)


def replace_no_backup(patch: pytest.MonkeyPatch) -> None:
    """P13: the set of holders stays as it is, whoever dies."""
    patch.setattr(Backing, "arrange", lambda self, m, spent=False: None)


def send_nothing_again(patch: pytest.MonkeyPatch) -> None:
    """P6: what was lost on its way to the master stays lost."""
    patch.setattr(Engine, "_repeat_submits", lambda self: None)
    patch.setattr(Engine, "resend", lambda self, group: None)


def believe_a_dead_edge_at_once(patch: pytest.MonkeyPatch) -> None:
    """P31: members of a silent node quit without a grace."""
    patch.setattr(Leading, "_is_gone", lambda self, edge: not self.engine.peers.is_current(edge))


BREAKS: list[tuple[Callable[[pytest.MonkeyPatch], None], Sequence[type[Fault]], Iterable[str]]] = [
    (publish_before_the_backup, (Crash, Dark), ("nothing_lost",)),
    (skip_an_ack, (Lossy, Slow), ("settled",)),
    (answer_barriers_at_once, (Lossy, Slow), ("settled",)),
    (accept_any_higher_number, (Lossy,), ("nothing_lost", "own_order")),
    (forget_the_counters, (Crash, Dark, Lossy), ("nothing_twice",)),
    (forget_origins_that_are_only_silent, (Lossy, Reset), ("nothing_twice", "own_order")),
    (apply_across_gaps, (Lossy, Reset), ("nothing_lost", "copies_agree")),
    (take_silence_for_death, (PairCut,), ("nobody_is_thought_dead",)),
    (serve_on_after_a_stop, (Hang, Cut), ("one_master", "copies_agree", "nothing_lost", "views_agree")),
    (merge_nothing, (Cut,), ("nothing_lost",)),
    (merge_everything_again, (Cut,), ("nothing_twice",)),
    (take_the_oldest_copy, (Crash, Dark), ("nothing_lost", "views_agree", "everybody_is_in", "no_netsplit")),
    (replace_no_backup, (Dark, Crash), ("everybody_is_answered", "copies_agree", "nothing_lost")),
    (send_nothing_again, (Lossy, Crash), ("nothing_lost", "everybody_is_answered", "nothing_waits")),
    (believe_a_dead_edge_at_once, (Hang,), ("no_netsplit",)),
]


@pytest.mark.parametrize(("break_it", "kinds", "promises"), BREAKS, ids=[b.__name__ for b, _, _ in BREAKS])
def test_a_broken_protocol_is_caught(
    monkeypatch: pytest.MonkeyPatch,
    break_it: Callable[[pytest.MonkeyPatch], None],
    kinds: Sequence[type[Fault]],
    promises: tuple[str, ...],
) -> None:
    break_it(monkeypatch)
    found: set[str] = set()
    for seed in range(SEEDS):
        story = Story(seed, kinds=kinds)
        try:
            story.run()
            found |= {wrong.partition(":")[0] for wrong in check(story)}
        except AssertionError as problem:  # the network itself notices what cannot be
            found.add(f"assertion: {problem}"[:200])
            return
        if found & {*promises}:
            return
    pytest.fail(f"not caught in {SEEDS} seeds; other checks that failed: {sorted(found)}")
