"""What a stored message costs more than an unstored one: CPU microseconds of all nodes, for each message said.

    .venv/bin/python -m contrib.bench.stored [--quick]

Two networks stand side by side and take turns under the same load: one keeps history, one does not. Exit status 1 if
any run lost a delivery.
"""

from __future__ import annotations

import argparse
import os
import signal
from dataclasses import dataclass
from statistics import stdev

from rich.console import Console
from rich.table import Table

from contrib.bench.__main__ import stop
from contrib.bench.figures import Figures, middle
from contrib.bench.load import Pace
from contrib.bench.measure import cores
from contrib.bench.runs import Runs
from contrib.bench.workloads import Workload

STORED, UNSTORED = "circlet", "unstored"

WORKLOADS = (
    Workload(
        "rate",
        "1,000 messages a second",
        people=20,
        size=20,
        pace=Pace(rate=1000),
        probe_every=5,
        rounds=40,  # what is looked for is a fiftieth of all, and rounds differ by more
        seconds=2.0,
    ),
    Workload("full", "full speed, 100 in flight", people=20, size=20, probe_every=5, rounds=20, seconds=2.0),
)


@dataclass(frozen=True)
class Cost:
    """CPU us for each message, and what the two differ by from round to round. error: of that, the standard error."""

    stored: float
    unstored: float
    more: float
    error: float


def cost(stored: list[Figures], unstored: list[Figures]) -> Cost:
    """Medians; `more`: of the differences between rounds that followed each other."""
    pairs = list(zip(map(_a_message, stored), map(_a_message, unstored), strict=True))
    differences = [one - other for one, other in pairs]
    found = middle([Figures(cpu_us=difference) for difference in differences]).cpu_us
    one, other = (middle([Figures(cpu_us=pair[side]) for pair in pairs]).cpu_us for side in (0, 1))
    assert found is not None and one is not None and other is not None
    return Cost(one, other, found, stdev(differences) / len(pairs) ** 0.5 if len(pairs) > 1 else 0.0)


def _a_message(run: Figures) -> float:
    assert run.cpu_us is not None and run.deliveries_s is not None and run.messages_s is not None
    return run.cpu_us * run.deliveries_s / run.messages_s


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two short rounds: a smoke test, no measurement")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, stop)
    console = Console(width=max(120, Console().width), log_path=False)
    pinned = cores()
    if pinned:
        os.sched_setaffinity(0, {pinned[1]})
    table = Table(title="One channel of 20: CPU us a message, medians of interleaved rounds")
    for head in ("load", "nodes", "kept", "not kept", "more", "±"):
        table.add_column(head, justify="left" if head == "load" else "right", no_wrap=True)
    errors: list[str] = []
    for work in WORKLOADS:
        for nodes in (1, 3):
            wanted = Workload(**{**vars(work), "nodes": (nodes,)})
            runs = Runs(
                wanted.quick() if options.quick else wanted,
                [STORED, UNSTORED],
                pinned[0] if pinned else None,
                console.log,
            )
            runs.run()
            errors += runs.errors
            found = list(runs.found.values())
            if len(found) == 2:
                spent = cost(*found)
                words = (f"{value:.1f}" for value in (spent.stored, spent.unstored, spent.more, spent.error))
                table.add_row(work.what, str(nodes), *words)
    console.print(table)
    return 1 if errors else 0


if __name__ == "__main__":
    raise SystemExit(main())
