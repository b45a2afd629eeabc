"""The workloads, as a table, and who is in which channel and says what in each."""

from __future__ import annotations

from dataclasses import dataclass, replace

from contrib.bench.load import Pace, Slot, Target

DEEP = Pace(window=100)

CAPS = frozenset(
    [
        *("account-notify", "account-tag", "away-notify", "batch", "cap-notify", "chghost", "echo-message"),
        *("extended-join", "invite-notify", "message-tags", "multi-prefix", "server-time", "setname"),
        "userhost-in-names",
    ]
)
"""Capabilities for which irssi and WeeChat ask."""


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
    caps: frozenset[str] = frozenset()  # capabilities for which the clients ask, as far as the server offers them
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
    Workload(
        "private-caps",
        "the same with the capabilities of irssi and WeeChat",
        joins=0,
        senders=1000,
        private=True,
        probe_every=5,
        caps=CAPS,
    ),
    Workload(
        "private-3000",
        "the same, 3,000 messages a second",
        joins=0,
        senders=1000,
        private=True,
        probe_every=5,
        caps=CAPS,
        pace=Pace(rate=3000),
    ),
    Workload("idle", "2,000 people in 3 channels of 100 each", kind="idle", people=2000, size=100, joins=3, rounds=2),
    Workload("connect", "1,000 people connect, into channels of 100", kind="connect", size=100, rounds=3),
    Workload(
        "three-nodes",
        "one channel of 300, spread over three linked servers, or on one",
        people=300,
        size=300,
        probe_every=15,
        nodes=(1, 3),
    ),
    Workload(
        "channels-linked",
        "200 channels of 20, each spread over three linked servers, or on one",
        size=20,
        joins=4,
        senders=1000,
        nodes=(1, 3),
    ),
    Workload(
        "private-linked",
        "1,000 people of three linked servers to each other, two of three to another server, 100 in flight",
        joins=0,
        senders=1000,
        private=True,
        probe_every=5,
        nodes=(3,),
    ),
)


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


def channels_of(work: Workload) -> list[list[str]]:
    channels: list[list[str]] = [[] for _ in range(work.people)]
    for group in _groups(work):
        for member in group.members:
            channels[member].append(group.name)
    return channels


def script(work: Workload) -> list[Slot]:
    """Whose turn it is: each sender once, to a channel of his or to somebody far off in the list."""
    if work.private:
        return [_private(number, (number * 7 + 501) % work.people) for number in range(work.senders)]
    groups = _groups(work)
    turns = [[slot for slot in groups if number in slot.members] for number in range(work.senders)]
    return [Slot(number, own[number % len(own)]) for number, own in enumerate(turns)]


def _private(sender: int, receiver: int) -> Slot:
    return Slot(sender, Target(f"u{receiver:05d}", frozenset({receiver})))
