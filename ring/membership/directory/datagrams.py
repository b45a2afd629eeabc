"""Encode, sign and decode the datagrams between nodes, directories and the public.

A datagram is `cD`, the protocol version, the kind; if signed, a tag of the network's name and the MAC; then the message
in MessagePack. The first four bytes keep their places in every version, so that versions can tell each other apart.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from ring.ids import Incarnation
from ring.roster import NodeRecord, read_record

VERSION = 1
MAX_DATAGRAM = 1200  # bytes; fits every path without fragments
_MAGIC = b"cD"
_HEADER = 4
_TAG = 4
_MAC = 16

Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Text = Annotated[str, msgspec.Meta(max_length=256)]

Reason = Literal["oversized", "truncated", "foreign", "version", "network", "mac", "malformed"]


class Dropped(Exception):
    """The datagram is not to be believed."""

    def __init__(self, reason: Reason, version: int = VERSION) -> None:
        super().__init__(reason)
        self.reason: Reason = reason
        self.version = version


# Nodes to directories, signed ---------------------------------------------------------------------------------------


class _Request(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Guard each request against replay: by a counter that grows within a life, and by the directory's boot and
    stamp."""

    sender: Incarnation
    counter: Number
    boot: Number  # the directory's life that is spoken to; 0 if unknown
    stamp: Number  # from the directory's last answer


class Announce(_Request, frozen=True):
    """Announce the sender: grant a lease, or renew the lease."""

    record: NodeRecord


class Depart(_Request, frozen=True):
    """Say that this life of the sender is over."""


class Fetch(_Request, frozen=True):
    """Ask for the changes after version `since`; 0: for everything."""

    since: Number


Request = Announce | Depart | Fetch

# Directories to nodes, signed ---------------------------------------------------------------------------------------


