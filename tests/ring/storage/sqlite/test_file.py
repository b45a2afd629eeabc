"""The store's file: its readers, its state after kill -9, and the words about an unusable file."""

from __future__ import annotations

import random
import re
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from ring.ids import GroupId
from ring.storage.sqlite import file as sqlite_file
from ring.storage.sqlite import store as sqlite_store
from ring.storage.sqlite.store import SqliteStore
from ring.storage.store import Range, StoreError
from tests.patience import WITHIN_S
from tests.ring.storage.sqlite.files import refused
from tests.ring.storage.store_contract import ERLANG, GO, JOE, batch, line, seqs, wanted

ROOT = Path(__file__).parents[4]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# Whose it is ----------------------------------------------------------------------------------------------------------


def test_nobody_else_may_read_it(path: Path) -> None:
    store = SqliteStore(path)
    store.write([batch(line(1))])
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["circlet.db", "circlet.db-lock", "circlet.db-shm", "circlet.db-wal"]
    assert {mode(file) for file in files} == {0o600}
    store.close()


def test_a_file_that_was_restored_for_all_to_read_is_closed_to_others(used: Path) -> None:
    used.chmod(0o644)
    store = SqliteStore(used)
    store.write([batch(line(1))])
    assert {mode(file) for file in used.parent.iterdir()} == {0o600}
    store.close()


def test_a_second_one_is_refused_until_the_first_is_closed(path: Path) -> None:
    first = SqliteStore(path)
    assert "another process uses it" in refused(path) and "node.state_dir" in refused(path)
    first.write([batch(line(1))])
    first.close()
    SqliteStore(path).close()


def test_another_process_is_refused(path: Path) -> None:
    store = SqliteStore(path)
    script = (
        f"from pathlib import Path\nfrom ring.storage.sqlite.store import SqliteStore\nSqliteStore(Path({str(path)!r}))"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=WITHIN_S)
    assert "StoreError" in ended.stderr and "another process uses it" in ended.stderr
    store.close()


def test_a_reader_beside_the_writer_sees_what_is_committed_and_writes_nothing(path: Path) -> None:
    store = SqliteStore(path)
    reader = SqliteStore(path, reading=True)
    assert reader.lines(wanted()) == []
    store.write([batch(line(1), replicas={JOE: b"joe"})])
    assert seqs(reader.lines(wanted())) == [1] and dict(reader.replicas()) == {JOE: b"joe"}
    with pytest.raises(StoreError, match="read-only"):
        reader.write([batch(line(2))])
    reader.close()
    store.write([batch(line(2))])
    store.close()


def test_a_reader_sees_what_the_writer_sees_whatever_was_moved_or_taken_back(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_store, "FRESH_MAX", 8)
    store, rng, seq = SqliteStore(path), random.Random(3), 0
    reader = SqliteStore(path, reading=True)

    def write(*broken: GroupId) -> None:
        said = [line(seq + n, rng.choice((ERLANG, GO))) for n in range(rng.randrange(4))]
        store.write([batch(*said, replicas=dict.fromkeys(broken, object()))])  # type: ignore[arg-type]

    for _ in range(120):
        step = rng.randrange(8)
        if step == 0:
            store.tend()
        elif step == 1:
            list(store.erase(ERLANG, [seq - 2, seq - 9]))
        elif step == 2:
            with pytest.raises(StoreError):
                write(JOE)
        else:
            write()
            seq += 3
        for group in (ERLANG, GO) if rng.randrange(3) == 0 else ():
            assert reader.lines(wanted(group)) == store.lines(wanted(group))
            assert reader.find(group, f"id-{seq - 3}") == store.find(group, f"id-{seq - 3}")
    assert min(len(reader.lines(wanted(group))) for group in (ERLANG, GO)) > 20
    reader.close(), store.close()


def test_a_reader_makes_no_file(path: Path) -> None:
    path.parent.mkdir()
    with pytest.raises(StoreError, match="cannot be opened"):
        SqliteStore(path, reading=True)
    assert not path.exists()


