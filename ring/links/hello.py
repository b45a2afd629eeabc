"""The first words on a link: what must be equal on both sides (P5), and the proof of the network key."""

from __future__ import annotations

import hashlib
import hmac
from typing import Literal

import msgspec

from ring.ids import UNREADABLE
from ring.roster import NodeRecord, is_sane

PROTOCOL = 1
NONCE = 32

Role = Literal["dialler", "listener"]


class Terms(msgspec.Struct, frozen=True, array_like=True):
    """What every node of a network has alike."""

    network: str
    server_name: str
    distance: str
    points: int
    copies: int
    casemapping: str
    limits: dict[str, int]


class Hello(msgspec.Struct, frozen=True, array_like=True):
    """protocol comes first, so that another version is recognised whatever follows.

    record: None says that this is a guest: an operator's program, which is no node and may only ask.
    """

    protocol: int
    terms: Terms
    record: NodeRecord | None
    nonce: bytes


class Refused(ValueError):
    """Why this peer is not linked with, in words for both sides' logs."""


_decoder = msgspec.msgpack.Decoder(Hello)
_first = msgspec.msgpack.Decoder(list[msgspec.Raw])


def encode(hello: Hello) -> bytes:
    return msgspec.msgpack.encode(hello)


def read(body: bytes) -> Hello:
    """Raises Refused."""
    try:
        fields = _first.decode(body)
        protocol = msgspec.msgpack.decode(fields[0], type=int)
    except (*UNREADABLE, IndexError) as problem:
        raise Refused("it does not speak the link protocol") from problem
    if protocol != PROTOCOL:
        raise Refused(f"protocol version: here {PROTOCOL}, there {protocol}")
    try:
        hello = _decoder.decode(body)
    except UNREADABLE as problem:
        raise Refused("its hello cannot be read") from problem
    if len(hello.nonce) != NONCE or not (hello.record is None or is_sane(hello.record)):
        raise Refused("its hello is malformed")
    return hello


def compare(mine: Terms, theirs: Terms) -> list[str]:
    """What differs, in words; nothing where the two may link (P5)."""
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
    """Shows knowledge of the network key on this very TLS session.

    dialler, listener: both hellos as sent. certificate: SHA-256 of the listener's certificate as this side sees it; a
    man in the middle has another one. Keyed BLAKE2b, 32 bytes.
    """
    mac = hashlib.blake2b(key=key, digest_size=32, person=b"circlet link")
    for part in (role.encode(), dialler, listener, certificate):
        mac.update(len(part).to_bytes(4, "big") + part)
    return mac.digest()


def is_proof(expected: bytes, given: bytes) -> bool:
    return hmac.compare_digest(expected, given)
