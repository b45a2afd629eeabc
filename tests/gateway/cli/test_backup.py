"""circlet backup: a copy of one moment, of a store at rest or under way."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli.main import main
from ring.storage.sqlite.store import SqliteStore
from ring.storage.store import Batch, Range
from tests.patience import WITHIN_S
from tests.ring.storage.store_contract import ERLANG, GO, JOE, line, seqs, wanted


def circlet(*words: str | Path) -> Result:
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def net(tmp_path: Path) -> Path:
    folder = tmp_path / "net"
    assert circlet("init", folder, "--nodes", "1", "--directories", "1").exit_code == 0
    return folder


@pytest.fixture
def path(net: Path) -> Path:
    return net / "state" / "node-1" / "circlet.db"


def batch(number: int) -> Batch:
    said = [line(number * 10 + n, group) for n in range(10) for group in (ERLANG, GO)]
    return Batch(number, {JOE: b"%d" % number}, {}, said)


def store_with(path: Path, count: int) -> SqliteStore:
    store = SqliteStore(path)
    for number in range(1, count + 1):
        store.write([batch(number)])
    return store


def holds(path: Path) -> int:
    """Return how many batches the store holds, all batches whole."""
    store = SqliteStore(path)
    ((_, copy),) = store.replicas()
    for group in (ERLANG, GO):
        found = seqs(store.lines(Range(group, None, None, 10**6, False)))
        assert found == [number * 10 + n for number in range(1, int(copy) + 1) for n in range(10)]
    store.close()
    return int(copy)


def refused(net: Path, dest: Path) -> str:
    before = sorted(dest.parent.iterdir()) if dest.parent.is_dir() else []
    result = circlet("backup", "--config", net / "node-1.yaml", dest)
    assert result.exit_code == 1
    assert (sorted(dest.parent.iterdir()) if dest.parent.is_dir() else []) == before
    return result.stderr


def test_the_store_of_a_stopped_node_is_copied_and_can_be_restored(net: Path, path: Path, tmp_path: Path) -> None:
    store_with(path, 20).close()
    dest = tmp_path / "monday.db"
    result = circlet("backup", "--config", net / "node-1.yaml", dest)
    assert (result.exit_code, result.stdout) == (0, f"{dest}: {dest.stat().st_size:,} bytes\n")
    assert stat.S_IMODE(dest.stat().st_mode) == 0o600
    assert sorted(file.name for file in tmp_path.iterdir()) == ["monday.db", "net"]
    store = SqliteStore(path)
    store.write([batch(21)])
    store.close()
    for file in path.parent.iterdir():
        file.unlink()
    shutil.copy(dest, path)
    assert holds(path) == 20


def test_the_store_of_a_running_node_is_copied_while_it_is_written_to(net: Path, path: Path, tmp_path: Path) -> None:
    store = store_with(path, 1)
    written, ended = threading.Semaphore(0), threading.Event()

    def talk() -> None:
        number = 1
        while not ended.is_set():
            number += 1
            store.write([batch(number)])
            written.release()

    talking = threading.Thread(target=talk)
    talking.start()
    try:
        for number in range(5):
            for _ in range(20):
                assert written.acquire(timeout=WITHIN_S)
            result = circlet("backup", "--config", net / "node-1.yaml", tmp_path / f"{number}.db")
            assert result.exit_code == 0, result.output
    finally:
        ended.set()
        talking.join()
    store.close()
    found = [holds(tmp_path / f"{number}.db") for number in range(5)]
    assert found == sorted(found) and all(count > 20 * (n + 1) for n, count in enumerate(found))
    assert holds(path) >= found[-1]


def test_no_store_there(net: Path, tmp_path: Path) -> None:
    words = refused(net, tmp_path / "copy.db")
    assert "circlet.db: there is no store" in words and "node.state_dir" in words


def test_what_is_there_already_is_not_overwritten(net: Path, path: Path, tmp_path: Path) -> None:
    store_with(path, 1).close()
    dest, link = tmp_path / "precious.db", tmp_path / "link.db"
    dest.write_text("precious")
    link.symlink_to(tmp_path / "nowhere")
    for there in (dest, link, tmp_path, path):
        assert f"{there}: is there already" in refused(net, there)
    assert dest.read_text() == "precious" and holds(path) == 1


@pytest.mark.parametrize("dest", ["/proc/copy.db", "/nowhere/at/all/copy.db"])
def test_a_place_that_cannot_be_written(net: Path, path: Path, dest: str) -> None:
    store_with(path, 1).close()
    words = refused(net, Path(dest))
    assert words.startswith(f"{dest}: cannot be written (") and "choose another place" in words


def test_a_full_disk_leaves_nothing_behind(
    net: Path, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_with(path, 50).close()
    connect = sqlite3.connect

    def full(file: object, **facts: object) -> sqlite3.Connection:
        db = connect(file, **facts)  # type: ignore[call-overload]
        if not facts:
            db.execute("PRAGMA max_page_count = 3")
        return db  # type: ignore[no-any-return]

    monkeypatch.setattr(sqlite3, "connect", full)
    assert "full" in refused(net, tmp_path / "copy.db")


def test_a_damaged_store_is_not_taken_for_a_backup(net: Path, path: Path, tmp_path: Path) -> None:
    store_with(path, 50).close()
    with path.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096 * 6)
    words = refused(net, tmp_path / "copy.db")
    assert words.startswith(f"{path}: is damaged")
    path.write_bytes(b"no store " * 1000)
    assert refused(net, tmp_path / "copy.db").startswith(f"{path}: is damaged")


def test_a_file_of_another_program_is_no_store(net: Path, path: Path, tmp_path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE bookmarks (url)")
    other.close()
    assert "of another program" in refused(net, tmp_path / "copy.db")


def test_a_directory_keeps_no_store(net: Path, tmp_path: Path) -> None:
    result = circlet("backup", "--config", net / "directory-1.yaml", tmp_path / "copy.db")
    assert result.exit_code == 1 and "a node's file is needed" in result.stderr


def test_help_says_how_to_restore() -> None:
    words = " ".join(circlet("backup", "--help").output.split())
    assert "To restore: stop the node" in words and "circlet.db-wal" in words
    assert "backup" in circlet("--help").output


def test_a_copy_is_a_whole_store(net: Path, path: Path, tmp_path: Path) -> None:
    """The node goes on in the copy as in its own store."""
    store_with(path, 3).close()
    dest = tmp_path / "copy.db"
    assert circlet("backup", "--config", net / "node-1.yaml", dest).exit_code == 0
    store = SqliteStore(dest)
    store.write([batch(4)])
    assert store.find(ERLANG, "id-47") == line(47) and len(store.lines(wanted(GO))) == 40
    store.close()
