"""`python -m contrib.bench`: run the workloads, print the table. Exit status 1 if any run lost a delivery."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from rich.console import Console

from contrib.bench.figures import middle
from contrib.bench.measure import cores
from contrib.bench.report import Results, show, write_json
from contrib.bench.runs import Runs
from contrib.bench.servers import PEERS, CannotStartError, check
from contrib.bench.workloads import WORKLOADS


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m contrib.bench", description=__doc__)
    names = [work.name for work in WORKLOADS]
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=names, help=f"of {', '.join(names)}")
    parser.add_argument("--quick", action="store_true", help="two short rounds: a smoke test, no measurement")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument(
        "--peers", nargs="+", choices=[*PEERS, "none"], help="default: every peer that is installed; others are named"
    )
    return parser.parse_args()


def _kinds(asked: list[str] | None, console: Console) -> list[str]:
    """Return the kinds of servers to measure; name each missing peer. Raises CannotStartError: a peer was asked for."""
    kinds = ["circlet"]
    for peer in asked or PEERS:
        try:
            if peer != "none":
                check(peer)
                kinds.append(peer)
        except CannotStartError as error:
            if asked:
                raise
            console.print(f"Without this peer: {error}", style="bold", markup=False)
    return kinds


def stop(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)  # unwinds, so that servers are ended and folders removed


def main() -> int:
    options = _arguments()
    signal.signal(signal.SIGTERM, stop)
    console = Console(width=max(165, Console().width), log_path=False)
    try:
        kinds = _kinds(options.peers, console)
    except CannotStartError as error:
        console.print(str(error), style="bold red", markup=False)
        return 2
    pinned = cores()
    if pinned:
        os.sched_setaffinity(0, {pinned[1]})
    else:
        console.print("one core only: servers and load share it, so rates and latencies mean little")
    results: Results = {}
    errors: list[str] = []
    for work in WORKLOADS:
        if options.only and work.name not in options.only:
            continue
        runs = Runs(work.quick() if options.quick else work, kinds, pinned[0] if pinned else None, console.log)
        runs.run()
        errors += runs.errors
        results[work.name] = {name: middle(found) for name, found in runs.found.items()}
    show(console, results)
    if options.json:
        write_json(options.json, results)
    for text in errors:
        console.print(f"ERROR in {text}", style="bold red", markup=False)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
