"""Find the nodes that hold a group: Joe Armstrong's formula on a ring of md5 hashes (DESIGN.md section 2)."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import ip_address
from typing import Literal, NamedTuple

Distance = Literal["absolute", "circular"]

SPACE = 2**32

REMEMBERED = 8192
"""At most this many names have the owners remembered: groups are looked up often while the ring stays as is."""

NEAR = 4
"""So many nodes are remembered for each name, even if fewer are asked for: look-ups for the master and for the
backups are one entry."""


@lru_cache(maxsize=65536)
def hash32(text: str) -> int:
    """Return the md5 of the UTF-8 text, mod 2^32."""
    digest = hashlib.md5(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()
    return int.from_bytes(digest[-4:], "big")


def key_order(key: str) -> tuple[int, int, str]:
    """Return a sort key for ring keys: IP addresses by value, IPv4 first, then other texts set as `node.ring_key`."""
    try:
        address = ip_address(key)
    except ValueError:
        return (9, 0, key)
    return (address.version, int(address), "")


class Place(NamedTuple):
    """A node's nearest point to a name, and the distance of the point. For people who check the sum."""

    key: str
    point: int  # K of the nearest point
    distance: int


class Arc(NamedTuple):
    """The names with start <= J <= end, mastered by one node.

    A circular ring has no end: there, the first arc may start below 0, or the last arc end beyond SPACE.
    """

    start: int
    end: int
    key: str


class Ring:
    """Hold the points of the nodes that may own groups. Immutable; equal rings place everything alike."""

    __slots__ = ("_keys_at", "_points", "distance", "keys", "points")

    def __init__(self, keys: Iterable[str], distance: Distance = "absolute", points: int = 1) -> None:
        if points < 1:
            raise ValueError("a node has at least one point on the ring")
        self.keys = frozenset(keys)
        self.distance = distance
        self.points = points
        at: dict[int, list[str]] = {}
        for key in sorted(self.keys, key=key_order):
            for p in range(points):
                at.setdefault(hash32(_text(key, p)), []).append(key)
        self._keys_at = at
        self._points = sorted(at)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ring):
            return NotImplemented
        return (self.keys, self.distance, self.points) == (other.keys, other.distance, other.points)

    def __hash__(self) -> int:
        return hash((self.keys, self.distance, self.points))

    def nearest(self) -> Iterator[tuple[int, list[str]]]:
        """Yield every point in order, with the ring keys at the point; the key that wins a tie comes first."""
        return ((point, self._keys_at[point]) for point in self._points)

    def outward(self, j: int) -> Iterator[tuple[int, int, str]]:
        """Yield (distance, K, ring key) of every point, nearest to `j` first; ties by K, then by key."""
        points, count = self._points, len(self._points)
        circular = self.distance == "circular"
        right = bisect_left(points, j)
        left = right - 1
        for _ in range(count):
            low = self._apart(points[left % count], j) if circular or left >= 0 else SPACE
            high = self._apart(points[right % count], j) if circular or right < count else SPACE
            if (low, points[left % count]) <= (high, points[right % count]):
                point, apart = points[left % count], low
                left -= 1
            else:
                point, apart = points[right % count], high
                right += 1
            for key in self._keys_at[point]:
                yield apart, point, key

    def _apart(self, k: int, j: int) -> int:
        d = abs(k - j)
        return min(d, SPACE - d) if self.distance == "circular" else d


def _text(key: str, p: int) -> str:
    """Return the text to hash for a node's point `p`."""
    return f"{key}#{p}" if p else key


def text_of(place: Place, points: int) -> str:
    """Return the text with the place's point as hash. points: of a node on the ring. Time O(points)."""
    texts = (_text(place.key, p) for p in range(points))
    return next((text for text in texts if hash32(text) == place.point), place.key)


def owners(name: str, ring: Ring, count: int) -> tuple[str, ...]:
    """Return the ring keys of the nodes that hold `name`, nearest first: the master, then the backups.

    name: casefolded group name. count: distinct nodes wanted; fewer come back if the ring has fewer. Time O(log points
    + count). Pure: the same ring gives the same answer everywhere. Source: J. Armstrong, "server chat with erlang",
    erlang-questions, 2006-08-15.
    """
    if count <= 0:
        return ()
    return _nearest(name, ring, max(count, NEAR))[:count]


@lru_cache(maxsize=REMEMBERED)
def _nearest(name: str, ring: Ring, count: int) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for _, _, key in ring.outward(hash32(name)):
        found[key] = None
        if len(found) == count:
            break
    return tuple(found)


def explain(name: str, ring: Ring) -> tuple[Place, ...]:
    """Return every node, nearest first, with the point and the distance that decide the node's place."""
    found: dict[str, Place] = {}
    for distance, point, key in ring.outward(hash32(name)):
        if key not in found:
            found[key] = Place(key, point, distance)
    return tuple(found.values())


def arcs(ring: Ring) -> tuple[Arc, ...]:
    """Cut the whole space of names into the arcs that each node masters, in the order of the ring.

    Neighbouring points share the names between them: the middle belongs to the smaller point. Time O(points).
    """
    points = [(point, keys[0]) for point, keys in ring.nearest()]
    if not points:
        return ()
    first, last = points[0][0], points[-1][0]
    border = (last + first + SPACE - 1) // 2 if ring.distance == "circular" else SPACE - 1
    found: list[Arc] = []
    start = border - SPACE + 1 if ring.distance == "circular" else 0
    for (point, key), (after, _) in zip(points, [*points[1:], (0, "")], strict=True):
        end = border if point == last else (point + after) // 2
        if found and found[-1].key == key:
            found[-1] = found[-1]._replace(end=end)
        else:
            found.append(Arc(start, end, key))
        start = end + 1
    return tuple(found)
