"""Writes the recording of a node's core to a file of bounded size and time. The node outlives the recording."""

from __future__ import annotations

import secrets
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import Any, BinaryIO

from gateway.io.version import VERSION
from gateway.node import NodeCore, NodeSettings
from gateway.recording.doors import Recorder
from gateway.recording.settings import pack_node
from gateway.recording.tape import MAGIC, Call, End, Framer, Header, Record, encode
from ring.roster import NodeRecord

SOURCES = Path(__file__).parents[2]
FOLDERS = ("config", "gateway", "ring")
"""The folders of this build's sources, both in the repository and in the installed package."""

ROOM = 1024
"""Bytes kept free for the last record, which has the reason for the end."""


def build() -> str:
    """Identify this build by the version and a digest of the source files."""
    digest = blake2b(digest_size=8)
    for folder in FOLDERS:
        for path in sorted((SOURCES / folder).rglob("*.py")):
            for part in (path.relative_to(SOURCES).as_posix().encode(), path.read_bytes()):
                digest.update(len(part).to_bytes(8, "big") + part)
    return f"{VERSION} {digest.hexdigest()}"


class Tape:
    """A recording in the making. Implements gateway.recording.doors.Writer."""

    def __init__(self, path: Path, *, texts: bool, size: int, for_s: float | None) -> None:
        """size: limit in bytes. for_s: limit in seconds. Raises OSError if the file exists or cannot be made."""
        self.texts = texts
        self.path = path
        self._size = size
        self._for_s = for_s
        self._framer = Framer()
        self._file: BinaryIO | None = path.open("xb")
        path.chmod(0o600)
        self._written = self._file.write(MAGIC)
        self._ends_at = float("inf")
        self._log: Any = None

    def begin(self, record: NodeRecord, settings: NodeSettings, now: float, log: Any) -> Recorder:
        """Write the header, and make the recorded core. now: Unix seconds of the node's clock."""
        self._log, seed = log, secrets.randbits(63)
        self._ends_at = now + self._for_s if self._for_s is not None else self._ends_at
        self._put(Header(build(), now, self.texts, seed, record, *pack_node(settings)))
        log.info("recording_began", file=str(self.path), texts=self.texts)
        return Recorder(NodeCore(record, settings, Random(seed)), self)

    def write(self, record: Record) -> None:
        if self._file is None:
            return
        if isinstance(record, Call) and record.path == "engine.begin" and record.args[0] >= self._ends_at:
            self.end("the time for the recording is over")
            return
        self._put(record)

    def _put(self, record: Header | Record) -> None:
        assert self._file is not None
        data = encode(record)
        if self._written + len(data) + ROOM > self._size and not isinstance(record, End):
            self.end(f"the file has the size that it may have, {self._size} bytes")
            return
        frame = self._framer.frame(data)
        try:
            self._file.write(frame)
            self._file.flush()  # so that a kill loses no record
        except OSError as problem:
            self._file = None
            self._log.error("recording_ended", file=str(self.path), reason=problem.strerror or str(problem))
        self._written += len(frame)

    def end(self, reason: str) -> None:
        """Stop recording. The node goes on."""
        if self._file is None:
            return
        self._put(End(reason))
        if self._file is not None:
            self._file.close()
            self._file = None
            self._log.info("recording_ended", file=str(self.path), reason=reason)
