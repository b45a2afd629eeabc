"""What it costs to keep what is said: CPU microseconds a line, of the writing thread and of handing the lines to it.

    .venv/bin/python -m contrib.bench.store [--seconds N] [--folder DIR]

A batch each 50 ms, into a store on a real disk, while the main thread is idle or computes all the time.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from ring.ids import GroupId, Term
from ring.io.store_writer import StoreWriter
from ring.storage.sqlite.store import SqliteStore
from ring.storage.store import Batch, Line

BATCH_S = 0.05
RATES = (1_000, 10_000, 100_000)
GROUPS = (1, 200)
EVENT = bytes(range(150))
TERM = Term(1, "127.0.0.1", 1)


class Figures(NamedTuple):
    us_a_line: float
    lines_a_s: float
    waited_ms: float  # the longest that a batch waited to be on disk, beside the 50 ms that its lines were gathered


class Talk:
    """Batches of lines, spread over groups."""

    def __init__(self, groups: int, rate: int) -> None:
        self.names = [GroupId("channel", f"#channel{number}") for number in range(groups)]
        self.seqs = [0] * groups
        self.count = max(1, round(rate * BATCH_S))
        self.rng = random.Random(groups)

    def batch(self, number: int) -> Batch:
        at = time.time_ns() // 1_000_000
        return Batch(number, {}, {}, [self._line(at) for _ in range(self.count)])

    def _line(self, at: int) -> Line:
        chosen = self.rng.randrange(len(self.names))
        self.seqs[chosen] += 1
        seq = self.seqs[chosen]
        return Line(self.names[chosen], TERM, seq, at, f"{chosen * 2654435761 % 2**32:x}-1.7f01-{seq:x}", EVENT)


async def measure(folder: Path, rate: int, groups: int, busy: bool, seconds: float) -> Figures:
    path = folder / f"{rate}-{groups}-{busy}.db"
    sent: dict[int, float] = {}
    waited = 0.0

    def written(number: int) -> None:
        nonlocal waited
        for done in [one for one in sent if one <= number]:
            waited = max(waited, time.monotonic() - sent.pop(done))

    writer = StoreWriter(lambda: SqliteStore(path), lambda: SqliteStore(path, reading=True), written, sys.exit)
    writer.start()
    talk, number, handing, others = Talk(groups, rate), 0, 0.0, _others()
    began = next_at = time.monotonic()
    while next_at < began + seconds:
        number += 1
        batch = talk.batch(number)
        before = time.thread_time()
        writer.write(batch)
        handing += time.thread_time() - before
        sent[number] = time.monotonic()
        next_at = max(next_at + BATCH_S, time.monotonic())
        while (left := next_at - time.monotonic()) > 0:
            if busy:
                sum(range(1000))
            await asyncio.sleep(0 if busy else left)
    took = time.monotonic() - began
    if not writer.close(60.0):
        raise SystemExit("the store did not take everything")
    lines = number * talk.count
    return Figures((_others() - others + handing) / lines * 1e6, lines / took, waited * 1e3)


def _others() -> float:
    """CPU seconds of all threads but this one."""
    return time.process_time() - time.thread_time()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument("--folder", type=Path, help="on the disk to measure; by default where temporary files lie")
    arguments = parser.parse_args()
    print(f"{'lines/s':>8} {'groups':>6} {'main':>5} {'CPU us/line':>12} {'reached/s':>10} {'longest ms':>11}")  # noqa: T201
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        for rate in RATES:
            for groups in GROUPS:
                for busy in (False, True):
                    found = asyncio.run(measure(Path(folder), rate, groups, busy, arguments.seconds))
                    print(  # noqa: T201
                        f"{rate:>8} {groups:>6} {'busy' if busy else 'idle':>5} {found.us_a_line:>12.1f} "
                        f"{found.lines_a_s:>10.0f} {found.waited_ms:>11.0f}"
                    )


if __name__ == "__main__":
    main()
