"""The figures as a table for people and as JSON for programs."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path

from rich.console import Console
from rich.table import Table

from contrib.bench.figures import Figures

Results = dict[str, dict[str, Figures]]  # by workload, then by subject

_HEADS = {
    "messages_s": "in/s",
    "deliveries_s": "out/s",
    "cpu_us": "CPU us",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "idle_kib": "KiB/idle",
    "clients_s": "clients/s",
    "load_us": "load us",
    "busy": "CPU %",
    "load_busy": "load %",
}

_OF_LOAD = {"load_us", "busy", "load_busy"}
"""Figures that say whether the load was the limit: a ratio of two of these says nothing."""


def ratios(results: Results) -> dict[str, dict[str, Figures]]:
    """By workload and pair: each subject of Circlet over each peer of the same size, and three nodes over one."""
    return {
        name: {f"{over} / {under}": _divide(subjects[over], subjects[under]) for over, under in _pairs(subjects)}
        for name, subjects in results.items()
    }


def _pairs(subjects: dict[str, Figures]) -> list[tuple[str, str]]:
    """Names are a kind, or a kind and " x3"."""
    pairs = []
    for over in subjects:
        kind, _, size = over.partition(" ")
        if kind == "circlet":
            pairs += [(over, under) for under in subjects if under != over and under.partition(" ")[2] == size]
        if size and kind in subjects:
            pairs.append((over, kind))
    return pairs


def _divide(over: Figures, under: Figures) -> Figures:
    found: dict[str, float | None] = {}
    for each in fields(Figures):
        a, b = getattr(over, each.name), getattr(under, each.name)
        found[each.name] = a / b if each.name not in _OF_LOAD and a is not None and b else None
    return Figures(**found)


def show(console: Console, results: Results) -> None:
    table = Table(title="Circlet and its peers, medians of interleaved rounds")
    for head in ("workload", "subject", *_HEADS.values()):
        table.add_column(head, justify="left" if head in ("workload", "subject") else "right", no_wrap=True)
    quotients = ratios(results)
    for name, subjects in results.items():
        for subject, figures in subjects.items():
            table.add_row(name, subject, *_cells(figures))
        for pair, figures in quotients[name].items():
            table.add_row("", pair, *_cells(figures), style="bold")
        table.add_section()
    console.print(table)


def _cells(figures: Figures) -> list[str]:
    return [_number(getattr(figures, name)) for name in _HEADS]


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def write_json(path: Path, results: Results) -> None:
    """Every figure by workload and subject, and the ratios beside them."""
    found = {
        "figures": {name: {who: asdict(figures) for who, figures in of.items()} for name, of in results.items()},
        "ratios": {name: {who: asdict(figures) for who, figures in of.items()} for name, of in ratios(results).items()},
    }
    path.write_text(json.dumps(found, indent=2) + "\n")
