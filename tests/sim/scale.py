"""How a network grows: python -m tests.sim.scale [--nodes 10,30,100,300] counts messages, bytes and state per node.

Networks of real node cores with one person on each node, under virtual time. Each situation is measured by itself,
without heartbeats and without what goes to directories. The last column is the exponent of a power law through the
largest two networks: 0 does not grow, 1 grows with the nodes, 2 with their square.
"""

from __future__ import annotations

import gc
import sys
import time
import types
from collections.abc import Callable
from math import log
from typing import Any, Final, NamedTuple

import click

from tests.settings import edge_settings, ring_settings
from tests.sim.meter import DATAGRAM, HEARTBEAT, Meter
from tests.sim.net import Client, Net

LOOK_S: Final = 0.25
"""As ring.durations.LINK_TICK_S."""

QUERY_S: Final = 3.0
EVENT_S: Final = 10.0
"""A query, and an event among the nodes, are measured for so long."""

PER_CHANNEL: Final = 5

IDLE_CLOSE_S: Final = 75.0
"""More than a master's pause between two looks at its followers (60 s), as in a network with the default of 600 s."""

IDLE_S: Final = 60.0
"""The idle network is measured for so long: a master looks at its followers once in the time."""


FAR_S: Final = 1e6


class Crowd(Net):
    """A network with a person on each node. Heartbeats arrive at once and cost no event: there are N^2 of them."""

    tick_s = LOOK_S

    def __init__(self, nodes: int) -> None:
        edge = edge_settings(burst=10_000, rate=10_000, queued=10_000, per_address=0, ping_every_s=1e6)
        settings = ring_settings(check_every_s=5.0)
        super().__init__(nodes, edge=edge, engine=settings, directories=3, idle_close_s=IDLE_CLOSE_S)
        self.people: list[Client] = []
        for number in range(nodes):
            person = Client(self, self.nodes[f"n{number + 1}"], f"p{number}")
            person.send(f"JOIN #c{number // PER_CHANNEL}")
            self.people.append(person)
        assert self.until(lambda: all(any(" 366 " in line for line in p.got) for p in self.people), 60.0)
        self.run(10.0)

    def calm(self) -> None:
        """Let the nodes begin nothing by themselves any more, so that the measured messages have a single cause."""
        for node in self.nodes.values():
            node.core.engine.settings = node.core.engine.settings._replace(check_every_s=FAR_S)
            node.core.edge.census.next_at = node.core.edge.index.next_at = self.now + FAR_S
        self.run(IDLE_S)

    def _beat(self, node: Any) -> None:
        if self.now < node.beat_at:
            return
        node.beat_at = self.now + self.engine.heartbeat_s
        for end in self.links.ends(node):
            if self.meter is not None:
                self.meter.heartbeats(node.key, end.other.key)
            if end.other.up and not end.other.hung:
                self.links.beat(end)


class Row(NamedTuple):
    """What a situation costs. most: the messages of the busiest node."""

    what: str
    unit: str
    messages: float
    bytes: float
    most: float


