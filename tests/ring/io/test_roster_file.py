"""What a node keeps of its network over a restart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ring.io.roster_file import Absent, load, save
from ring.roster import NodeRecord

ONE = NodeRecord("127.0.0.1", 7, "n1.test", "127.0.0.1", 7600, "127.0.0.1:6667", "1", 5)
TWO = NodeRecord("127.0.0.2", 3, "n2.test", "127.0.0.2", 7600, "", "1", 5)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "roster.json"
    save(path, [ONE], 7, {"127.0.0.9": 4}, missing=[Absent(TWO, 99.5)], left={"127.0.0.3": 8})
    saved = load(path)
    assert (saved.records, saved.incarnation, saved.given_up, saved.problem) == ([ONE], 7, {"127.0.0.9": 4}, None)
    assert saved.missing == [Absent(TWO, 99.5)] and saved.left == {"127.0.0.3": 8}


def test_a_build_before_feature_levels_reads_the_file_while_nobody_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "roster.json"
    save(path, [ONE], 7)
    assert set(json.loads(path.read_text())) == {"format", "incarnation", "nodes"}


def test_fields_of_a_later_build_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "roster.json"
    save(path, [ONE], 7)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"weather": "fine"}))
    assert load(path).records == [ONE] and load(path).problem is None


@pytest.mark.parametrize("text", ["", "{", '{"format": 2, "incarnation": 1, "nodes": []}', "[" * 100_000])
def test_a_damaged_file_is_said_and_not_used(tmp_path: Path, text: str) -> None:
    path = tmp_path / "roster.json"
    path.write_text(text)
    found = load(path)
    assert found.records == [] and found.problem is not None and str(path) in found.problem
    assert load(tmp_path / "none.json").problem is None
