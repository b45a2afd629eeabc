"""The file of a recording: a header and records, each in a frame with a digest of this and all earlier frames.

A frame is 4 bytes of length, 4 bytes of check, 8 bytes of digest, and the MessagePack of a struct. The check covers the
length and the digest before, so that a wrong length does not look like a frame that was cut short. A file cut short by
a kill is read up to the last whole frame; a changed or damaged file is refused at the first wrong frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any, Final

import msgspec

from ring.ids import UNREADABLE, GroupId
from ring.roster import NodeRecord

MAGIC: Final = b"circlet recording 3\n"
LENGTH: Final = 4
CHECK: Final = 4
DIGEST: Final = 8


class Header(msgspec.Struct, frozen=True, tag="header"):
    """build: from `gateway.io.recorder.build`. started: Unix seconds. settings, keep_own: from `pack_node`."""

    build: str
    started: float
    texts: bool
    seed: int
    record: NodeRecord
    settings: bytes
    keep_own: list[tuple[GroupId, float]]


class Call(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """A call of the shell into the core. path: as in doors.INPUTS. args: encoded by the types there."""

    path: str
    args: msgspec.Raw


class Pulled(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """An answer that the outside gave at once."""

    value: Any


class Answered(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """A later answer of the outside. number: counts the core's questions from 1. kind: as in doors.ANSWERS."""

    number: int
    kind: str
    value: msgspec.Raw


class Sent(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """The outputs of the last call. to: ring keys of peers, or numbers of clients. digests: in the same order."""

    to: tuple[str, ...]
    digests: tuple[bytes, ...]


class End(msgspec.Struct, frozen=True, array_like=True, tag=5):
    """The reason for the end of the recording, in words."""

    reason: str


Record = Call | Pulled | Answered | Sent | End


class BadTape(ValueError):
    """The file is no readable recording. The text has the reason."""


_encoder: Final = msgspec.msgpack.Encoder()
_headers: Final = msgspec.msgpack.Decoder(Header)
_records: Final = msgspec.msgpack.Decoder(Record)


class Framer:
    """Makes frames, in the order of writing."""

    def __init__(self) -> None:
        self._last = b""

    def frame(self, data: bytes) -> bytes:
        """Frame a record. data: from `encode`."""
        length = len(data).to_bytes(LENGTH, "big")
        check = _digest(self._last, length, CHECK)
        self._last = _digest(self._last, data, DIGEST)
        return length + check + self._last + data


def encode(value: Header | Record) -> bytes:
    return _encoder.encode(value)


def _digest(before: bytes, data: bytes, size: int) -> bytes:
    return blake2b(before + data, digest_size=size).digest()


def open_tape(data: bytes) -> tuple[Header, Iterator[Record]]:
    """Open a recording. Raises BadTape; the iterator also raises BadTape at a damaged frame. An incomplete last frame
    is left out.
    """
    if not data.startswith(MAGIC):
        raise BadTape("this is no recording of a node")
    frames = _frames(data)
    first = next(frames, None)
    if first is None:
        raise BadTape("the recording has no header: the file was cut off at the beginning")
    try:
        header = _headers.decode(first)
    except (*UNREADABLE, TypeError, KeyError) as problem:
        raise BadTape(f"the header cannot be read: {problem}") from problem
    return header, (_read(frame) for frame in frames)


def _read(frame: bytes) -> Record:
    try:
        record: Record = _records.decode(frame)
    except UNREADABLE as problem:
        raise BadTape(f"a record cannot be read: {problem}") from problem
    return record


def _frames(data: bytes) -> Iterator[bytes]:
    at, last = len(MAGIC), b""
    while at + LENGTH + CHECK + DIGEST <= len(data):
        length, start = data[at : at + LENGTH], at + LENGTH + CHECK + DIGEST
        if _digest(last, length, CHECK) != data[at + LENGTH : at + LENGTH + CHECK]:
            raise BadTape(f"the file was changed or is damaged at byte {at}")
        frame = data[start : start + int.from_bytes(length, "big")]
        if len(frame) < int.from_bytes(length, "big"):
            return
        last = _digest(last, frame, DIGEST)
        if last != data[start - DIGEST : start]:
            raise BadTape(f"the file was changed or is damaged at byte {at}")
        yield frame
        at = start + len(frame)
