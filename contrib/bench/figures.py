"""The figures of a run, and the median of several."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median, quantiles

from contrib.bench.load import Outcome


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
    load_us: float | None = None  # CPU of the load itself, per delivery; of `connect`, per client
    busy: float | None = None  # percent of a core that the servers used
    load_busy: float | None = None  # percent of the load's core that the load used

    def __str__(self) -> str:
        return ", ".join(f"{name} {value:,.2f}" for name, value in vars(self).items() if value is not None)


def of_talk(outcome: Outcome, cpu: float, took: float, spins: bool) -> Figures:
    """Return the figures of a talk. cpu: of the servers, in s. took: duration in s. spins: the load waits busily."""
    hundredths = quantiles(outcome.latencies_ns, n=100)
    return Figures(
        messages_s=outcome.messages / outcome.elapsed_s,
        deliveries_s=outcome.deliveries / outcome.elapsed_s,
        cpu_us=cpu / outcome.deliveries * 1e6,
        p50_ms=hundredths[49] / 1e6,
        p99_ms=hundredths[98] / 1e6,
        load_us=None if spins else outcome.own_s / outcome.deliveries * 1e6,
        busy=cpu / took * 100,
        load_busy=None if spins else outcome.own_s / took * 100,
    )


def middle(runs: list[Figures]) -> Figures:
    values = {name: [value for run in runs if (value := getattr(run, name)) is not None] for name in vars(runs[0])}
    return Figures(**{name: median(found) if found else None for name, found in values.items()})
