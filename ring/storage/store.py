"""What a node keeps on disk of the groups that outlive its process (P35 to P37), and what was said in them.

Only types and the interface: ring/io keeps the files, the simulator a store that loses what was not flushed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple, Protocol, TypeVar

import msgspec

from ring.ids import GroupId, Term


class Line(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Something said in a group, at its position. On one node (group, seq) is unique: what is written later wins.

    A store keeps seq and at of 64 bits, and no line with others.
    """

    group: GroupId
    term: Term
    seq: int
    at: int  # Unix ms
    msgid: str
    event: bytes  # as links carry it


class Batch(NamedTuple):
    """What changed since the last batch; written whole or not at all.

    copies: the newest copy of each group, as bytes; None: the group is forgotten, its lines stay. ends: of these groups
    the lines after the seq are void, before `lines` are added: the node has taken another copy, whose lineage goes on
    there.
    """

    number: int
    copies: dict[GroupId, bytes | None]
    ends: dict[GroupId, int]
    lines: list[Line]


class Range(NamedTuple):
    """Which lines of a group are wanted.

    after, before: exclusive bounds, by seq, or by Unix ms where `by` is "at". newest: of more than `limit` lines, the
    last ones, by seq or `at` (then seq); else the first.
    """

    group: GroupId
    after: int | None
    before: int | None
    limit: int
    newest: bool
    by: Literal["seq", "at"] = "seq"


class StoreError(Exception):
    """The store cannot be used, and what to do about it, in words for an operator."""


T = TypeVar("T")


class ReadStore(Protocol):
    """How a core, which never blocks, has its node's store read: done(what the job returned, or why it failed) comes in
    a turn of its own, later."""

    def __call__(self, job: Callable[[Store], T], done: Callable[[T | StoreError], None]) -> None: ...


class WorkStore(Protocol):
    """The same for what changes lines, in short steps between which the node writes; done(the sum of what they say)."""

    def __call__(self, job: Callable[[Store], Iterator[int]], done: Callable[[int | StoreError], None]) -> None: ...


def no_store(job: Callable[[Store], object], done: Callable[[StoreError], None]) -> None:
    """Of a node without one."""
    done(StoreError("this node has no store"))


class Store(Protocol):
    """Durable memory of one node. Every method blocks, may raise StoreError; one thread at a time calls."""

    def copies(self) -> Iterator[tuple[GroupId, bytes]]:
        """All copies, as last written."""
        ...

    def write(self, batches: Sequence[Batch]) -> None:
        """In one transaction; it is on disk when this returns."""
        ...

    def tend(self) -> None:
        """What a write would have to do now and then, done after one, when nobody waits for it."""
        ...

    def lines(self, wanted: Range) -> list[Line]:
        """The lines of the range, oldest first (by seq)."""
        ...

    def find(self, group: GroupId, msgid: str) -> Line | None:
        """The line with this msgid; of several the last, by seq."""
        ...

    def latest(self, groups: Sequence[GroupId], after: int, before: int, limit: int) -> list[tuple[GroupId, int]]:
        """Of these groups, those that have a line with after < at < before (Unix ms), and the time of their newest such
        line; the oldest first, and of more than `limit` the oldest."""
        ...

    def prune(
        self, kind: str, before: int, keep: int, groups: Sequence[GroupId] | None = None, skip: Sequence[GroupId] = ()
    ) -> Iterator[int]:
        """Retention: of each group of the kind (or of these only), forget lines dated before `before` (Unix ms), and
        all but the newest `keep` (by seq). skip: not of these, if groups is None.

        Each step is one short transaction, and says how many lines went.
        """
        ...

    def size(self) -> int:
        """Bytes of the file that are in use; what was dropped is used again by what comes."""
        ...

    def oldest(self) -> int | None:
        """The time of the oldest line (Unix ms); None without lines."""
        ...

    def erase(self, group: GroupId, seqs: Sequence[int] | None) -> Iterator[int]:
        """Forget lines for good: these, or all of the group. In steps, as prune."""
        ...

    def scrub(self) -> bool:
        """Leave nothing of what was erased so far in any file. False: not now, as somebody reads."""
        ...

    def close(self) -> None: ...
