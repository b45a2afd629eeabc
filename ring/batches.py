"""Several batches of changes made one."""

from __future__ import annotations

from collections.abc import Sequence

from ring.ids import GroupId
from ring.store import Batch, Line


def merged(batches: Sequence[Batch]) -> Batch:
    """The one batch that leaves a store as these would in turn; of lines with one (group, seq) it has the last.

    batches: at least one.
    """
    copies: dict[GroupId, bytes | None] = {}
    ends: dict[GroupId, int] = {}
    lines: dict[tuple[GroupId, int], Line] = {}
    for batch in batches:
        copies.update(batch.copies)
        for group, end in batch.ends.items():
            ends[group] = min(end, ends.get(group, end))
        if batch.ends and lines:  # what was to be added before is void, too
            lines = {at: line for at, line in lines.items() if line.seq <= batch.ends.get(line.group, line.seq)}
        for line in batch.lines:
            lines[line.group, line.seq] = line
    number = max(batch.number for batch in batches)
    return Batch(number, copies, ends, list(lines.values()), any(batch.urgent for batch in batches))
