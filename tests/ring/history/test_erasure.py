"""Deleted lines leave the store of this node: soon, once, again for another replica, and again if the store failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ring.durations import LOOK_AFTER_S, SCRUB_AFTER_S, SCRUB_AGAIN_S
from ring.history import erasure
from ring.history.erased import NOTHING, Erased
from ring.history.erasure import Erasure
from ring.ids import GroupId, Term
from ring.replication.replica import Replica
from ring.storage.store import Batch, Line, Range, Store, StoreError
from ring.wire.codec import packed
from tests.ring.ports import ROOM, NotedPort
from tests.ring.toy import ToyKind
from tests.sim.stores import MemoryStore

OTHER = GroupId("channel", "#other")


class Kind(ToyKind):
    """Events are [author, text]; what is erased is what the test says."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted = NOTHING

    def erased(self, state: Any) -> Erased:
        return self.wanted

    def authors(self, event: Any) -> tuple[str, ...]:
        return (event[0],)


class Node:
    """A node with a store, whose work is done when the test says so."""

    def __init__(self) -> None:
        self.port = NotedPort()
        self.kind = Kind()
        self.store = MemoryStore()
        self.scrubbed = 0
        self.scrubs: list[bool] = []  # results to come
        self.problem: StoreError | None = None
        self.jobs: list[tuple[Callable[[Store], Iterator[int]], Callable[[Any], None]]] = []
        self.port.work_store = lambda job, done: self.jobs.append((job, done))
        self.on = True
        self.erasure = Erasure(self.port, self)  # type: ignore[arg-type]  # of the journal, only `on` counts
        self.replica()

    def replica(self, group: GroupId = ROOM) -> Replica:
        m = self.port.master(group)
        m.replica.kind = self.kind
        m.replica.journal = self  # type: ignore[assignment]
        return m.replica

    def scrub(self) -> bool:
        self.scrubbed += 1
        return self.scrubs.pop(0) if self.scrubs else True

    def say(self, *texts: tuple[str, str], group: GroupId = ROOM) -> None:
        first = len(self.left(group)) + 1
        lines = [
            Line(group, Term(1, "k", 1), seq, 100 * seq, f"m{seq}", packed([*text]))
            for seq, text in enumerate(texts, first)
        ]
        self.store.write([Batch(first, {}, {}, lines)])

    def left(self, group: GroupId = ROOM) -> list[int]:
        return [line.seq for line in self.store.lines(Range(group, None, None, 1000, False))]

    def after(self, seconds: float = LOOK_AFTER_S) -> int:
        """Look at all replicas and tick after so many seconds, and do the work. Returns the number of jobs."""
        self.port.now += seconds
        for replica in self.port.replicas.here():
            self.erasure.look(replica)
        self.erasure.tick()
        jobs, self.jobs = self.jobs, []
        for job, done in jobs:
            if self.problem is not None:
                done(self.problem)
                continue
            store: Any = self.store
            store.scrub = self.scrub
            done(sum(job(store)))
        return len(jobs)


@pytest.fixture
def node() -> Node:
    made = Node()
    made.say(("ann", "one"), ("bob", "two"), ("ann", "three"), ("bob", "four"))
    made.say(("ann", "elsewhere"), group=OTHER)
    return made


def test_nothing_is_done_where_nothing_is_erased(node: Node) -> None:
    assert node.after() == 0 and node.after() == 0


def test_a_deletion_is_done_once_and_the_files_are_scrubbed_after(node: Node) -> None:
    node.kind.wanted = Erased(msgids=frozenset({"m2", "unknown"}))
    assert node.after() == 1 and node.left() == [1, 3, 4] and node.scrubbed == 0
    assert node.after(SCRUB_AFTER_S) == 1 and node.scrubbed == 1
    assert node.after() == 0 and node.after() == 0
    node.kind.wanted = Erased(msgids=frozenset({"m2", "m3"}))
    assert node.after() == 1 and node.left() == [1, 4]


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        (Erased(before=200), [3, 4]),
        (Erased(before=250, msgids=frozenset({"m4"})), [3]),
        (Erased(authors={"ann": 10_000}), [2, 4]),
        (Erased(authors={"ann": 200}), [2, 3, 4]),
        (Erased(authors={"ann": 100, "bob": 200}), [3, 4]),
    ],
)
def test_each_way_to_name_lines(node: Node, wanted: Erased, left: list[int]) -> None:
    node.kind.wanted = wanted
    node.after()
    assert node.left() == left and node.left(OTHER) == [1]


def test_more_lines_than_one_step_looks_at(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "PAGE", 3)
    monkeypatch.setattr(erasure, "AT_ONCE", 2)
    node.say(*[("ann" if number % 3 else "bob", "more") for number in range(40)])
    node.kind.wanted = Erased(authors={"ann": 10**9}, msgids=frozenset({f"m{seq}" for seq in range(1, 12)}))
    node.after()
    assert all(line.event == packed(["bob", "more"]) for line in node.store.lines(Range(ROOM, None, None, 99, False)))
    assert len(node.left()) == 11


def test_lines_that_cannot_be_read_have_no_author(node: Node) -> None:
    node.store.write([Batch(9, {}, {}, [Line(ROOM, Term(1, "k", 1), 9, 900, "m9", b"\xc1")])])
    node.kind.wanted = Erased(authors={"ann": 10_000})
    node.after()
    assert node.left() == [2, 4, 9]


def test_a_store_that_fails_is_tried_again(node: Node) -> None:
    node.kind.wanted = Erased(before=100)
    node.problem = StoreError("the disk is full")
    assert node.after() == 1 and node.left() == [1, 2, 3, 4]
    node.problem = None
    assert node.after() == 1 and node.left() == [2, 3, 4] and node.after(SCRUB_AFTER_S) == 1


def test_a_scrub_beside_a_reader_is_tried_again(node: Node) -> None:
    node.scrubs = [False, False]
    node.kind.wanted = Erased(before=100)
    node.after()
    assert node.after(SCRUB_AFTER_S) == 1 and node.after(SCRUB_AGAIN_S / 2) == 0 and node.after(SCRUB_AGAIN_S / 2) == 1
    node.problem = StoreError("the disk fails")
    assert node.after(SCRUB_AGAIN_S) == 1
    node.problem = None
    assert node.after(SCRUB_AGAIN_S) == 1 and node.scrubbed == 3 and node.after(SCRUB_AGAIN_S) == 0


def test_one_scrub_serves_the_erasures_of_a_moment(node: Node) -> None:
    node.replica(OTHER)
    node.kind.wanted = Erased(before=100)
    assert node.after() == 2 and node.left(OTHER) == []
    assert node.after(SCRUB_AFTER_S) == 1 and node.scrubbed == 1


def test_another_replica_of_the_group_may_have_brought_the_lines_back(node: Node) -> None:
    node.kind.wanted = Erased(before=100)
    node.after()
    node.say()
    node.store.write([Batch(9, {}, {}, [Line(ROOM, Term(1, "k", 1), 1, 100, "m1", packed(["ann", "one"]))])])
    assert node.after() == 1  # the scrub
    assert node.left() == [1, 2, 3, 4]
    node.replica()
    assert node.after() == 1 and node.left() == [2, 3, 4]


def test_a_node_without_a_store_and_a_replica_without_a_journal_erase_nothing(node: Node) -> None:
    node.kind.wanted = Erased(before=100)
    node.on = False
    assert node.after() == 0
    node.on = True
    node.replica().journal = None
    assert node.after() == 0 and node.left() == [1, 2, 3, 4]
