"""Merge several batches of changes."""

from __future__ import annotations

from collections.abc import Sequence

from ring.ids import GroupId
from ring.storage.store import Batch, Line


def merged(batches: Sequence[Batch]) -> Batch:
    """Merge batches to one batch with the same effect on a store; the last line of each (group, seq) wins.

    batches: at least one.
    """
    replicas: dict[GroupId, bytes | None] = {}
    ends: dict[GroupId, int] = {}
    lines: dict[tuple[GroupId, int], Line] = {}
    for batch in batches:
        replicas.update(batch.replicas)
        for group, end in batch.ends.items():
            ends[group] = min(end, ends.get(group, end))
        if batch.ends and lines:  # lines to be added before are void, too
            lines = {at: line for at, line in lines.items() if line.seq <= batch.ends.get(line.group, line.seq)}
        for line in batch.lines:
            lines[line.group, line.seq] = line
    number = max(batch.number for batch in batches)
    return Batch(number, replicas, ends, list(lines.values()))


LINE_BYTES = 300
"""Bytes of memory that a line takes beside the event, about."""


def size(batch: Batch) -> int:
    """Return the bytes of memory that the batch takes, about."""
    replicas = sum(LINE_BYTES + len(replica or b"") for replica in batch.replicas.values())
    return replicas + LINE_BYTES * (len(batch.lines) + len(batch.ends)) + sum(len(line.event) for line in batch.lines)


def shortened(batch: Batch, most: int) -> Batch:
    """Drop the batch's first lines until the batch takes at most `most` bytes; replicas and ends stay, at any size."""
    excess, dropped = size(batch) - most, 0
    while excess > 0 and dropped < len(batch.lines):
        excess -= LINE_BYTES + len(batch.lines[dropped].event)
        dropped += 1
    return batch._replace(lines=batch.lines[dropped:])
