"""Dropping lines by age, by count and for good, in short transactions; a group that has nothing loses its number."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from ring.ids import GroupId
from ring.storage.sqlite import forgetting as sqlite_forgetting
from ring.storage.sqlite.forgetting import Forgetting
from ring.storage.sqlite.names import INTEGERS
from ring.storage.sqlite.store import SqliteStore
from tests.ring.storage.sqlite.databases import Tables, rows
from tests.ring.storage.store_contract import ERLANG, GO, batch, line

A, B, C = (GroupId("channel", name) for name in ("#a", "#b", "#c"))
JOE = GroupId("account", "joe")


class Store:
    """Groups with lines of seq 1 to n, each at 10 times its seq."""

    def __init__(self, **lines: int) -> None:
        self.tables = Tables()
        names = {"a": A, "b": B, "c": C, "joe": JOE}
        self.tables.names.meet([names[name] for name in lines])
        self.numbers = {names[name]: self.tables.names.groups[names[name]] for name in lines}
        for name, count in lines.items():
            if count:
                self.tables.pages.add([(self.numbers[names[name]], rows(*range(1, count + 1)))])
        self.forgetting = Forgetting(self.tables.db, self.tables.names, self.tables.pages, self.tables.transaction)

    def left(self, group: GroupId) -> list[int]:
        found = self.tables.pages.between(self.numbers[group], "seq", INTEGERS[0], INTEGERS[-1], 10_000, False)
        return [one.seq for one in found]

    @property
    def known(self) -> set[GroupId]:
        names = self.tables.names
        names.clear()
        names.find(self.numbers.keys())
        return {*names.groups}


@pytest.fixture(autouse=True, scope="module")
def _patient() -> Iterator[None]:
    """A slow machine does as much in a transaction as a quick one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite_forgetting, "STORE_SLICE_S", 60.0)
        yield


def test_what_is_too_old_and_what_is_too_much_goes() -> None:
    store = Store(a=10, b=3, joe=10)
    assert sum(store.forgetting.prune("channel", 30, 5, None, [])) == 5 + 2
    assert store.left(A) == [6, 7, 8, 9, 10] and store.left(B) == [3] and len(store.left(JOE)) == 10


@pytest.mark.parametrize(
    ("groups", "skip", "pruned"),
    [(None, [], {A, B, C}), (None, [B], {A, C}), ([A], [], {A}), ([A], [A], {A}), ([], [], set()), ([JOE], [], set())],
)
def test_some_groups_alone_or_all_but_some(
    groups: list[GroupId] | None, skip: list[GroupId], pruned: set[GroupId]
) -> None:
    store = Store(a=4, b=4, c=4, joe=4)
    list(store.forgetting.prune("channel", 0, 1, groups, skip))
    assert {group for group in (A, B, C, JOE) if store.left(group) == [4]} == pruned
    assert all(store.left(group) == [1, 2, 3, 4] for group in {A, B, C, JOE} - pruned)


@pytest.mark.parametrize(("before", "keep", "left"), [(-(2**80), 2**80, 4), (2**80, 4, 0), (0, -5, 0)])
def test_bounds_beyond_what_the_file_can_count(before: int, keep: int, left: int) -> None:
    store = Store(a=4)
    list(store.forgetting.prune("channel", before, keep, None, []))
    assert len(store.left(A)) == left


def test_much_is_dropped_in_short_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_forgetting, "SLICE", 5)
    store = Store(a=23, b=2, c=7)
    steps = list(store.forgetting.prune("channel", 10**6, 0, None, []))
    assert sum(steps) == 32 and max(steps) <= 5 + 5 and store.tables.transactions == len(steps)
    assert store.left(A) == store.left(B) == store.left(C) == [] and store.known == set()


def test_a_slice_of_time_ends_a_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_forgetting, "STORE_SLICE_S", -1.0)  # the time is always up
    store = Store(a=5)
    steps = store.forgetting.prune("channel", 10**6, 0, None, [])
    assert [next(steps) for _ in range(3)] == [0, 0, 0]
    monkeypatch.setattr(sqlite_forgetting, "STORE_SLICE_S", 60.0)
    assert sum(steps) == 5


