"""A node's store in memory: for the simulator, and to compare others with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ring.ids import GroupId
from ring.storage.store import Batch, Line, Range

INTEGERS = range(-(2**63), 2**63)


class MemoryStore:
    """ring.storage.store.Store: a store in memory with lines kept over `close` and `reopened`."""

    def __init__(self) -> None:
        self._replicas: dict[GroupId, bytes] = {}
        self._lines: dict[GroupId, dict[int, Line]] = {}  # by seq
        self.traces: list[Line] = []  # dropped, and in the file until scrubbed

    def reopened(self) -> MemoryStore:
        """Return the store for the next process; the last process's store is of no use any more."""
        after = MemoryStore()
        after._replicas, after._lines, after.traces = self._replicas, self._lines, self.traces
        return after

    def replicas(self) -> Iterator[tuple[GroupId, bytes]]:
        return iter(list(self._replicas.items()))

    def write(self, batches: Sequence[Batch]) -> None:
        for batch in batches:
            for group, replica in batch.replicas.items():
                if replica is None:
                    self._replicas.pop(group, None)
                else:
                    self._replicas[group] = replica
            for group, end in batch.ends.items():
                self._drop(group, [seq for seq in self._lines.get(group, ()) if seq > end])
            for line in batch.lines:
                if line.seq in INTEGERS and line.at in INTEGERS:
                    self._lines.setdefault(line.group, {})[line.seq] = line

    def lines(self, wanted: Range) -> list[Line]:
        after, before, by = wanted.after, wanted.before, wanted.by
        found = [
            line
            for line in self._lines.get(wanted.group, {}).values()
            if (after is None or getattr(line, by) > after) and (before is None or getattr(line, by) < before)
        ]
        found.sort(key=lambda line: (getattr(line, by), line.seq), reverse=wanted.newest)
        return sorted(found[: max(wanted.limit, 0)], key=lambda line: line.seq)

    def find(self, group: GroupId, msgid: str) -> Line | None:
        found = [line for line in self._lines.get(group, {}).values() if line.msgid == msgid]
        return max(found, key=lambda line: line.seq, default=None)

    def newest(self, groups: Sequence[GroupId]) -> dict[GroupId, Line]:
        lines = ((group, self._lines.get(group)) for group in groups)
        return {group: found[max(found)] for group, found in lines if found}

    def latest(self, groups: Sequence[GroupId], after: int, before: int, limit: int) -> list[tuple[GroupId, int]]:
        found = []
        for group in set(groups):
            within = [line.at for line in self._lines.get(group, {}).values() if after < line.at < before]
            if within:
                found.append((max(within), group))
        return [(group, at) for at, group in sorted(found)[: max(limit, 0)]]

    def prune(
        self, kind: str, before: int, keep: int, groups: Sequence[GroupId] | None = None, skip: Sequence[GroupId] = ()
    ) -> Iterator[int]:
        for group in list(self._lines if groups is None else groups):
            if group.kind == kind and (groups is not None or group not in skip):
                lines = self._lines.get(group, {})
                many = set(sorted(lines)[: max(len(lines) - max(keep, 0), 0)])
                yield self._drop(group, [seq for seq, line in lines.items() if seq in many or line.at < before])

    def erase(self, group: GroupId, seqs: Sequence[int] | None) -> Iterator[int]:
        yield self._drop(group, list(self._lines.get(group, ())) if seqs is None else seqs)

    def size(self) -> int:
        replicas = sum(map(len, self._replicas.values()))
        return replicas + sum(len(line.event) for lines in self._lines.values() for line in lines.values())

    def oldest(self) -> int | None:
        return min((line.at for lines in self._lines.values() for line in lines.values()), default=None)

    def tend(self) -> None: ...

    def scrub(self) -> bool:
        self.traces.clear()
        return True

    def _drop(self, group: GroupId, seqs: Sequence[int]) -> int:
        lines = self._lines.get(group, {})
        gone = sum(seq in lines for seq in set(seqs))
        self.traces += [lines.pop(seq) for seq in set(seqs) if seq in lines]
        if not lines:
            self._lines.pop(group, None)
        return gone

    def close(self) -> None: ...
