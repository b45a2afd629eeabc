"""Connections and users are composed of small parts, and the files of one folder write each part."""

from __future__ import annotations

from pathlib import Path

import pytest

from contrib.house.measure import ROOT
from contrib.house.parts import MOST, PARTS, Part, fields, strangers, writers

SEATS = """
class Seats:
    __slots__ = ("rooms", "unseen")

    def take(self, user, room):
        user.seats.rooms[room] = None
"""

COMMAND = """
def join(user, room):
    user.seats.rooms[room] = None
    user.seats.unseen.pop(room)
    user.seats.unseen = {}
    del user.seats.rooms[room]
    user.seats.other = user.seats.rooms.get(room)
    user.chairs.rooms.clear()
"""


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.field)
def test_the_files_of_one_folder_write_a_small_part(part: Part) -> None:
    assert 1 <= len(fields(ROOT / part.path, part.name)) <= MOST
    assert strangers(ROOT, part) == {}


def test_a_user_has_few_fields_and_every_part() -> None:
    own = fields(ROOT / "gateway/edge/users/user.py", "User")
    assert len(own) <= MOST
    assert {"identity", "session", "seats", "privacy", "monitoring"} <= {*own} & {part.field for part in PARTS}


def test_a_connection_has_few_fields_and_every_part() -> None:
    own = fields(ROOT / "gateway/edge/client/connection.py", "Connection")
    assert len(own) <= MOST
    assert {"socket", "queue", "draft", "proof", "delivery", "remote"} <= {*own} & {part.field for part in PARTS}


def test_a_stranger_who_writes_a_part_is_found(tmp_path: Path) -> None:
    seats = Part("seats", "Seats", "gateway/users/seats.py", "gateway/users")
    for path, source in ((seats.path, SEATS), ("gateway/commands.py", COMMAND)):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(source)
    assert writers(tmp_path, seats)["gateway/users/seats.py"] == ["rooms"]
    assert sorted(strangers(tmp_path, seats)["gateway/commands.py"]) == ["rooms", "rooms", "unseen", "unseen"]


def test_a_class_without_slots_is_refused(tmp_path: Path) -> None:
    (tmp_path / "part.py").write_text("class Seats:\n    rooms = 1\n")
    with pytest.raises(LookupError, match="no class Seats"):
        fields(tmp_path / "part.py", "Seats")