class Scale:
    """Measures one network."""

    def __init__(self, nodes: int) -> None:
        began = time.process_time()
        self.nodes = nodes
        self.net = Crowd(nodes)
        self.rows: list[Row] = []
        self.began_s = time.process_time() - began

    def measure(self) -> list[Row]:
        self._idle()
        self._state()
        self.net.calm()
        for what, line in LINES:
            self._ask(what, line)
        self._happens("a new channel", lambda: self.net.people[0].send("JOIN #new"), QUERY_S)
        self._happens("a person comes", lambda: self._come("late"), QUERY_S)
        self._happens("a watch of an absent nick", lambda: self.net.people[1].send("MONITOR + nobody"), 30.0)
        self._happens("a node leaves", lambda: self.net.leave(f"n{self.nodes}"), EVENT_S)
        self._happens("a node is killed", lambda: self.net.kill(f"n{self.nodes - 1}"), EVENT_S)
        self._happens("a machine goes dark", lambda: self.net.kill(f"n{self.nodes - 2}", dark=True), EVENT_S)
        self._happens("a node comes", self._start, EVENT_S)
        return self.rows

    # Situations -----------------------------------------------------------------------------------------------------

    def _idle(self) -> None:
        self.net.run(IDLE_CLOSE_S + 15.0)
        meter = self._metered(lambda: None, IDLE_S, steady=True)
        each = IDLE_S * self.nodes
        for what, kinds in IDLE:
            chosen = kinds or tuple(meter.messages.keys() - {kind for _, kinds in IDLE for kind in kinds})
            messages, size = sum(meter.messages[k] for k in chosen), sum(meter.bytes[k] for k in chosen)
            self.rows.append(Row(what, "a second and node", messages / each, size / each, 0.0))
        most = max(meter.work.values()) / IDLE_S
        all_ = sum(meter.messages.values()) / each
        self.rows.append(Row("idle: all", "a second and node", all_, sum(meter.bytes.values()) / each, most))

    def _ask(self, what: str, line: str) -> None:
        self._happens(what, lambda: self.net.people[0].send(line), QUERY_S)

    def _start(self) -> None:
        self.net.start(self.nodes + 1)

    def _come(self, nick: str) -> None:
        Client(self.net, self.net.nodes["n1"], nick)

    def _happens(self, what: str, job: Callable[[], None], seconds: float) -> None:
        """Count what a job costs. The network is calm, and what goes on all the time is left out."""
        meter = self._metered(job, seconds, steady=False)
        messages, size, most = (
            sum(meter.messages.values()),
            sum(meter.bytes.values()),
            max(meter.work.values(), default=0),
        )
        self.rows.append(Row(what, "in all", messages, size, most))

    def _metered(self, job: Callable[[], None], seconds: float, *, steady: bool) -> Meter:
        self.net.meter = meter = Meter(steady=steady)
        job()
        self.net.run(seconds)
        self.net.meter = None
        return meter

    def _state(self) -> None:
        """Count the links of a node, and the bytes of the state of its core."""
        nodes = list(self.net.nodes.values())
        links = [len(self.net.links.of(node)) for node in nodes]
        self.rows.append(Row("links", "of a node", sum(links) / len(links), 0.0, max(links)))
        roots = [nodes[index].core for index in (0, len(nodes) // 2)]
        self.rows.append(Row("state", "of a node", 0.0, sum(map(deep_size, roots)) / len(roots), 0.0))


IDLE: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("idle: heartbeats", (HEARTBEAT,)),
    ("idle: directories", (DATAGRAM,)),
    ("idle: questions to nodes", ("Ask", "Reply")),
    ("idle: groups", ()),
)

LINES: Final = (
    ("LUSERS", "LUSERS"),
    ("LIST", "LIST"),
    ("WHO with a mask", "WHO p1*"),
    ("WHO of a nick", "WHO p2"),
    ("WHOIS", "WHOIS p2"),
    ("WHOIS of an absent nick", "WHOIS absent"),
    ("a message to a channel", "PRIVMSG #c0 :hello"),
    ("a ban in a channel", "MODE #c0 +b *!*@example.org"),
)


_SHARED = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.CodeType)


def deep_size(root: object) -> int:
    """Return the bytes of all objects that the object leads to, without code: functions and classes."""
    seen, todo, total = {id(root)}, [root], 0
    while todo:
        one = todo.pop()
        total += sys.getsizeof(one)
        for other in gc.get_referents(one):
            if id(other) not in seen and not isinstance(other, _SHARED):
                seen.add(id(other))
                todo.append(other)
    return total


# The table ------------------------------------------------------------------------------------------------------------


def exponent(sizes: list[int], values: list[float]) -> float | None:
    """Return the power with which the values grow from the last network but one to the last; None: there is nothing to
    compare."""
    if len(sizes) < 2 or min(values[-2:]) <= 0:
        return None
    return log(values[-1] / values[-2]) / log(sizes[-1] / sizes[-2])


def table(sizes: list[int], measured: list[list[Row]]) -> list[str]:
    """Return the lines of a table in Markdown."""
    head = " | ".join(f"{size} nodes" for size in sizes)
    lines = [f"| what | counted | {head} | exponent |", f"| --- | --- | {'---: | ' * len(sizes)}---: |"]
    for rows in zip(*measured, strict=True):
        for name in ("messages", "bytes", "most"):
            values = [float(getattr(row, name)) for row in rows]
            if max(values) > 0:
                power = exponent(sizes, values)
                cells = " | ".join(f"{value:,.3g}" if value < 100 else f"{value:,.0f}" for value in values)
                counted = f"{'most messages' if name == 'most' else name} {rows[0].unit}"
                lines.append(f"| {rows[0].what} | {counted} | {cells} | {'' if power is None else f'{power:.1f}'} |")
    return lines


@click.command(help=__doc__)
@click.option("--nodes", default="10,30,100", help="sizes of the networks")
def main(nodes: str) -> None:
    sizes = [int(size) for size in nodes.split(",")]
    measured = []
    for size in sizes:
        scale = Scale(size)
        click.echo(f"{size} nodes are there after {scale.began_s:.0f} s of CPU time", err=True)
        measured.append(scale.measure())
        click.echo(f"{size} nodes: {time.process_time():.0f} s of CPU time so far", err=True)
        del scale
        gc.collect()
    click.echo("\n".join(table(sizes, measured)))


if __name__ == "__main__":
    main(prog_name="python -m tests.sim.scale")
