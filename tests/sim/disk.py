"""A node's store in memory: it outlives the node, and loses what was not flushed when the node dies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ring.ids import GroupId
from ring.store import Batch, Line, Range, StoreError


class Disk:
    """ring.store.Store. broken: it cannot be used any more."""

    def __init__(self) -> None:
        self.kept: dict[GroupId, bytes] = {}
        self.said: dict[GroupId, dict[int, Line]] = {}
        self.broken = False

    def _check(self) -> None:
        if self.broken:
            raise StoreError("the disk is full")

    def copies(self) -> Iterator[tuple[GroupId, bytes]]:
        self._check()
        return iter(list(self.kept.items()))

    def write(self, batches: Sequence[Batch]) -> None:
        self._check()
        for batch in batches:
            for group, copy in batch.copies.items():
                self.kept.pop(group, None)
                if copy is not None:
                    self.kept[group] = copy
            for group, end in batch.ends.items():
                self.said[group] = {seq: line for seq, line in self.said.get(group, {}).items() if seq <= end}
            for line in batch.lines:
                self.said.setdefault(line.group, {})[line.seq] = line

    def lines(self, wanted: Range) -> list[Line]:
        self._check()
        lines = self.said.get(wanted.group, {})
        found = [lines[seq] for seq in sorted(lines) if _is_in(lines[seq], wanted)]
        return found[-wanted.limit :] if wanted.newest else found[: wanted.limit]

    def find(self, group: GroupId, msgid: str) -> Line | None:
        self._check()
        return next((line for line in self.said.get(group, {}).values() if line.msgid == msgid), None)

    def latest(self, groups: Sequence[GroupId], after: int, before: int, limit: int) -> list[tuple[GroupId, int]]:
        self._check()
        times = {g: [line.at for line in self.said.get(g, {}).values() if after < line.at < before] for g in groups}
        newest = sorted((max(at), group) for group, at in times.items() if at)
        return [(group, at) for at, group in newest][-limit:]

    def prune(self, kind: str, before: int, keep: int, groups: Sequence[GroupId] | None = None) -> int:
        self._check()
        gone = 0
        for group, lines in self.said.items():
            if group.kind == kind and (groups is None or group in groups):
                kept = {seq for seq in sorted(lines)[-keep:] if lines[seq].at >= before} if keep else set()
                gone += len(lines) - len(kept)
                self.said[group] = {seq: line for seq, line in lines.items() if seq in kept}
        return gone

    def erase(self, group: GroupId, seqs: Sequence[int] | None) -> int:
        self._check()
        lines = self.said.get(group, {})
        gone = [seq for seq in lines if seqs is None or seq in seqs]
        for seq in gone:
            del lines[seq]
        return len(gone)

    def last(self, group: GroupId) -> Line | None:
        lines = self.said.get(group)
        return lines[max(lines)] if lines else None

    def close(self) -> None: ...


def _is_in(line: Line, wanted: Range) -> bool:
    where = line.seq if wanted.by == "seq" else line.at
    return (wanted.after is None or where > wanted.after) and (wanted.before is None or where < wanted.before)
