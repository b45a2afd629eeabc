"""The faults a seed may choose, one class each: how a fault begins, lasts and ends.

To add a fault: write a class with `begin` and, where something has to be put right again, `end`; list the class in
FAULTS.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, ClassVar

from ring.features import LEVEL
from tests.sim.net import LAST_S, Net, Node

if TYPE_CHECKING:
    from tests.sim.chaos import Story

LOOK_S = 0.1
"""How often a healed partition is looked at."""


class Fault:
    """kills: people of a node lose their edge, so at most one such fault may be under way. parts: logs may fork."""

    kills: ClassVar[bool] = False
    parts: bool = False
    least_s: ClassVar[float] = 1.0
    most_s: ClassVar[float] = 6.0

    def __init__(self, story: Story, chance: random.Random) -> None:
        self.story = story
        self.net = story.net
        self.chance = chance
        self.for_s = chance.uniform(self.least_s, self.most_s)

    def nodes(self) -> list[Node]:
        return [node for node in self.net.nodes.values() if node.up and not node.hung]

    def begin(self) -> str:
        """Start the fault; return a description in words."""
        raise NotImplementedError

    def end(self) -> None: ...


class Crash(Fault):
    """kill -9, and a restart a while later, with the saved roster or without a roster."""

    kills = True
    dark = False

    def begin(self) -> str:
        self.node = self.chance.choice(self.nodes())
        self.roster = list(self.node.core.engine.roster.records())
        for person in self.story.people:
            if person.node is self.node and self.chance.random() < 0.7:
                person.say()  # the node's last words are the hardest to keep
        self.net.run(self.chance.uniform(0.0, 0.03))
        self.net.kill(self.node.name, dark=self.dark)
        return f"{self.node.name} {'goes dark' if self.dark else 'crashes'}"

    def end(self) -> None:
        saved = [record for record in self.roster if record.key != self.node.key]
        ahead_s = self.chance.choice((0.0, 0.0, 3600.0, -3600.0))
        level = self.node.core.engine.peers.me.level
        self.net.start(int(self.node.name[1:]), saved if self.chance.random() < 0.5 else (), ahead_s, level)


class Dark(Crash):
    """The machine loses power: nothing is refused, nothing is said."""

    dark = True


class Death(Crash):
    """The node never comes back."""

    def end(self) -> None: ...


class Hang(Fault):
    """SIGSTOP, SIGCONT."""

    parts = True
    most_s = 8.0

    def begin(self) -> str:
        self.node = self.chance.choice(self.nodes())
        self.story.silent = self.node if self.chance.random() < 0.5 else None  # people of the node only listen
        self.net.hang(self.node.name, self.for_s)
        self.net.at(self.for_s * 0.98, self._ask)
        return f"{self.node.name} hangs for {self.for_s:.1f} s"

    def _ask(self) -> None:
        """Let people there ask whether they have missed something: the node reads the question when the node goes on
        (P20).
        """
        for person in self.story.people:
            if person.node is self.node and person.closed is None:
                person.ping()

    def end(self) -> None:
        self.story.silent = None


class Cut(Fault):
    """Nothing passes between two sides."""

    parts = True
    most_s = 9.0
    one_way = False

    def sides(self) -> tuple[set[str], set[str]]:
        keys = [node.key for node in self.net.nodes.values()]
        self.chance.shuffle(keys)
        at = self.chance.randint(1, len(keys) - 1)
        side, others = set(keys[:at]), set(keys[at:])
        for name in self.net.directories.names:
            self.chance.choice((side, others)).add(name)
        return side, others

    def begin(self) -> str:
        side, others = self.sides()
        self.net.links.isolate(side, others, one_way=self.one_way)
        self.since = self.net.now
        return f"{sorted(side)} cut from {sorted(others)}{' one way' if self.one_way else ''} for {self.for_s:.1f} s"

    def end(self) -> None:
        self.net.links.heal(at_once=False)
        if self.parts:
            self._wait_for_all()

    def _wait_for_all(self) -> None:
        """The sides stay apart until their nodes hear each other again, which takes some dials, and merge the logs."""
        here = [node for node in self.net.nodes.values() if node.up]
        if any(other.key in node.core.engine.peers.dead for node in here for other in here):
            self.net.at(LOOK_S, self._wait_for_all)
            return
        for node in self.net.nodes.values():
            node.unsure.append((self.since - LAST_S, self.net.now + LAST_S))


class PairCut(Cut):
    """Two nodes do not reach each other, all others reach both: a third node hears both, so nothing parts."""

    def sides(self) -> tuple[set[str], set[str]]:
        self.parts = len(self.nodes()) < 3
        a, b = self.chance.sample([node.key for node in self.net.nodes.values()], 2)
        return {a}, {b}


class OneWay(PairCut):
    """The first node is heard by the second, and does not hear the second."""

    one_way = True


class HalfHeal(PairCut):
    """As after a real cut, when back-off keeps SYNs away: one side's dials stay unanswered for longer than the cut."""

    least_s = 3.0
    most_s = 12.0

    def sides(self) -> tuple[set[str], set[str]]:
        a, b = super().sides()
        self.net.links.unanswered = {(one, other) for one in a for other in b}
        return a, b

    def begin(self) -> str:
        text, healed_s = super().begin(), self.for_s * self.chance.uniform(0.3, 0.8)
        self.net.at(healed_s, self.net.links.cut.clear)
        return f"{text}, of which the dials of one side alone go unanswered after {healed_s:.1f} s"


