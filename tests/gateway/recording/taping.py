"""Recordings in memory, of every core that a simulated network makes."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from gateway.node import NodeCore, NodeSettings
from gateway.recording.doors import Recorder
from gateway.recording.replay import Outcome, replay
from gateway.recording.settings import pack_node
from gateway.recording.tape import MAGIC, End, Framer, Header, Record, encode, open_tape
from ring.roster import NodeRecord
from tests.sim import net

BUILD = "this build"


class MemoryTape:
    """Implements gateway.recording.doors.Writer."""

    def __init__(self, *, texts: bool) -> None:
        self.texts = texts
        self.data = bytearray(MAGIC)
        self.ended = ""
        self._framer = Framer()

    def put(self, value: Header | Record) -> None:
        self.data += self._framer.frame(encode(value))

    def write(self, record: Record) -> None:
        if not self.ended:
            self.put(record)

    def end(self, reason: str) -> None:
        if not self.ended:
            self.put(End(reason))
            self.ended = reason


class Socket:
    """A socket whose client's machine takes everything."""

    written = 0

    def arrived(self) -> int:
        return 2**60


class SimRecorder(Recorder):
    """Gives connections sockets, and the core random bytes, as a node's process does."""

    def call(self, path: str, method: Callable[..., Any], args: tuple[Any, ...], facts: dict[str, Any]) -> Any:
        result = super().call(path, method, args, facts)
        if path == "edge.clients.connect":
            result.delivery.receipts = self.receipts(Socket())
        return result


class Taped:
    """In place of NodeCore, where a simulated network makes its nodes."""

    def __init__(self, *, texts: bool) -> None:
        self.tapes: list[MemoryTape] = []
        self._texts = texts

    def __call__(self, record: NodeRecord, settings: NodeSettings, rng: random.Random) -> NodeCore:
        tape, seed = MemoryTape(texts=self._texts), rng.getrandbits(63)
        tape.put(Header(BUILD, float(record.started), tape.texts, seed, record, *pack_node(settings)))
        self.tapes.append(tape)
        door = SimRecorder(NodeCore(record, settings, random.Random(seed)), tape).door
        door.edge.outside.random_bytes = rng.randbytes
        return door


def taped(monkeypatch: pytest.MonkeyPatch, *, texts: bool = False) -> Taped:
    """From here on simulated networks are recorded."""
    made = Taped(texts=texts)
    monkeypatch.setattr(net, "NodeCore", made)
    return made


def played(data: bytes | bytearray) -> Outcome:
    return replay(*open_tape(bytes(data)))
