"""The encodings of builds of earlier feature levels, and this build's duty to encode the same below its level.

level_N.txt is written by make.py at the last commit of level N (level 0: c8e01ee). A later struct says SINCE, a later
appended field stands in NEWER, and no tag is used a second time.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from config.people import Limits
from gateway.irc.casemapping import Casemap
from gateway.state.kinds import kinds
from ring.features import LEVEL, at_level
from ring.links.hello import Hello, encode
from tests.levels.make import space, structs

FOLDER = Path(__file__).parent

SWITCH = {"gateway.state.network.messages:Raise", "gateway.state.network.messages:Raised"}
"""The commands that raise the level are written before the level is raised."""

HELPERS = {"ring.links.hello:_Read"} | {
    f"ring.membership.directory.datagrams:{name}" for name in ("_Announce", "_Page", "_Listed", "_Listing")
}
"""Structs for reading some of these; nobody writes these helpers."""


class Known(NamedTuple):
    """A line of a level's file."""

    level: int
    name: str
    tag: str
    fields: tuple[str, ...]
    encoded: bytes


def lines(level: int) -> list[list[str]]:
    return [line.split(" ") for line in (FOLDER / f"level_{level}.txt").read_text().splitlines()]


def known(level: int) -> list[Known]:
    found = []
    for name, tag, fields, encoded in (line for line in lines(level) if line[0] != "state"):
        found.append(Known(level, name, tag, tuple(fields.split(",")) if fields != "-" else (), bytes.fromhex(encoded)))
    return found


EARLIER = [one for level in range(LEVEL) for one in known(level)]
TODAY = dict(structs())


@pytest.mark.parametrize("one", EARLIER, ids=lambda one: f"{one.level}-{one.name}")
def test_a_struct_of_an_earlier_level_is_read_and_written_as_it_was(one: Known) -> None:
    module, name = one.name.split(":")
    cls = getattr(importlib.import_module(module), name)
    read = msgspec.msgpack.decode(one.encoded, type=cls)
    assert msgspec.msgpack.encode(at_level(read, one.level, one.level)) == one.encoded
    assert str(type(read).__struct_config__.tag) == one.tag, "a tag never changes"


@pytest.mark.parametrize("name", sorted(TODAY))
def test_what_has_come_since_says_so(name: str) -> None:
    cls = TODAY[name]
    before = {one.name: one for one in EARLIER}.get(name)
    if before is not None:
        newer = getattr(cls, "NEWER", {})
        lacking = [field for field in cls.__struct_fields__ if field not in before.fields and field not in newer]
        assert not lacking, f'add to {name}: NEWER: ClassVar = {{"{lacking[0]}": {LEVEL}}}'
        assert cls.__struct_fields__[: len(before.fields)] == before.fields, "new fields are appended"
    elif cls.__struct_config__.tag is not None and name not in SWITCH | HELPERS:
        assert getattr(cls, "SINCE", 0) >= 1, f"add to {name}: SINCE: ClassVar = {LEVEL}"


def test_no_tag_is_used_again() -> None:
    """Even where the tag's struct is gone: a node of an older level would read the old struct."""
    used: dict[tuple[str, str], set[str]] = {}
    for name, tag in [(one.name, one.tag) for one in EARLIER] + [
        (name, str(cls.__struct_config__.tag)) for name, cls in TODAY.items()
    ]:
        if tag != "None":
            used.setdefault((space(name), tag), set()).add(name)
    assert [names for names in used.values() if len(names) > 1] == []


def test_every_level_before_this_one_has_its_file() -> None:
    assert sorted(path.name for path in FOLDER.glob("level_*.txt")) == [f"level_{n}.txt" for n in range(LEVEL)]


STATES = [(level, *line[1:]) for level in range(LEVEL) for line in lines(level) if line[0] == "state"]


@pytest.mark.parametrize(("level", "kind", "name", "snapshot"), STATES)
def test_a_state_of_an_earlier_level_is_read_and_written_as_it_was(
    level: int, kind: str, name: str, snapshot: str
) -> None:
    table = kinds(Limits(), Casemap("rfc1459"), keep_s=60.0, history_s=86_400.0)
    state: Any = table[kind].restore(bytes.fromhex(name).decode(), msgspec.Raw(bytes.fromhex(snapshot)))
    assert msgspec.msgpack.encode(at_level(state.snapshot(), level, level)).hex() == snapshot


def test_a_hello_of_level_0_is_what_it_was() -> None:
    (line,) = [one for one in known(0) if one.name == "ring.links.hello:Hello"]
    hello = msgspec.msgpack.decode(line.encoded, type=Hello)
    assert hello.record is not None and hello.record.level == 0
    assert encode(hello) == line.encoded
