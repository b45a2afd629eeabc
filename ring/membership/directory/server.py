"""Run a directory: datagrams in, answers out. A directory can rebuild all state in one lease time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any, Literal, NamedTuple

import msgspec

from ring.durations import COOKIE_S, LEASE_S
from ring.membership.directory.cookies import Address, Cookies
from ring.membership.directory.datagrams import (
    MAX_DATAGRAM,
    VERSION_NOTICE,
    Announce,
    Answer,
    Ask,
    AskRefused,
    Challenge,
    Codec,
    Cookie,
    Denial,
    Denials,
    Depart,
    Departed,
    Dropped,
    Fetch,
    Granted,
    Listed,
    Listing,
    Page,
    Refused,
    Removed,
    is_public,
    pack,
    unpack,
    wants_notice,
)
from ring.membership.directory.leases import Denied, Leases, Replay
from ring.roster import MAX_TEXT, NodeRecord, is_sane

_PAGE_BYTES = MAX_DATAGRAM - MAX_TEXT - 128  # the room beside a page's frame and the asker's ring key
_MAX_NOTES = 100

_DENIALS = 20
"""At most this many refused nodes are remembered; the oldest is dropped first."""


Count = Literal["received", "joined", "departed", "expired", "refused"]
"""Datagrams received; nodes listed, departed or forgotten; announcements that got no lease."""


class Note(NamedTuple):
    """Tell the log of an event."""

    event: str
    facts: dict[str, Any]


class DirectoryCore:
    """Answer each datagram by itself, and keep leases.

    A request is believed if the request names this life of the directory, a stamp of the last two lease times, and a
    counter that the sender has not used. So a replay is never believed, neither after the lease nor in the directory's
    next life.
    """

    def __init__(
        self,
        network: str,
        key: bytes,
        rng: Random,
        now: float,
        *,
        lease_s: float = LEASE_S,
        max_nodes: int = 1000,
        cookie_s: float = COOKIE_S,
    ) -> None:
        """rng: unpredictable (SystemRandom), save in tests. now: Unix seconds."""
        self.network = network
        self.boot = rng.getrandbits(62) + 1
        self.drops: Counter[str] = Counter()  # datagrams not answered, by reason
        self.counts: Counter[Count] = Counter()  # since the start
        self.notes: list[Note] = []  # at most 100 wait; further notes are only counted
        self._codec = Codec(network, key)
        self._booted = now
        self._fresh_s = 2 * lease_s
        self.leases = Leases(lease_s, self._fresh_s, max_nodes)
        self._denied: dict[tuple[str, str, str], tuple[Denial, float]] = {}  # the latest last, with the time
        self._cookies = Cookies(rng.randbytes(32), cookie_s)

    def up_s(self, now: float) -> float:
        return now - self._booted

    def is_rebuilding(self, now: float) -> bool:
        """Tell whether living nodes may be missing from the list, as this directory has just started."""
        return self.up_s(now) < self.leases.lease_s

    def tick(self, now: float) -> None:
        """Forget the nodes with a lease that ran out. Call a few times per lease."""
        for record in self.leases.expire(now):
            self.counts["expired"] += 1
            self._note("node_left", record, reason="lease ran out")

    def receive(self, data: bytes, source: Address, now: float) -> bytes | None:
        """Answer a datagram from `source`; None if the datagram gets no answer."""
        self.counts["received"] += 1
        try:
            if is_public(data):
                return self._public(unpack(data), len(data), source, now)
            request = self._codec.open(data)
            if not isinstance(request, Announce | Depart | Fetch) or len(request.sender.key.encode()) > MAX_TEXT:
                raise Dropped("malformed")
            return self._codec.seal(self._answer(request, now))
        except Dropped as drop:
            self.drops[drop.reason] += 1
            return VERSION_NOTICE if drop.reason == "version" and wants_notice(data) else None
        except Replay:
            self.drops["replay"] += 1
            return None

    def _answer(self, request: Announce | Depart | Fetch, now: float) -> Answer:
        head = (request.sender, request.counter, self.boot, stamp := int(now * 1000))
        fresh = request.boot == self.boot and 0 <= stamp - request.stamp <= self._fresh_s * 1000
        if not fresh:
            return Challenge(*head)
        self.tick(now)
        if isinstance(request, Depart):
            record = self.leases.depart(request.sender, request.counter, now)
            if record is not None:
                self.counts["departed"] += 1
                self._note("node_left", record, reason="departed")
            return Departed(*head)
        if isinstance(request, Announce):
            return self._announce(request, now)
        if not self.leases.touch(request.sender, request.counter):
            return Challenge(*head)
        since, changes = self.leases.since(request.since)
        upto, records, removed = _page(changes, self.leases.version)
        return Page(*head, since, upto, self.leases.version, records, removed)

    def _announce(self, request: Announce, now: float) -> Answer:
        head = (request.sender, request.counter, self.boot, int(now * 1000))
        record = request.record
        if record.id != request.sender or not is_sane(record):
            return Refused(*head, "the node's record is malformed")
        try:
            if self.leases.announce(record, request.counter, now):
                self.counts["joined"] += 1
                self._note("node_joined", record, irc=record.irc, version=record.version)
            self._denied.pop((record.key, record.name, record.ip), None)
        except Denied as denied:
            self.counts["refused"] += 1
            self._note("announce_refused", record, reason=str(denied))
            self._remember(record, str(denied), now)
            return Refused(*head, str(denied)[:256])
        return Granted(*head, self.leases.version, int(self.leases.lease_s * 1000), self.is_rebuilding(now))

    def _remember(self, record: NodeRecord, reason: str, now: float) -> None:
        """Remember a refused node. A node that is still there announces again long before a lease has passed."""
        who = (record.key, record.name, record.ip)
        self._denied.pop(who, None)
        self._denied[who] = Denial(*who, reason), now
        while len(self._denied) > _DENIALS:
            del self._denied[next(iter(self._denied))]

    def _public(self, ask: object, size: int, source: Address, now: float) -> bytes:
        if not isinstance(ask, Ask | AskRefused):
            raise Dropped("malformed")
        if size < MAX_DATAGRAM:  # no answer is longer than the question
            raise Dropped("truncated")
        if not self._cookies.is_good(ask.cookie, source, now):
            return pack(Cookie(ask.nonce, self._cookies.make(source, now)))
        self.tick(now)
        return self._listing(ask, now) if isinstance(ask, Ask) else self._denials(ask, now)

    def _denials(self, ask: AskRefused, now: float) -> bytes:
        found, room = list[Denial](), _PAGE_BYTES
        for denial, at in reversed(self._denied.values()):
            room -= len(msgspec.msgpack.encode(denial))
            if room < 0 or now - at > self.leases.lease_s:
                break
            found.append(denial)
        return pack(Denials(ask.nonce, tuple(found)))

    def _listing(self, ask: Ask, now: float) -> bytes:
        nodes: list[Listed] = []
        room, after = _PAGE_BYTES - len(self.network.encode()), ""
        for lease in self.leases.public(ask.after):
            room -= len(msgspec.msgpack.encode(lease.record)) + 10
            if room < 0 and nodes:
                after = nodes[-1].record.key
                break
            nodes.append(Listed(lease.record, max(0.0, now - lease.heard)))
        return pack(Listing(ask.nonce, self.network, tuple(nodes), after))

    def _note(self, event: str, record: NodeRecord, **facts: Any) -> None:
        if len(self.notes) < _MAX_NOTES:
            base = {"peer": record.key, "name": record.name, "ip": record.ip, "incarnation": record.incarnation}
            self.notes.append(Note(event, base | facts))
        else:
            self.drops["note"] += 1


def _page(
    changes: Iterator[tuple[int, NodeRecord | Removed]], version: int
) -> tuple[int, tuple[NodeRecord, ...], tuple[Removed, ...]]:
    """Return as many changes as fit, and the version that the changes lead up to."""
    records: list[NodeRecord] = []
    removed: list[Removed] = []
    upto, room = 0, _PAGE_BYTES
    for at, change in changes:
        room -= len(msgspec.msgpack.encode(change))
        if room < 0 and upto:
            return upto, tuple(records), tuple(removed)
        if isinstance(change, Removed):
            removed.append(change)
        else:
            records.append(change)
        upto = at
    return version, tuple(records), tuple(removed)
