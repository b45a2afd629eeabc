"""Define a node's durable memory: the groups that outlive the process (P35 to P37), and the lines said in the groups.

The module has only types and the interface: ring/io keeps the files, and the simulator has a store that loses lines
without a flush.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple, Protocol, TypeVar

import msgspec

from ring.ids import GroupId, Term


class Line(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A line said in a group, with the position. On one node (group, seq) is unique: the later write wins.

    A store keeps seq and at of 64 bits, and drops lines with other values.
    """

    group: GroupId
    term: Term
    seq: int
    at: int  # Unix ms
    msgid: str
    event: bytes  # as links carry it


class Batch(NamedTuple):
    """The changes since the last batch; written whole or not at all.

    replicas: the newest replica of each group, as bytes; None: the group is forgotten, the lines stay. ends: the lines
    of these groups after the seq are void, before `lines` are added: the node has taken another replica with another
    lineage from there on.
    """

    number: int
    replicas: dict[GroupId, bytes | None]
    ends: dict[GroupId, int]
    lines: list[Line]


class Range(NamedTuple):
    """Name the wanted lines of a group.

    after, before: exclusive bounds, by seq, or by Unix ms where `by` is "at". newest: of more than `limit` lines, the
    last lines, by seq or `at` (then seq); else the first.
    """

    group: GroupId
    after: int | None
    before: int | None
    limit: int
    newest: bool
    by: Literal["seq", "at"] = "seq"


class StoreError(Exception):
    """The store cannot be used. The text says why and what to do, in words for an operator."""


T = TypeVar("T")


class ReadStore(Protocol):
    """Have the store read, for a core that never blocks.

    done(result of the job, or the error) comes later, in a turn by itself.
    """

    def __call__(self, job: Callable[[Store], T], done: Callable[[T | StoreError], None]) -> None: ...


class WorkStore(Protocol):
    """Have lines changed, in short steps between which the node writes. done(sum of the steps' numbers, or the
    error)."""

    def __call__(self, job: Callable[[Store], Iterator[int]], done: Callable[[int | StoreError], None]) -> None: ...


def no_store(job: Callable[[Store], object], done: Callable[[StoreError], None]) -> None:
    """Answer for a node without a store."""
    done(StoreError("this node has no store"))


class Store(Protocol):
    """Durable memory of one node. Every method blocks and may raise StoreError; one thread at a time calls."""

    def replicas(self) -> Iterator[tuple[GroupId, bytes]]:
        """Yield all replicas, as last written."""
        ...

    def write(self, batches: Sequence[Batch]) -> None:
        """Write the batches in one transaction; on disk when the call returns."""
        ...

    def tend(self) -> None:
        """Do a write's occasional work, after a write, when nobody waits."""
        ...

    def lines(self, wanted: Range) -> list[Line]:
        """Return the lines of the range, oldest first (by seq)."""
        ...

    def find(self, group: GroupId, msgid: str) -> Line | None:
        """Return the line with this msgid; of several lines the last, by seq."""
        ...

    def newest(self, groups: Sequence[GroupId]) -> dict[GroupId, Line]:
        """Return the newest line of each of these groups, by seq; groups without lines are left out."""
        ...

    def latest(self, groups: Sequence[GroupId], after: int, before: int, limit: int) -> list[tuple[GroupId, int]]:
        """Return, of these groups, the groups with a line in after < at < before (Unix ms), and the time of the newest
        such line; the oldest first, and of more than `limit` groups the oldest."""
        ...

    def prune(
        self, kind: str, before: int, keep: int, groups: Sequence[GroupId] | None = None, skip: Sequence[GroupId] = ()
    ) -> Iterator[int]:
        """Forget lines by age and count: of each group of the kind (or of these groups only) the lines dated before
        `before` (Unix ms), and all but the newest `keep` lines (by seq).

        skip: groups to leave alone, if `groups` is None. Each step is one short transaction, and yields the number of
        dropped lines.
        """
        ...

    def size(self) -> int:
        """Return the bytes of the file in use; the room of dropped lines is used again by new lines."""
        ...

    def oldest(self) -> int | None:
        """Return the time of the oldest line (Unix ms); None without lines."""
        ...

    def erase(self, group: GroupId, seqs: Sequence[int] | None) -> Iterator[int]:
        """Forget lines for good: these lines, or all lines of the group. In steps, as prune."""
        ...

    def scrub(self) -> bool:
        """Leave no trace of the erased lines in any file. False: not now, as somebody reads."""
        ...

    def close(self) -> None: ...
