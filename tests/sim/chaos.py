"""One seed, one story: a network, people, faults; then everything heals and every promise is checked.

Replay a seed, with a trace: python -m tests.sim SEED
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from config.common import Ring
from ring.features import LEVEL
from tests.settings import edge_settings, ring_settings
from tests.sim.faults import FAULTS, Cut, Fault, Hang, Leave, Lossy, Upgrade
from tests.sim.net import Client, Net, Node
from tests.sim.views import Reader

RING = "#ring"
SIDE = "#side"
SETTINGS = ring_settings(
    ring=Ring(copies=2), dead_after_s=2.0, grace_s=20.0, heartbeat_s=0.4, settle_max_s=12.0, hand_off_after_s=0.4,
    check_every_s=1.0,
)  # fmt: skip
EDGE = edge_settings(burst=10_000, rate=10_000, queued=10_000, per_address=0, ping_every_s=3600)
MASKS = ("*!*@host0", "*!*@host1", "~q:~a:nobody", "~t:1:*!*@host3", "~c:#nowhere")
"""Bans: nobody of the story matches. The fourth ends after a minute."""

WANTED = ("hal", "zed")
"""Nicks wanted by several people."""

FLUSHED_S = 0.2
"""Lines older than this are written (P35)."""

HEAL_S = 4.0
"""Given to every network to mend itself; as much again and more, if the checks still find something."""


class Ping(NamedTuple):
    """said, letters: how many lines in #ring and private messages came before the PING. since: time of the PING."""

    said: int
    letters: int
    since: float


REFUSED = ("403", "404")
"""Refusals of a message to a channel. A secret channel (+s) answers an outsider as a missing channel does (403)."""


class Person(Client):
    """A person who talks in #ring from beginning to end, with echo-message, and keeps account of the talk."""

    def __init__(self, story: Story, node: str, nick: str) -> None:
        net = story.net
        self.story = story
        self.said: list[str] = []
        self.ring: list[str] = []  # lines heard in #ring
        self.sure: set[str] = set()  # said before a PING with its PONG, or echoed
        self.letters: list[tuple[str, Person]] = []  # private messages said, and the person addressed
        self.echoed: set[str] = set()  # private messages said and not refused
        self.read_in_private: set[str] = set()
        self.is_renamed = False
        self.pings: dict[str, Ping] = {}
        self.put_out = False  # another took the nick while the node was given up; a notice tells of missed lines (P29)
        self.unanswered: list[str] = []  # said in #ring, and neither echoed nor refused yet
        self.refused: set[str] = set()  # said in #ring after that, and refused with words (P29)
        super().__init__(net, net.nodes[node], nick, "echo-message")
        self.reader = Reader(nick)

    def say(self) -> None:
        text = f"{self.nick}-{len(self.said)}"
        self.said.append(text)
        self.unanswered.append(text)
        self.send(f"PRIVMSG {RING} :{text}")

    def whisper(self, other: Person) -> None:
        text = f"private-{self.nick}-{self.net.serial}"
        self.net.serial += 1
        self.letters.append((text, other))
        self.send(f"PRIVMSG {other.nick} :{text}")

    def ping(self) -> None:
        token = f"p{len(self.said)}-{self.net.serial}"
        self.net.serial += 1
        self.pings[token] = Ping(len(self.said), len(self.letters), self.net.now)
        self.send(f"PING {token}")

    def receive(self, data: bytes) -> None:
        before = len(self.got)
        super().receive(data)
        for line in self.got[before:]:
            self._account(line)
            if hasattr(self, "reader"):
                self.reader.read(line)

    def _account(self, line: str) -> None:
        words = line.split(" ")
        if len(words) > 3 and words[1] == "PONG" and words[3].lstrip(":") in self.pings:
            ping = self.pings[words[3].lstrip(":")]
            said = [text for text in self.said[: ping.said] if text not in self.refused]
            self.sure.update(said)
            self.story.settled(self, said, ping.since)
            self.story.settled_in_private(self, self.letters[: ping.letters])
        elif len(words) > 3 and words[1] == "PRIVMSG" and words[2] == RING:
            text = words[3].lstrip(":")
            self.ring.append(text)
            if text in self.said:
                self.sure.add(text)
            if text in self.unanswered:
                self.unanswered.remove(text)
        elif self.put_out and words[1] in REFUSED and words[3] == RING and self.unanswered:
            self.refused.add(self.unanswered.pop(0))  # answers come in the order of the commands (P11)
        elif len(words) > 3 and words[1] == "PRIVMSG" and words[3].startswith(":private-"):
            own = f"!~{self.nick}@" in words[0]
            (self.echoed if own else self.read_in_private).add(words[3][1:])
        elif words[1:2] == ["NICK"]:
            self.is_renamed |= f"!~{self.nick}@" in words[0]
        elif len(words) > 2 and words[1:3] == ["PART", RING]:
            nick, _, rest = words[0][1:].partition("!")
            self.put_out |= (nick in WANTED or nick.startswith("Guest")) and rest.startswith(f"~{self.nick}@")

    def heard(self, target: str) -> list[str]:
        return self.ring if target == RING else super().heard(target)


