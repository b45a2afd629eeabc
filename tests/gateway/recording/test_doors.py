"""Doors: record the calls of INPUTS and the answers of the outside, and let everything else through."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from gateway.accounts.credentials import Credentials
from gateway.node import NodeCore, NodeSettings
from gateway.recording.doors import ANSWERS, FOREIGN, HELD, INPUTS, PARTS, SET, Lines, Recorder, digest, drained
from gateway.recording.tape import Answered, Call, Pulled, Record, Sent
from ring.ids import GroupId
from ring.storage.store import StoreError
from tests.gateway.commands.stage import network


class Notes:
    """Takes the records. Implements gateway.recording.doors.Writer."""

    def __init__(self) -> None:
        self.texts = False
        self.records: list[Record] = []
        self.ended = ""

    def write(self, record: Record) -> None:
        self.records.append(record)

    def end(self, reason: str) -> None:
        self.ended = reason


def value_of(recorded: Any) -> Any:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(recorded))


@pytest.fixture
def core() -> NodeCore:
    made = network(1).nodes["n1"].core
    settings = NodeSettings(made.edge.settings, made.engine.settings, made.webhooks.settings)
    return NodeCore(made.edge.record, settings, random.Random(1))


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def door(core: NodeCore, notes: Notes) -> Any:
    return Recorder(core, notes).door


def test_every_path_names_something_of_a_core(core: NodeCore) -> None:
    for path in {*INPUTS, *ANSWERS, *FOREIGN, *PARTS} - {"request"}:
        part: Any = core
        for name in path.split("."):
            assert hasattr(part, name), path
            part = getattr(part, name)
        assert callable(part) or path in PARTS | SET, path


def test_a_call_is_recorded_and_a_read_is_not(door: Any, core: NodeCore, notes: Notes) -> None:
    assert door.edge.record is core.edge.record and not door.engine.peers.staying()
    assert notes.records == []
    door.edge.tick(5.0)
    (call,) = notes.records
    assert isinstance(call, Call) and (call.path, value_of(call.args)) == ("edge.tick", [5.0])


def test_the_engine_is_recorded_alike_by_way_of_the_edge(door: Any, notes: Notes) -> None:
    door.engine.drain()
    door.edge.network.drain()
    assert [type(record) for record in notes.records] == [Call, Sent, Call, Sent]
    assert notes.records[0] == notes.records[2]


def test_an_input_that_is_assigned_is_recorded_and_set(door: Any, core: NodeCore, notes: Notes) -> None:
    door.engine.journal.trouble = "the disk is full"
    assert core.engine.journal.trouble == "the disk is full"
    assert [record.path for record in notes.records if isinstance(record, Call)] == ["engine.journal.trouble"]


def test_a_call_with_a_continuation_of_the_shell_ends_the_recording(door: Any, notes: Notes) -> None:
    door.engine.watch(GroupId("nick", "ann"))
    assert "engine.watch" in notes.ended and notes.records == []


@pytest.mark.parametrize(
    ("path", "result", "recorded"),
    [
        ("work_store", 3, 3),
        ("work_store", StoreError("disk full"), "disk full"),
        ("read_store", [], []),
    ],
)
def test_later_answers_are_numbered_in_the_order_of_the_questions(
    door: Any, core: NodeCore, notes: Notes, path: str, result: Any, recorded: Any
) -> None:
    waiting: list[Any] = []
    setattr(door.engine, path, lambda *args: waiting.append(args[-1]))
    heard: list[Any] = []
    for _ in range(2):
        getattr(core.engine, path)("job", heard.append)
    waiting[1](result)
    waiting[0](result)
    assert [(one.number, one.kind) for one in notes.records if isinstance(one, Answered)] == [
        (2, f"engine.{path}"),
        (1, f"engine.{path}"),
    ]
    assert heard == [result, result]
    last = notes.records[-1]
    assert isinstance(last, Answered) and value_of(last.value) == recorded


def test_new_credentials_are_handed_on_and_recorded_without_the_secret(door: Any, core: NodeCore, notes: Notes) -> None:
    made, heard = Credentials("plain sesame"), list[Any]()
    door.edge.outside.make_credentials = lambda password, done: done(made)
    core.edge.outside.make_credentials("sesame", heard.append)
    assert heard == [made] and len(notes.records) == 1
    assert b"sesame" not in msgspec.msgpack.encode(notes.records)


def test_random_bytes_are_recorded_as_given(door: Any, core: NodeCore, notes: Notes) -> None:
    door.edge.outside.random_bytes = lambda size: b"r" * size
    assert core.edge.outside.random_bytes(3) == b"rrr"
    assert notes.records == [Pulled(b"rrr")]


def test_a_peer_without_messages_has_no_digest() -> None:
    assert drained({"127.0.0.2": []}, texts=False) == Sent((), ())
    assert len(digest(b"x")) == 6 and digest(b"x") != digest(b"y")


def test_an_unfinished_line_is_held_back_up_to_a_bound() -> None:
    lines = Lines()
    assert lines.part(b"x" * HELD, texts=True) == b""
    assert lines.part(b"\n", texts=True) == b"x" * HELD + b"\n"
    assert lines.part(b"s" * (HELD + 1), texts=True) == b"x" * (HELD + 1)
    assert lines.part(b"PING\n", texts=True) == b"PING\n"
