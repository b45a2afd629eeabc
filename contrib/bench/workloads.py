"""The workloads, as a table, and what each of the three kinds of run does with a subject."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from statistics import median, quantiles

from contrib.bench.load import Load, Outcome, Pace, Slot, Target
from contrib.bench.measure import cpu_s, rss_kib
from contrib.bench.people import Crowd
from contrib.bench.servers import Servers, start

ENTER_AT_ONCE = 8  # while a workload is set up: fewer than ngircd's listen backlog of 10, beyond which SYNs are dropped
WARM_S = 0.7
DEEP = Pace(window=100)


@dataclass(frozen=True)
class Figures:
    """What one run found, or the median of several. None: does not apply."""

    messages_s: float | None = None
    deliveries_s: float | None = None
    cpu_us: float | None = None  # of the servers, per delivery; of `connect`, per client
    p50_ms: float | None = None
    p99_ms: float | None = None
    idle_kib: float | None = None  # RSS per client
    clients_s: float | None = None


@dataclass(frozen=True)
class Workload:
    """people are spread over channels of `size`; each is in `joins` of them."""

    name: str
    what: str
    kind: str = "talk"  # or idle, connect
    people: int = 1000
    size: int = 1000
    joins: int = 1
    senders: int = 10
    private: bool = False
    pace: Pace = DEEP
    probe_every: int = 50
    nodes: tuple[int, ...] = (1,)  # a subject for each, of every kind of server
    rounds: int = 5
    seconds: float = 3.0

    def quick(self) -> Workload:
        return replace(self, rounds=min(2, self.rounds), seconds=1.0)


WORKLOADS = (
    Workload("fanout-1000", "one channel of 1,000, 10 senders with 10 messages each in flight"),
    Workload("fanout-100", "one channel of 100, else the same", people=100, size=100, probe_every=10),
    Workload(
        "fixed-100",
        "one channel of 100, 500 messages a second",
        people=100,
        size=100,
        pace=Pace(rate=500),
        probe_every=5,
        seconds=5.0,
    ),
    Workload("channels", "200 channels of 20, 1,000 people in 4 each, 100 in flight", size=20, joins=4, senders=1000),
    Workload(
        "private", "1,000 people to each other, 100 in flight", joins=0, senders=1000, private=True, probe_every=5
    ),
    Workload("idle", "2,000 people in 3 channels of 100 each", kind="idle", people=2000, size=100, joins=3, rounds=2),
    Workload("connect", "1,000 people at once, into channels of 100", kind="connect", size=100, rounds=3),
    Workload(
        "three-nodes",
        "one channel of 300, spread over three linked servers, or on one",
        people=300,
        size=300,
        probe_every=15,
        nodes=(1, 3),
    ),
)


def run(work: Workload, kinds: list[str], core: int | None, say: Callable[[str], None]) -> dict[str, Figures]:
    """The medians by subject. Subjects take turns, round by round, so that a disturbance hits them alike."""
    kinds_of_run = {"talk": _talk, "idle": _idle, "connect": _connect}
    return kinds_of_run[work.kind](work, [(kind, nodes) for nodes in work.nodes for kind in kinds], core, say)


def _talk(
    work: Workload, subjects: list[tuple[str, int]], core: int | None, say: Callable[[str], None]
) -> dict[str, Figures]:
    """All subjects stand ready with their crowds the whole time; an idle one costs the other nothing."""
    found: dict[str, list[Figures]] = {}
    with ExitStack() as stack:
        ready: list[tuple[Servers, Load]] = []
        for kind, nodes in subjects:
            servers = stack.enter_context(start(kind, nodes, core))
            crowd = Crowd(servers.addresses, _channels_of(work))
            stack.callback(crowd.close)
            took = crowd.enter(ENTER_AT_ONCE)
            crowd.settle()
            say(f"{work.name}: {servers.name}: {work.people} people are in after {took:.1f} s")
            load = Load(crowd, _script(work), work.probe_every)
            load.run(work.pace, WARM_S)
            ready.append((servers, load))
        for _ in range(work.rounds):
            for servers, load in ready:
                before = cpu_s(servers.pids)
                outcome = load.run(work.pace, work.seconds)
                figures = _figures(outcome, cpu_s(servers.pids) - before)
                found.setdefault(servers.name, []).append(figures)
                say(f"{work.name}: {servers.name}: {figures.cpu_us:.2f} us, {figures.deliveries_s:,.0f} out/s")
    return {name: _median(runs) for name, runs in found.items()}


def _idle(
    work: Workload, subjects: list[tuple[str, int]], core: int | None, say: Callable[[str], None]
) -> dict[str, Figures]:
    """A fresh server each time: memory that was freed stays in the process and would flatter the next round."""
    found: dict[str, list[Figures]] = {}
    for _ in range(work.rounds):
        for kind, nodes in subjects:
            with start(kind, nodes, core) as servers:
                before = rss_kib(servers.pids)
                crowd = Crowd(servers.addresses, _channels_of(work))
                try:
                    crowd.enter(ENTER_AT_ONCE)
                    crowd.settle()
                    each = (rss_kib(servers.pids) - before) / work.people
                finally:
                    crowd.close()
            found.setdefault(servers.name, []).append(Figures(idle_kib=each))
            say(f"{work.name}: {servers.name}: {each:.2f} KiB a client")
    return {name: _median(runs) for name, runs in found.items()}


def _connect(
    work: Workload, subjects: list[tuple[str, int]], core: int | None, say: Callable[[str], None]
) -> dict[str, Figures]:
    found: dict[str, list[Figures]] = {}
    with ExitStack() as stack:
        ready = [stack.enter_context(start(kind, nodes, core)) for kind, nodes in subjects]
        for _ in range(work.rounds):
            for servers in ready:
                before = cpu_s(servers.pids)
                crowd = Crowd(servers.addresses, _channels_of(work))
                try:
                    took = crowd.enter(work.people)
                finally:
                    crowd.close()
                cpu = cpu_s(servers.pids) - before
                figures = Figures(clients_s=work.people / took, cpu_us=cpu / work.people * 1e6)
                found.setdefault(servers.name, []).append(figures)
                say(f"{work.name}: {servers.name}: {figures.clients_s:,.0f} clients/s, {figures.cpu_us:.0f} us each")
                _rest(servers)
    return {name: _median(runs) for name, runs in found.items()}


def _rest(servers: Servers) -> None:
    """Until the server has done with the people who left."""
    busy = True
    while busy:
        before = cpu_s(servers.pids)
        time.sleep(0.5)
        busy = cpu_s(servers.pids) - before > 0.03


def _groups(work: Workload) -> list[Target]:
    """The channels. Channel c takes every so-manieth person, so those of one channel share few others."""
    if not work.joins:
        return []
    count = work.people * work.joins // work.size
    members: list[set[int]] = [set() for _ in range(count)]
    for number in range(work.people):
        for join in range(work.joins):
            members[(number * work.joins + join + number // count) % count].add(number)
    return [Target(f"#bench{at}", frozenset(group)) for at, group in enumerate(members)]


def _channels_of(work: Workload) -> list[list[str]]:
    channels: list[list[str]] = [[] for _ in range(work.people)]
    for group in _groups(work):
        for member in group.members:
            channels[member].append(group.name)
    return channels


def _script(work: Workload) -> list[Slot]:
    """Whose turn it is: each sender once, to a channel of his or to somebody far off in the list."""
    if work.private:
        return [_private(number, (number * 7 + 501) % work.people) for number in range(work.senders)]
    groups = _groups(work)
    turns = [[slot for slot in groups if number in slot.members] for number in range(work.senders)]
    return [Slot(number, own[number % len(own)]) for number, own in enumerate(turns)]


def _private(sender: int, receiver: int) -> Slot:
    return Slot(sender, Target(f"u{receiver:05d}", frozenset({receiver})))


def _figures(outcome: Outcome, cpu: float) -> Figures:
    hundredths = quantiles(outcome.latencies_ns, n=100)
    return Figures(
        messages_s=outcome.messages / outcome.elapsed_s,
        deliveries_s=outcome.deliveries / outcome.elapsed_s,
        cpu_us=cpu / outcome.deliveries * 1e6,
        p50_ms=hundredths[49] / 1e6,
        p99_ms=hundredths[98] / 1e6,
    )


def _median(runs: list[Figures]) -> Figures:
    values = {name: [value for run in runs if (value := getattr(run, name)) is not None] for name in vars(runs[0])}
    return Figures(**{name: median(found) if found else None for name, found in values.items()})