# What cannot be used --------------------------------------------------------------------------------------------------


def test_a_file_that_is_none_of_sqlite_is_refused_and_left_alone(used: Path) -> None:
    used.write_bytes(b"#!/bin/sh\necho hello\n" * 100)
    words = refused(used)
    assert "is damaged" in words and "-wal" in words and "circlet backup" in words
    assert used.read_bytes().startswith(b"#!/bin/sh")


def test_a_page_that_was_overwritten_is_found_at_the_start(used: Path) -> None:
    with used.open("r+b") as file:
        file.seek(4096 * 8)
        file.write(b"\xff" * 4096 * 20)
    assert "is damaged" in refused(used)


def test_a_file_that_was_cut_off_is_found_at_the_start(used: Path) -> None:
    with used.open("r+b") as file:
        file.truncate(4096 * 5)
    assert "is damaged" in refused(used)


def test_damage_that_is_met_later_is_told(used: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_file, "STORE_CHECK_S", 0.0)  # as with a file too large to look through
    with used.open("r+b") as file:
        file.seek(4096 * 8)
        file.write(b"\xff" * (used.stat().st_size - 4096 * 8))
    store = SqliteStore(used)
    with pytest.raises(StoreError, match="is damaged"):
        store.lines(Range(ERLANG, None, None, 10**6, False))
    store.close()


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE fresh SET lines = 7",
        "UPDATE fresh SET lines = NULL",
        "UPDATE fresh SET lines = x'c1'",
        "UPDATE fresh SET lines = x'81019195016301c40161c40168'",  # an unknown term
        "UPDATE fresh SET lines = x'81019195010101c401ffc40168'",  # a msgid that is no text
        "UPDATE fresh SET lines = x'8101919501010163c40168'",
        "UPDATE fresh SET lines = x'80'",
        "UPDATE pages SET lines = x'9195016301c40161c40168'",
        "UPDATE pages SET lines = x'9195010101c401ffc40168'",
        "UPDATE pages SET lines = x'919501010163c40168'",
        "UPDATE pages SET lines = x'90'",
        "UPDATE pages SET first = 'one'",
        "UPDATE terms SET term = x'41'",
        "UPDATE copies SET copy = 'text'",
        "UPDATE groups SET name = 'text', kind = 9",
    ],
)
def test_a_row_that_no_store_writes_is_damage(path: Path, harm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SqliteStore(path)
    store.write([batch(line(1), replicas={ERLANG: b"copy"})])
    if "pages" in harm:
        monkeypatch.setattr(sqlite_store, "FRESH_MAX", 1)
        store.tend()
    store.close()
    db = sqlite3.connect(path)
    with db:
        db.execute(harm)
    db.close()
    store = SqliteStore(path)
    told = []
    for step in (lambda: list(store.replicas()), lambda: store.lines(wanted()), lambda: store.find(ERLANG, "id-1")):
        try:
            step()
        except StoreError as problem:
            told.append(str(problem))
    assert told or store.lines(wanted()) == []
    assert all("is damaged (it has a row that no store writes)" in words for words in told)
    with suppress(StoreError):
        store.write([batch(line(2))])
    store.close()


def test_looking_a_large_file_over_has_its_bound(used: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An incomplete look accuses nobody."""
    for bound in (0.0, 0.0001, 0.0003, 0.001):
        monkeypatch.setattr(sqlite_file, "STORE_CHECK_S", bound)
        SqliteStore(used).close()


@pytest.mark.parametrize("seed", range(60))
def test_whatever_was_overwritten_there_is_an_answer_in_words(used: Path, seed: int) -> None:
    rng = random.Random(seed)
    data = bytearray(used.read_bytes())
    for _ in range(rng.choice([1, 3, 30])):
        at = rng.randrange(len(data)) if seed % 2 else rng.randrange(4096)
        data[at : at + rng.choice([1, 4, 100])] = rng.randbytes(rng.choice([1, 4, 100]))
    used.write_bytes(data[: 1 + rng.randrange(len(data))] if seed % 5 == 0 else data)
    try:
        store = SqliteStore(used)
    except StoreError as problem:
        assert str(problem).startswith(f"{used}: ")
        return
    steps: list[Callable[[], object]] = [
        lambda: list(store.replicas()),
        lambda: store.lines(wanted(limit=10**6)),
        lambda: store.find(ERLANG, "id-77"),
        lambda: store.write([batch(line(1), line(6000), replicas={GO: b"go"}, ends={ERLANG: 6001})]),
        lambda: sum(store.prune("channel", 100, 10)),
        store.close,
    ]
    for step in steps:
        try:
            step()
        except StoreError as problem:
            assert str(problem).startswith(f"{used}: ")


def test_a_file_of_another_program_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE bookmarks (url)")
    other.close()
    before = path.read_bytes()
    assert "of another program" in refused(path) and "node.state_dir" in refused(path)
    assert path.read_bytes() == before


def test_a_disk_that_is_full_is_told_and_harms_nothing(used: Path) -> None:
    store = SqliteStore(used)
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="disk is full: make room") as caught:
        store.write([batch(line(9000, event=bytes(10**6)), line(1, GO), replicas={JOE: b"new"})])
    assert str(caught.value).startswith(f"{used}: ")
    assert len(store.lines(wanted(limit=10**6))) == 5000 and dict(store.replicas()) == {JOE: b"joe"}
    store._db.execute("PRAGMA max_page_count = 100000")
    store.write([batch(line(9000), line(1, GO), replicas={JOE: b"new"})])
    assert len(store.lines(wanted(limit=10**6))) == 5001 and seqs(store.lines(wanted(GO))) == [1]
    store.close()


def test_a_folder_that_cannot_be_made_is_told() -> None:
    assert "node.state_dir" in refused(Path("/proc/circlet/circlet.db"))


def test_a_folder_in_the_place_of_the_file_is_told(path: Path) -> None:
    path.mkdir(parents=True)
    assert "cannot be" in refused(path)


def test_a_refused_store_lets_go_of_its_lock(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no store at all" * 100)
    assert "damaged" in refused(path)
    path.unlink()
    SqliteStore(path).close()


# kill -9 --------------------------------------------------------------------------------------------------------------

WRITER = """
import sys
from pathlib import Path
from ring.storage.sqlite import store as sqlite_store
from ring.storage.sqlite.store import SqliteStore
from tests.ring.storage.sqlite.files import refused
from tests.ring.storage.store_contract import ERLANG, GO, JOE, Batch, line
sqlite_store.FRESH_MAX, sqlite_store.CHECKPOINT_BYTES = 100, 2 * sqlite_store.TRANSACTION_BYTES
store = SqliteStore(Path(sys.argv[1]))
number = int(sys.argv[2])
while True:
    number += 1
    said = [line(number * 10 + n, group) for n in range(10) for group in (ERLANG, GO)]
    store.write([Batch(number, {JOE: b"%d" % number}, {}, said)])
    print(number, flush=True)
    store.tend()
"""


def test_kill_9_at_any_moment_loses_nothing_that_was_confirmed(path: Path) -> None:
    rng, confirmed = random.Random(9), 0
    for _ in range(8):
        command = [sys.executable, "-c", WRITER, str(path), str(confirmed)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None and writer.stderr is not None
            first = writer.stdout.readline()
            assert first, writer.stderr.read()
            time.sleep(rng.random() * 0.3)  # the moment is the point here
            writer.kill()
            told = [first, *writer.stdout.read().splitlines()]
        last = max(int(word) for word in told if re.fullmatch(r"\d+\n?", word))
        store = SqliteStore(path)
        ((_, replica),) = store.replicas()
        assert last <= int(replica) <= last + 1  # the unfinished command may be there
        for group in (ERLANG, GO):
            expected = [number * 10 + n for number in range(1, int(replica) + 1) for n in range(10)]
            assert seqs(store.lines(wanted(group, limit=10**6))) == expected
        assert store.find(ERLANG, f"id-{int(replica) * 10 + 9}") is not None
        store.close()
        confirmed = int(replica)
