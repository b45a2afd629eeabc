"""What a node costs while nobody says anything: CPU of a core, and how long a start from disk takes.

    .venv/bin/python -m contrib.bench.idle [--clients N] [--channels N] [--seconds N] [--rounds N]

Two situations, each on a fresh node: idle clients, each in three channels of 100; and idle channels with history, each
with a single member. The node with the channels is then killed and started again from its disk.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median

from contrib.bench.measure import cores, cpu_s
from contrib.bench.people import Crowd
from contrib.bench.servers import Servers, start
from contrib.bench.workloads import Workload, channels_of

AT_ONCE = 8
PER_PERSON = 100
"""Channels of each person: the default of `chan_limit`."""

REST_S = 5.0
"""After the last line: what the node does because of the people who came ends meanwhile."""


def idle_share(servers: Servers, seconds: float) -> float:
    """Return the share of a core that the node uses, in percent."""
    time.sleep(REST_S)
    before, began = cpu_s(servers.pids), time.monotonic()
    time.sleep(seconds)
    return (cpu_s(servers.pids) - before) / (time.monotonic() - began) * 100


def clients(count: int, seconds: float, core: int | None) -> dict[str, float]:
    """Measure a node with idle clients."""
    work = Workload("idle", "", kind="idle", people=count, size=100, joins=3)
    with start("circlet", 1, core) as servers:
        crowd = Crowd(servers.addresses, channels_of(work))
        try:
            crowd.enter(AT_ONCE)
            crowd.settle()
            return {"% of a core": idle_share(servers, seconds)}
        finally:
            crowd.close()


def channels(count: int, seconds: float, core: int | None) -> dict[str, float]:
    """Measure a node with idle channels, and the node's start from disk."""
    people = -(-count // PER_PERSON)
    names = [[f"#idle{n}" for n in range(p * PER_PERSON, min(count, (p + 1) * PER_PERSON))] for p in range(people)]
    with start("circlet", 1, core) as servers:
        crowd = Crowd(servers.addresses, names)
        try:
            crowd.enter(AT_ONCE)
            crowd.say_everywhere()
            crowd.settle()
            share = idle_share(servers, seconds)
        finally:
            crowd.close()
        servers.measured[0].kill()
        servers.measured[0].wait()
        began = time.monotonic()
        servers.again(0)
        servers.wait_open(0)
        return {"% of a core": share, "start s": time.monotonic() - began, "start CPU s": cpu_s(servers.pids)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=2000, help="idle clients; 0 leaves this situation out")
    parser.add_argument("--channels", type=int, default=10_000, help="idle channels; 0 leaves this situation out")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    pinned = cores()
    core = pinned[0] if pinned else None
    situations: tuple[tuple[str, int, Callable[[int, float, int | None], dict[str, float]]], ...] = (
        ("idle clients", arguments.clients, clients),
        ("idle channels", arguments.channels, channels),
    )
    for name, count, measure in situations:
        if count:
            found = [measure(count, arguments.seconds, core) for _ in range(arguments.rounds)]
            middle = {what: median(one[what] for one in found) for what in found[0]}
            print(f"{count:,} {name}:", ", ".join(f"{what} {value:.2f}" for what, value in middle.items()))  # noqa: T201


if __name__ == "__main__":
    main()