class Story:
    """The story of a seed. Everything random comes from the seed, so the story can be told again."""

    def __init__(
        self,
        seed: int,
        trace: Callable[[str], None] | None = None,
        kinds: Sequence[type[Fault]] = FAULTS,
        *,
        disks: bool | None = None,
        upgrades: bool | None = None,
    ) -> None:
        """disks: whether nodes have disks, with stores that lose unflushed data; None: every other seed.

        upgrades: whether one or two nodes begin with a build of an earlier feature level, and come back with
        today's when they leave; None: every seventh seed.
        """
        self.seed = seed
        self.kinds = kinds
        self.chance = chance = random.Random(seed)
        self.upgrades = seed % 7 == 0 if upgrades is None else upgrades
        self.net = Net(
            chance.randint(3, 5), seed, delay_s=(0.001, chance.choice((0.005, 0.03, 0.1))), edge=EDGE, engine=SETTINGS,
            directories=chance.randint(1, 3), disks=seed % 2 == 1 if disks is None else disks,
            level=LEVEL if not self.upgrades else 1 + seed // 7 % (LEVEL - 1),
        )  # fmt: skip
        self.net.level = LEVEL
        self.net.trace = self._tell if trace is not None else None
        self._trace = trace
        self.people: list[Person] = []
        self.forked = False  # logs may have parted
        self.missed = False  # a node was missing, or cut off from all
        self.outages: list[float] = []  # when the power of the last node was cut
        self.calm = True  # no node is missing: after a PONG everybody has heard
        self.silent: Node | None = None  # people of this node say nothing
        self.hanging = False  # a node is stopped, or was a moment ago, and nothing else is wrong
        self.certain: dict[str, float] = {}  # lines covered by a PONG meanwhile, and the time of the PONG
        self.early: list[str] = []  # PONGs before their time
        self.faults: list[str] = []

    def _tell(self, text: str) -> None:
        if self._trace is not None:
            self._trace(f"{self.net.now - 1_700_000_000:9.3f}  {text}")

    def run(self) -> None:
        net, chance = self.net, self.chance
        names = list(net.nodes)
        if self.upgrades:
            self._upgrade_most(names)
        self.people = [Person(self, names[i % len(names)], f"p{i}") for i in range(chance.randint(3, 6))]
        net.run(1.0)
        for person in self.people:
            person.send(f"JOIN {RING}")
            net.run(chance.uniform(0, 0.3))
        net.run(1.0)
        for _ in range(chance.randint(1, 3)):
            self._fault()
        self._heal()

    def _upgrade_most(self, names: list[str]) -> None:
        """Nobody is there yet."""
        for name in names[self.chance.randint(1, 2) :]:
            self.net.leave(name)
            self.net.run(0.5)
            self.net.start(int(name[1:]))
            self.net.run(3.0)
        for node in self.net.nodes.values():
            node.notes.clear()  # the death of a node is no news of the story

    def _fault(self) -> None:
        fault = self._choose()
        self._talk(self.chance.uniform(0.2, 1.0))
        beside = Lossy(self, self.chance) if self.chance.random() < 0.4 and Lossy in self.kinds else None
        text = fault.begin()
        if beside is not None and not isinstance(fault, Lossy):
            text += f", {beside.begin()}"
        self.faults.append(text)
        self._tell(f"FAULT {text}")
        self.forked |= fault.parts
        self.missed |= fault.parts or fault.kills or (beside is not None and isinstance(fault, Cut))
        self.calm = not (fault.kills or isinstance(fault, Hang | Cut))
        self.hanging = isinstance(fault, Hang)
        self.certain.clear()
        self._talk(fault.for_s)
        fault.end()
        if beside is not None and not isinstance(fault, Lossy):
            beside.end()
        self._tell("FAULT ends")
        # The next fault comes when this fault is over, so at most one node is missing at a time.
        self._talk(self.chance.uniform(0.5, 3.0) if self.calm else 6.0)
        self.calm, self.hanging = True, False

    def settled(self, person: Person, texts: list[str], since: float) -> None:
        """The person has a PONG: everybody else has heard the person's lines.

        since: time of the PING. While a node is stopped nobody waits for the people there; but once the node goes on,
        none of the node's PONGs comes before lines for which others had a PONG already (P20).
        """
        if self.hanging and not person.put_out:
            lacking = {text for text, at in self.certain.items() if at <= since} - {*person.ring}
            if lacking:
                self.early.append(f"{person.nick} has its PONG after a stop, and has not heard {sorted(lacking)}")
            for text in texts:
                self.certain.setdefault(text, self.net.now)
        if not self.calm:
            return
        for other in self.here():
            if other.put_out:
                continue
            lacking = {*texts} - {*other.heard(RING)}
            if lacking:
                self.early.append(f"{person.nick} has its PONG, and {other.nick} has not heard {sorted(lacking)}")

    def settled_in_private(self, person: Person, letters: Sequence[tuple[str, Person]]) -> None:
        """The person has a PONG: others have read the person's private messages that were not refused.

        This is not promised to people who gave up the nick on another side of a partition (P32).
        """
        here = [other for other in self.here() if not (other.put_out or other.is_renamed)] if self.calm else ()
        for text, other in letters:
            if text in person.echoed - other.read_in_private and other in here:
                self.early.append(f"{person.nick} has its PONG, and {other.nick} has not read {text}")

    def _choose(self) -> Fault:
        up = sum(node.up for node in self.net.nodes.values())
        kinds = [kind for kind in self.kinds if not kind.kills or up > 2]
        if self.upgrades and up > 2 and Leave in kinds and Upgrade.old(self.net):
            kinds += [Upgrade] * len(kinds)
        return self.chance.choice(kinds)(self, self.chance)

    def _talk(self, for_s: float) -> None:
        """People say and do things for a while."""
        net, chance = self.net, self.chance
        end = net.now + for_s
        while net.now < end:
            net.run(min(chance.expovariate(4.0), max(end - net.now, 0.001)))
            self.act()

    def act(self) -> None:
        """Somebody says or does something."""
        chance = self.chance
        person = chance.choice(self.people)
        if person.closed is not None or not person.node.up or person.node is self.silent:
            return
        act = chance.random()
        if act < 0.62:
            person.say()
        elif act < 0.72:
            person.ping()
        elif act < 0.78:
            person.send(f"TOPIC {RING} :topic-{chance.randrange(1000)}")
        elif act < 0.83:
            person.send(f"MODE {RING} {chance.choice('+-')}{chance.choice('ins')}")
        elif act < 0.86:
            person.send(f"MODE {RING} {chance.choice('+-')}b {MASKS[chance.randrange(5)]}")
        elif act < 0.88:
            person.send(f"{chance.choice(('JOIN', 'PART'))} {SIDE}")
        elif act < 0.98:
            person.whisper(chance.choice([other for other in self.people if other is not person]))
        elif act < 0.99:
            person.send(f"NICK {person.nick}{chance.choice('abc')}")
        else:
            person.send(f"NICK {chance.choice(WANTED)}")

    def _heal(self) -> None:
        net = self.net
        net.loss = net.double = 0.0
        net.delay_s = (0.001, 0.01)
        net.links.heal(at_once=False)
        for node in net.nodes.values():
            node.slow_s = 0.0
        self._tell("HEAL")
        net.run(HEAL_S)
        for person in self.here():
            person.ping()
        net.run(1.0)

    def rest(self, for_s: float) -> None:
        """Nobody talks."""
        self.net.run(for_s)

    def last_words(self) -> None:
        """Run a little before the last node dies: all lines are on disk then."""
        self.net.run(FLUSHED_S)

    def wait(self) -> None:
        """A little more time."""
        self.net.run(1.0)

    def here(self) -> list[Person]:
        """Return the people whose connection and edge lived all the time."""
        return [person for person in self.people if person.node.up and person.closed is None]
