"""A store above its limit loses the oldest lines, and nothing else."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from ring.ids import GroupId, Term
from ring.io.store_limit import ROOM, shorten
from ring.storage.sqlite.store import SqliteStore
from ring.storage.store import Batch, Line, Range

KINDS = ("channel", "conversation")
GROUPS = [GroupId("channel", "#a"), GroupId("channel", "#b"), GroupId("conversation", "ann bob")]
TERM = Term(1, "10.0.0.1", 1)
HOUR_MS = 3_600_000


def filled(path: Path, lines: int = 12_000) -> SqliteStore:
    """A line a minute, of each group by turns."""
    store = SqliteStore(path)
    made = [
        Line(GROUPS[n % 3], TERM, n // 3 + 1, n * 60_000, f"x-1.a-{n // 3 + 1:x}", b"\xc4\xc8" + b"%200d" % n)
        for n in range(lines)
    ]
    store.write([Batch(1, {GROUPS[0]: b"a replica", GroupId("account", "joe"): b"an account"}, {}, made)])
    store.tend()
    return store


def times(store: SqliteStore, group: GroupId) -> list[int]:
    return [line.at for line in store.lines(Range(group, None, None, 100_000, True))]


def test_the_oldest_lines_go_first_whatever_group_they_are_of(tmp_path: Path) -> None:
    store = filled(tmp_path / "circlet.db")
    before, limit = store.size(), store.size() // 2
    gone = sum(shorten(store, limit, KINDS, 12_000 * 60_000))
    assert limit * ROOM * 0.8 < store.size() <= limit * ROOM < before
    kept = [times(store, group) for group in GROUPS]
    assert gone + sum(map(len, kept)) == 12_000
    firsts = [one[0] for one in kept]
    assert all(one[-1] > 11_990 * 60_000 for one in kept)
    assert max(firsts) - min(firsts) <= 10 * HOUR_MS  # they begin alike
    assert dict(store.replicas()) == {GROUPS[0]: b"a replica", GroupId("account", "joe"): b"an account"}
    store.close()


def test_within_the_limit_nothing_goes(tmp_path: Path) -> None:
    store = filled(tmp_path / "circlet.db", 3000)
    assert list(shorten(store, store.size(), KINDS, 10**12)) == []
    store.close()


def test_where_states_alone_are_too_large_all_lines_go_and_the_states_stay(tmp_path: Path) -> None:
    store = filled(tmp_path / "circlet.db", 3000)
    assert sum(shorten(store, 1, KINDS, 10**9)) == 3000
    assert store.oldest() is None and len(dict(store.replicas())) == 2
    store.close()


def test_what_lines_left_behind_is_used_again(tmp_path: Path) -> None:
    """The file grows no further: what was dropped makes room for what comes."""
    store = filled(tmp_path / "circlet.db")
    limit = store.size()
    for turn in range(1, 6):
        lines = [
            Line(GROUPS[0], TERM, 10_000 * turn + n, (12_000 * turn + n) * 60_000, "m", b"\xc4\xc8" + b"x" * 200)
            for n in range(6000)
        ]
        store.write([Batch(turn + 1, {}, {}, lines)])
        store.tend()
        list(shorten(store, limit, KINDS, 12_000 * (turn + 1) * 60_000))
    store.close()
    assert (tmp_path / "circlet.db").stat().st_size < limit * 2


def test_a_group_without_lines_whose_replica_goes_leaves_no_row(tmp_path: Path) -> None:
    path = tmp_path / "circlet.db"
    store = filled(path, 300)
    silent = [GroupId("channel", f"#s{number}") for number in range(500)]
    store.write([Batch(2, dict.fromkeys(silent, b"a replica"), {}, [])])
    store.write([Batch(3, {**dict.fromkeys(silent), GROUPS[0]: None}, {}, [])])
    assert [group for group, _ in store.replicas()] == [GroupId("account", "joe")]
    assert len(times(store, GROUPS[0])) == 100
    store.write([Batch(4, {silent[0]: b"again"}, {}, [])])
    store.close()
    db = sqlite3.connect(path)
    assert db.execute("SELECT count(*) FROM groups").fetchone() == (5,)  # with lines 3, the account, and one again
    assert SqliteStore(path, reading=True).lines(Range(silent[0], None, None, 10, True)) == []
    db.close()


def test_a_minute_of_talk_that_fills_the_store_loses_no_more_than_must_go(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "circlet.db")
    lines = [Line(GROUPS[0], TERM, n, 10**12 + n * 6, "m", b"\xc4\xc8" + b"x" * 300) for n in range(1, 10_001)]
    store.write([Batch(1, {}, {}, lines)])
    store.tend()
    gone = sum(shorten(store, store.size() * 3 // 4, KINDS, lines[-1].at))
    assert 2500 <= gone < 5000
    store.close()