def test_a_group_with_a_replica_keeps_its_number() -> None:
    store = Store(a=3, b=3)
    store.tables.db.execute("INSERT INTO copies VALUES (?, x'01')", (store.numbers[A],))
    list(store.forgetting.prune("channel", 10**6, 0, None, []))
    assert store.known == {A}
    list(store.forgetting.erase(A, None))
    assert store.known == {A} and store.tables.count("copies") == 1


def test_lines_are_erased_one_by_one_or_all_of_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_forgetting, "SLICE", 4)
    store = Store(a=20, b=20)
    seqs = [3, 3, 7, 99, 2**80, -1, *range(10, 16)]
    assert sum(store.forgetting.erase(A, seqs)) == 8
    assert store.left(A) == [1, 2, 4, 5, 6, 8, 9, 16, 17, 18, 19, 20]
    assert sum(store.forgetting.erase(A, None)) == 12
    assert store.left(A) == [] and len(store.left(B)) == 20 and store.known == {B}
    assert list(store.forgetting.erase(A, [])) == []


def test_a_group_that_is_not_there_has_nothing_to_erase() -> None:
    store = Store(a=2)
    strange = GroupId("channel", "#strange")
    assert sum(store.forgetting.erase(strange, None)) == sum(store.forgetting.erase(strange, [1, 2])) == 0
    assert sum(store.forgetting.prune("channel", 10**6, 0, [strange], [])) == 0
    assert store.left(A) == [1, 2]


def test_fresh_lines_are_dropped_too() -> None:
    store = Store(a=2)
    store.tables.fresh.add({store.numbers[A]: rows(3, 4)})
    assert sum(store.forgetting.erase(A, [2, 3])) == 2 and store.left(A) == [1, 4]


# What is left in the file --------------------------------------------------------------------------------------------


def test_what_was_erased_is_not_in_the_file(path: Path) -> None:
    store = SqliteStore(path)
    store.write([batch(*(line(n, event=b"the secret word") for n in range(6000)), line(1, GO, event=b"another"))])
    assert sum(store.erase(ERLANG, None)) == 6000
    store.close()
    data = path.read_bytes()
    assert b"another" in data and b"the secret word" not in data


def test_what_was_erased_is_in_no_file_once_the_store_is_scrubbed(path: Path) -> None:
    store = SqliteStore(path)
    store.write([batch(line(1, event=b"the secret word"), line(2, event=b"another"))])
    reader = sqlite3.connect(path)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count FROM fresh").fetchone() == (2,)
    assert sum(store.erase(ERLANG, [1])) == 1
    assert not store.scrub()  # not while somebody reads
    reader.close()
    assert store.scrub()
    files = [file.read_bytes() for file in path.parent.glob(f"{path.name}*")]
    assert any(b"another" in data for data in files) and not any(b"the secret word" in data for data in files)
    store.close()


def test_single_lines_that_were_erased_or_voided_are_in_no_file_wherever_they_lay(path: Path) -> None:
    store, groups = SqliteStore(path), (ERLANG, GO)
    for start in range(0, 3000, 100):
        said = range(start, start + 100)
        store.write([batch(*(line(n, group, event=b"<%d>" % n * 30) for n in said for group in groups))])
        store.tend()
    gone = [1, 70, 100, 1500, 2047, 2999]
    assert sum(store.erase(ERLANG, gone)) == sum(store.erase(GO, gone)) == len(gone)
    assert sum(store.prune("channel", 50_000, 10**6)) == 2 * 49
    store.write([batch(ends={ERLANG: 2800, GO: 2800})])
    assert store.scrub()
    data = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    left = {n for n in range(3000) if b"<%d>" % n * 2 in data}
    assert left == set(range(50, 2801)) - set(gone)
    store.close()