class Reset(Fault):
    """Connections break and are made anew: payloads on their way are lost."""

    def begin(self) -> str:
        pairs = self.net.links.linked()
        for a, b in self.chance.sample(pairs, self.chance.randint(min(1, len(pairs)), len(pairs))):
            self.net.links.reset(a, b)
        return "connections reset"


class Slow(Fault):
    """One node's messages are slow."""

    def begin(self) -> str:
        self.node = self.chance.choice(self.nodes())
        self.node.slow_s = self.chance.uniform(0.1, 0.7)
        return f"{self.node.name} slow by {self.node.slow_s:.1f} s"

    def end(self) -> None:
        self.node.slow_s = 0.0


class Lossy(Fault):
    """Payloads are lost, doubled and overtake each other."""

    def begin(self) -> str:
        self.before = self.net.loss, self.net.double, self.net.delay_s
        self.net.loss, self.net.double = self.chance.uniform(0, 0.2), self.chance.uniform(0, 0.2)
        self.net.delay_s = (0.001, self.chance.uniform(0.05, 0.3))
        return f"loss {self.net.loss:.2f}"

    def end(self) -> None:
        self.net.loss, self.net.double, self.net.delay_s = self.before


class Join(Fault):
    """A new node."""

    def begin(self) -> str:
        node = self.net.start(len(self.net.nodes) + 1)
        return f"{node.name} joins"


class NoDirectory(Fault):
    """Directories die, and come back with nothing."""

    most_s = 12.0

    def begin(self) -> str:
        names = [name for name in self.net.directories.names if name in self.net.directories.up]
        self.gone = self.chance.sample(names, self.chance.randint(1, len(names)))
        for name in self.gone:
            self.net.directories.kill(name)
        return f"directories die: {self.gone}, for {self.for_s:.1f} s"

    def end(self) -> None:
        for name in self.gone:
            self.net.directories.start(name)


class Leave(Fault):
    """SIGTERM, and a start a while later: of today's build, where the network began with an older build."""

    kills = True

    def begin(self) -> str:
        self.node = self.chance.choice(self.choices())
        self.net.leave(self.node.name)
        return f"{self.node.name} leaves"

    def choices(self) -> list[Node]:
        return self.nodes()

    def end(self) -> None:
        self.net.start(int(self.node.name[1:]))


class Upgrade(Leave):
    """A node of the previous feature level leaves, and comes back with today's build."""

    def choices(self) -> list[Node]:
        return self.old(self.net) or self.nodes()

    @staticmethod
    def old(net: Net) -> list[Node]:
        return [n for n in net.nodes.values() if n.up and not n.hung and n.core.engine.peers.me.level < LEVEL]


class PowerCut(Fault):
    """One machine after the other goes dark, until all are dark; the first comes back first, with old data on disk.

    For stories whose nodes have disks.
    """

    kills = True
    most_s = 3.0

    def begin(self) -> str:
        net = self.net
        self.records = [node.core.engine.peers.me for node in net.nodes.values() if node.up]
        self.down = [self.chance.choice(self.nodes()).name]
        net.kill(self.down[0])
        self.story.rest(self.chance.uniform(0.0, 6.0))
        self.story.last_words()
        for node in net.nodes.values():
            if node.up:
                self.down.append(node.name)
                net.kill(node.name)
        self.story.outages.append(net.now)
        return f"a power cut, {self.down[0]} first"

    def end(self) -> None:
        for name in self.down:
            saved = [r for r in self.records if r.key != self.net.nodes[name].key]
            self.net.start(int(name[1:]), saved, level=self.net.nodes[name].core.engine.peers.me.level)
            self.story.rest(self.chance.choice((0.0, 0.5, 3.0)))


FAULTS: tuple[type[Fault], ...] = (
    Crash, Dark, Death, Hang, Cut, PairCut, OneWay, HalfHeal, Reset, Slow, Lossy, Join, Leave, NoDirectory,
)  # fmt: skip
