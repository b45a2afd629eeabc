"""`python -m contrib.bench.failure`: what people see when one of three linked servers dies or restarts."""

from __future__ import annotations

import argparse
import os
import signal
import sys

from rich.console import Console
from rich.table import Table

from contrib.bench.measure import cores
from contrib.bench.outage import Outage, Seen, run
from contrib.bench.people import CrowdError
from contrib.bench.servers import CannotStartError, check, start

OUTAGES = (
    Outage("killed", "300 people, 300 messages/s: kill -9, and a start 2 s later", 300, 300, signal.SIGKILL),
    Outage("restarted", "1,000 people, 100 messages/s: SIGTERM, and a start 2 s later", 1000, 100, signal.SIGTERM),
)
HEADS = ("outage", "subject", "QUITs", "lost", "doubled", "orders", "longest silence", "channel frozen")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m contrib.bench.failure", description=__doc__)
    names = [outage.name for outage in OUTAGES]
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=names, help=f"of {', '.join(names)}")
    parser.add_argument("--peer", choices=["ngircd", "none"], default="ngircd")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    console = Console(width=max(120, Console().width), log_path=False)
    kinds = ["circlet"] if options.peer == "none" else ["circlet", options.peer]
    pinned = cores()
    if pinned:
        os.sched_setaffinity(0, {pinned[1]})
    table, failed = Table(*HEADS, title="What the people on the two servers that lived have seen"), False
    for outage in OUTAGES:
        if options.only and outage.name not in options.only:
            continue
        for kind in kinds:
            try:
                check(kind)
                with start(kind, 3, pinned[0] if pinned else None) as servers:
                    seen = run(outage, servers)
            except (CrowdError, CannotStartError) as error:
                console.print(f"ERROR in {outage.name}: {kind}: {error}", style="bold red", markup=False)
                failed = True
                continue
            failed |= kind == "circlet" and bool(seen.quits or seen.lost or seen.doubled or seen.orders > 1)
            table.add_row(outage.what, kind, *_cells(seen))
    console.print(table)
    return int(failed)


def _cells(seen: Seen) -> list[str]:
    frozen = f"{seen.frozen_ms:.1f} ms" if seen.frozen_ms is not None else "-"
    counts = (seen.quits, seen.lost, seen.doubled, seen.orders)
    return [*[f"{count:,}" for count in counts], f"{seen.silent_ms:,.0f} ms", frozen]


if __name__ == "__main__":
    sys.exit(main())
