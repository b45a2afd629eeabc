"""A copy of a store as of one moment: whole or not at all, and nobody else's to read."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest

from ring.storage.sqlite import backup as sqlite_backup
from ring.storage.sqlite.backup import backup
from ring.storage.sqlite.store import SqliteStore
from ring.storage.store import StoreError
from tests.ring.storage.store_contract import ERLANG, JOE, batch, line, seqs, wanted


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a store that is closed."""
    path = tmp_path / "circlet.db"
    store = SqliteStore(path)
    store.write([batch(*(line(n) for n in range(300)), replicas={JOE: b"joe"})])
    store.close()
    return path


def refused(path: Path, copy: Path) -> str:
    before = sorted(copy.parent.iterdir()) if copy.parent.is_dir() else []
    with pytest.raises(StoreError) as caught:
        backup(path, copy)
    assert (sorted(copy.parent.iterdir()) if copy.parent.is_dir() else []) == before, "something was left behind"
    return str(caught.value)


def test_a_copy_is_a_store_with_all_that_was_written(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    assert backup(path, copy) == copy.stat().st_size > 0
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    store = SqliteStore(copy)
    assert seqs(store.lines(wanted())) == list(range(300)) and list(store.replicas()) == [(JOE, b"joe")]
    store.close()
    assert not [one.name for one in tmp_path.iterdir() if one.name.startswith("copy.db.")]  # no draft is left


def test_a_store_that_is_written_to_is_copied_as_of_one_moment(path: Path, tmp_path: Path) -> None:
    store = SqliteStore(path)
    store.write([batch(line(300))])
    backup(path, tmp_path / "copy.db")
    store.write([batch(line(301))])
    store.close()
    copy = SqliteStore(tmp_path / "copy.db")
    assert seqs(copy.lines(wanted())) == list(range(301)) and copy.find(ERLANG, "id-300") is not None
    copy.close()


def test_a_node_without_a_store_is_told(tmp_path: Path) -> None:
    assert "there is no store" in refused(tmp_path / "none.db", tmp_path / "copy.db")
    assert "there is no store" in refused(tmp_path, tmp_path / "copy.db")


def test_nothing_is_overwritten(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_text("precious")
    assert "is there already, and is not overwritten" in refused(path, copy) and copy.read_text() == "precious"
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    assert "is there already" in refused(path, tmp_path / "dangling")


def test_a_place_that_does_not_exist_is_told(path: Path, tmp_path: Path) -> None:
    assert "cannot be written (No such file or directory)" in refused(path, tmp_path / "none" / "copy.db")


def test_a_file_that_is_no_store_is_refused(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    other.write_bytes(b"not a database at all" * 100)
    assert refused(other, tmp_path / "copy.db").startswith(f"{other}: ")
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as db:
        db.execute("CREATE TABLE theirs (a)")
    db.close()
    assert "is a file of another program" in refused(foreign, tmp_path / "copy.db")


@pytest.mark.parametrize("step", ["_copy", "_sync"])
def test_a_failure_on_the_way_leaves_nothing_behind(
    path: Path, tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sqlite_backup, step, fails)
    assert "cannot be written (No space left on device): choose another place, or make room" in refused(
        path, tmp_path / "copy.db"
    )
