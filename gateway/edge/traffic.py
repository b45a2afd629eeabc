"""Traffic between this node and the node's clients, counted since the node started, for metrics.

The way of a message adds to plain numbers; the metrics read these numbers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Final, Literal

from gateway.irc import numerics
from ring.histogram import Histogram

Cut = Literal["bug", "flood", "password", "ping_timeout", "registration_timeout", "send_queue"]
"""Why this node has closed the connection of a client against the client's will."""

REFUSALS: Final = frozenset(value for name, value in vars(numerics).items() if name.startswith("ERR_"))
"""The numerics that refuse a command."""


class Traffic:
    """Counters and histograms of one edge. A line of a client on another node counts on the client's node alone."""

    __slots__ = (
        "bytes_received", "bytes_sent", "commits", "cuts", "deliveries", "lines_received", "lines_sent",
        "messages_sent", "refused", "shown",
    )  # fmt: skip

    def __init__(self) -> None:
        self.lines_received = 0
        self.lines_sent = 0
        self.messages_sent = 0  # copies of what people said, without echoes and history
        self.bytes_received = 0
        self.bytes_sent = 0
        self.cuts: Counter[Cut] = Counter()
        self.refused: Counter[str] = Counter()  # commands, by the numeric or the code of the refusal
        self.commits: dict[str, Histogram] = {}  # kind of group -> seconds from a client's line to its commit
        self.deliveries = Histogram()  # seconds from a client's line to the last client of this node
        # kind of group -> read times of committed lines which this turn shows to clients
        self.shown: defaultdict[str, list[float]] = defaultdict(list)

    def committed(self, kind: str, took_s: float, times: int = 1) -> None:
        """Count commands of clients which groups of this kind have committed."""
        histogram = self.commits.get(kind)
        if histogram is None:
            histogram = self.commits[kind] = Histogram()
        histogram.observe(took_s, times)

    def delivered(self, turned: float, now: float) -> None:
        """Note that the clients' sockets have the whole output of this turn. turned: when the turn began.

        Lines from one read are observed together: there are many such lines exactly when time is short.
        """
        for kind, reads in self.shown.items():
            for read_at, times in _counted(reads).items():
                self.committed(kind, turned - read_at, times)
                self.deliveries.observe(now - read_at, times)
        self.shown.clear()


def _counted(reads: list[float]) -> Mapping[float, int]:
    alike = reads.count(reads[0]) == len(reads)
    return {reads[0]: len(reads)} if alike else Counter(reads)
