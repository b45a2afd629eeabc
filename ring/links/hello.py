"""Make and read the first messages on a link: settings that must be equal (P5), and the proof of the network key."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, ClassVar, Literal

import msgspec

from ring.features import LEVEL, at_level
from ring.ids import UNREADABLE
from ring.roster import MAX_LEVEL, NodeRecord, is_sane, read_record

PROTOCOL = 1
NONCE = 32

Role = Literal["dialler", "listener"]


class Terms(msgspec.Struct, frozen=True, array_like=True):
    """The settings that every node of a network has alike."""

    network: str
    server_name: str
    distance: str
    points: int
    copies: int
    casemapping: str
    limits: dict[str, int]


class Hello(msgspec.Struct, frozen=True, array_like=True):
    """Greet the other side of a link. protocol comes first, so that another version is recognised whatever follows.

    record: None for an admin client, which is an operator's program, is no node and may only ask. acting: the
    feature level at which the node's network acts. oldest: the lowest level at which the node's build can act. Builds
    of level 0 leave both out, and ignore both; a later field is appended with a default.
    """

    BY_BUILD: ClassVar = True
    NEWER: ClassVar = {"acting": 1, "oldest": 1}

    protocol: int
    terms: Terms
    record: NodeRecord | None
    nonce: bytes
    acting: int = 0
    oldest: int = 0


class _Read(msgspec.Struct, frozen=True, array_like=True):
    """A hello as received: the record still has the fields of later builds."""

    protocol: int
    terms: Terms
    record: list[Any] | None
    nonce: bytes
    acting: int = 0
    oldest: int = 0


class Refused(ValueError):
    """Why this peer is not linked with, in words for the logs of both sides."""


_decoder = msgspec.msgpack.Decoder(_Read)
_first = msgspec.msgpack.Decoder(list[msgspec.Raw])


def encode(hello: Hello) -> bytes:
    level = hello.record.level if hello.record is not None else LEVEL
    return msgspec.msgpack.encode(at_level(hello, level, level))


def read(body: bytes) -> Hello:
    """Read a hello. Raises Refused."""
    try:
        fields = _first.decode(body)
        protocol = msgspec.msgpack.decode(fields[0], type=int)
    except (*UNREADABLE, IndexError) as problem:
        raise Refused("it does not speak the link protocol") from problem
    if protocol != PROTOCOL:
        older = min(PROTOCOL, protocol)
        raise Refused(f"protocol version: here {PROTOCOL}, there {protocol}: upgrade the node of version {older}")
    try:
        came = _decoder.decode(body)
        record = read_record(came.record) if came.record is not None else None
    except UNREADABLE as problem:
        raise Refused("its hello cannot be read") from problem
    sane = record is None or is_sane(record)
    if len(came.nonce) != NONCE or not sane or not all(0 <= n < MAX_LEVEL for n in (came.acting, came.oldest)):
        raise Refused("its hello is malformed")
    return Hello(came.protocol, came.terms, record, came.nonce, came.acting, came.oldest)


def compare(mine: Terms, theirs: Terms) -> list[str]:
    """List the differing settings in words; an empty list if the two nodes may link (P5)."""
    names = {
        "network": "network.name",
        "server_name": "network.server_name",
        "distance": "ring.distance",
        "points": "ring.points",
        "copies": "ring.copies",
        "casemapping": "network.casemapping",
    }
    found = [
        f"{setting}: here {getattr(mine, field)}, there {getattr(theirs, field)}"
        for field, setting in names.items()
        if getattr(mine, field) != getattr(theirs, field)
    ]
    for name in sorted(set(mine.limits) | set(theirs.limits)):
        here, there = mine.limits.get(name), theirs.limits.get(name)
        if here != there:
            found.append(f"limits.{name}: here {here}, there {there}")
    return found


def proof(key: bytes, role: Role, dialler: bytes, listener: bytes, certificate: bytes) -> bytes:
    """Prove knowledge of the network key on this very TLS session.

    dialler, listener: both hellos as sent. certificate: SHA-256 of the listener's certificate as this side sees the
    certificate; a man in the middle has another certificate. Keyed BLAKE2b, 32 bytes.
    """
    mac = hashlib.blake2b(key=key, digest_size=32, person=b"circlet link")
    for part in (role.encode(), dialler, listener, certificate):
        mac.update(len(part).to_bytes(4, "big") + part)
    return mac.digest()


def is_proof(expected: bytes, given: bytes) -> bool:
    return hmac.compare_digest(expected, given)