class _Answer(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    to: Incarnation
    counter: Number  # of the request
    boot: Number  # random, different in each life of the directory
    stamp: Number  # the directory's clock, ms


class Challenge(_Answer, frozen=True):
    """Ask for an announcement (again), with this boot and stamp."""


class Granted(_Answer, frozen=True):
    """Say that the lease runs from now."""

    version: Number  # of the directory's list
    lease_ms: Number
    rebuilding: bool  # up for less than a lease: unlisted nodes may just not have announced yet


class Refused(_Answer, frozen=True):
    """Deny a lease; `reason` says what to change."""

    reason: Text


class Removed(NamedTuple):
    """A life of a node that the directory lists no more."""

    key: str
    incarnation: int
    departed: bool  # said goodbye; else the lease ran out


class Page(_Answer, frozen=True):
    """Carry the changes after version `since` up to `upto`; more follow while `upto` is less than `version`."""

    since: Number  # 0: the list from the beginning
    upto: Number
    version: Number
    records: tuple[NodeRecord, ...]
    removed: tuple[Removed, ...]


class Departed(_Answer, frozen=True):
    """Confirm the departure."""


Answer = Challenge | Granted | Refused | Page | Departed

# The public, unsigned -----------------------------------------------------------------------------------------------


class Ask(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Ask for the live nodes after this ring key. Padded to MAX_DATAGRAM, so that no answer is longer than the
    question."""

    nonce: Number
    cookie: bytes  # empty at first
    after: Text
    padding: bytes = b""


class Cookie(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Ask for a question with this cookie, which proves the asker's address."""

    nonce: Number
    cookie: bytes


class Listed(msgspec.Struct, frozen=True, array_like=True):
    """Describe a live node in the public list."""

    record: NodeRecord
    age_s: float  # since the directory last heard from the node


class Listing(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Carry a page of the public list, in the order of ring keys."""

    nonce: Number
    network: str
    nodes: tuple[Listed, ...]
    after: str  # ask on from here; empty: no more


class AskRefused(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Ask for the nodes refused lately. Padded as Ask is. Directories of feature level 0 do not answer this."""

    nonce: Number
    cookie: bytes  # empty at first
    padding: bytes = b""


class Denial(msgspec.Struct, frozen=True, array_like=True):
    """Name a node that the directory does not take in."""

    key: str
    name: str
    ip: str
    reason: str


class Denials(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Carry as many of the nodes refused lately as fit a datagram, the latest first."""

    nonce: Number
    nodes: tuple[Denial, ...]


Public = Ask | Cookie | Listing | AskRefused | Denials

_SIGNED: dict[int, type[Any]] = {
    1: Announce, 2: Depart, 3: Fetch, 16: Challenge, 17: Granted, 18: Refused, 19: Page, 20: Departed,
}  # fmt: skip
_PUBLIC: dict[int, type[Any]] = {32: Ask, 33: Cookie, 34: Listing, 35: AskRefused, 36: Denials}
_KIND = {kind: number for number, kind in (_SIGNED | _PUBLIC).items()}
_DECODERS = {number: msgspec.msgpack.Decoder(kind) for number, kind in (_SIGNED | _PUBLIC).items()}


# The same with records as they came, so that a record keeps the fields of later builds -------------------------------

_Fields = list[Any]


class _Announce(_Request, frozen=True):
    record: _Fields


class _Page(_Answer, frozen=True):
    since: Number
    upto: Number
    version: Number
    records: tuple[_Fields, ...]
    removed: tuple[Removed, ...]


class _Listed(msgspec.Struct, frozen=True, array_like=True):
    record: _Fields
    age_s: float


class _Listing(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    nonce: Number
    network: str
    nodes: tuple[_Listed, ...]
    after: str


_DECODERS |= {
    _KIND[real]: msgspec.msgpack.Decoder(raw)
    for real, raw in ((Announce, _Announce), (Page, _Page), (Listing, _Listing))
}


def _with_records(message: Any) -> Any:
    """Return the message with the records read. Raises msgspec.ValidationError."""
    match message:
        case _Announce():
            return Announce(*_head(message), read_record(message.record))
        case _Page(since=since, upto=upto, version=version, removed=removed):
            records = tuple(read_record(fields) for fields in message.records)
            return Page(*_head(message), since, upto, version, records, removed)
        case _Listing(nonce=nonce, network=network, after=after):
            nodes = tuple(Listed(read_record(node.record), node.age_s) for node in message.nodes)
            return Listing(nonce, network, nodes, after)
    return message


def _head(message: _Request | _Answer) -> tuple[Incarnation, int, int, int]:
    who = message.sender if isinstance(message, _Request) else message.to
    return who, message.counter, message.boot, message.stamp


_encoder = msgspec.msgpack.Encoder()

VERSION_NOTICE = _MAGIC + bytes((VERSION, 0))
"""Answers a datagram of another version. The notice says only this build's version, and is never answered."""


def is_public(data: bytes) -> bool:
    """Tell whether this datagram is of the unsigned kinds. Raises Dropped for a datagram of another protocol or
    version."""
    if len(data) > MAX_DATAGRAM:
        raise Dropped("oversized")
    if len(data) < _HEADER:
        raise Dropped("truncated")
    if data[:2] != _MAGIC:
        raise Dropped("foreign")
    if data[2] != VERSION:
        raise Dropped("version", data[2])
    return data[3] in _PUBLIC


def wants_notice(data: bytes) -> bool:
    """Tell whether a datagram of another version may be answered with VERSION_NOTICE."""
    return data[3:4] != b"\0"


def pack(message: Public) -> bytes:
    """Encode an unsigned datagram; a question is padded."""
    if isinstance(message, Ask | AskRefused):
        bare = _HEADER + len(_encoder.encode(message)) + 1  # a longer padding has a longer length field
        message = msgspec.structs.replace(message, padding=bytes(MAX_DATAGRAM - bare))
    return _MAGIC + bytes((VERSION, _KIND[type(message)])) + _encoder.encode(message)


def unpack(data: bytes) -> Public:
    """Decode an unsigned datagram. Raises Dropped."""
    if not is_public(data):
        raise Dropped("malformed")
    message: Public = _decode(data[3], data[_HEADER:])
    return message


class Codec:
    """Sign and check the datagrams of one network."""

    def __init__(self, network: str, key: bytes) -> None:
        """network: the network's name. key: the network key, at most 64 bytes."""
        name = network.encode()
        self._name = len(name).to_bytes(2, "big") + name
        self._tag = hashlib.blake2b(name, digest_size=_TAG, person=b"circlet network").digest()
        self._key = hashlib.blake2b(key=key, digest_size=32, person=b"circlet directry").digest()

    def seal(self, message: Request | Answer) -> bytes:
        head = _MAGIC + bytes((VERSION, _KIND[type(message)])) + self._tag
        body = _encoder.encode(message)
        return head + self._mac(head, body) + body

    def open(self, data: bytes) -> Request | Answer:
        """Decode a signed datagram; no part of the message is read before the MAC is proven. Raises Dropped."""
        if is_public(data):
            raise Dropped("malformed")
        at = _HEADER + _TAG
        if len(data) < at + _MAC:
            raise Dropped("truncated")
        head, mac, body = data[:at], data[at : at + _MAC], data[at + _MAC :]
        if head[_HEADER:] != self._tag:
            raise Dropped("network")
        if not hmac.compare_digest(mac, self._mac(head, body)):
            raise Dropped("mac")
        if data[3] not in _SIGNED:
            raise Dropped("malformed")
        message: Request | Answer = _decode(data[3], body)
        return message

    def _mac(self, head: bytes, body: bytes) -> bytes:
        signed = b"".join((head, self._name, body))
        return hashlib.blake2b(signed, digest_size=_MAC, key=self._key, person=b"datagram").digest()


def _decode(kind: int, body: bytes) -> Any:
    try:
        return _with_records(_DECODERS[kind].decode(body))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Dropped("malformed") from error
