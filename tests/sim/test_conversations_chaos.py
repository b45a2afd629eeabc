"""Two people talk while the devices of one come and go and nodes die: each device is sent each line once (P38)."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tests.gateway.commands.accounts import plain
from tests.sim.net import Client, Net, Node
from tests.sim.test_conversations import login, made

LAST_S = 2.0
"""What a node has sent so shortly before it dies may be sent again."""


class Line(Client):
    """One connection of a device. heard: what ann said, with the time."""

    def __init__(self, net: Net, node: Node, device: str, heard: list[tuple[float, str]]) -> None:
        self.heard_at = heard
        self.begin(net, node, "bob", "10.0.0.2")
        proof = plain(f"bob@{device}", "sesame")
        self.send("CAP LS 302", "CAP REQ sasl", "AUTHENTICATE PLAIN", f"AUTHENTICATE {proof}", "CAP END")
        self.send("NICK bob", "USER bob 0 * :bob")

    def receive(self, data: bytes) -> None:
        before = len(self.got)
        super().receive(data)
        found = [line.rpartition(":")[2] for line in self.got[before:] if " PRIVMSG bob :" in line]
        self.heard_at += [(self.net.now, text) for text in found]

    @property
    def is_attached(self) -> bool:
        return self.closed is None and self.node.up and any(" 221 " in line for line in self.got)


class Story:
    def __init__(self, seed: int) -> None:
        self.net = net = Net(4, seed, disks=True)
        self.chance = random.Random(seed)
        made(net, "ann")
        made(net, "bob")
        self.ann = login(net, "n1", "ann")
        self.heard: dict[str, list[tuple[float, str]]] = {"phone": [], "laptop": []}
        self.lines: dict[str, Line] = {}
        for name in self.heard:
            self.lines[name] = self.connect(name)
            assert net.until(lambda name=name: self.lines[name].is_attached, 10)
            net.run(2)
        self.said: list[str] = []
        self.deaths: list[float] = []
        self.down: list[int] = []

    def hang_up(self, line: Line) -> None:
        if line.closed is None and line.node.up:
            self.net.turn(line.node, lambda: line.node.core.edge.gone(line.connection, "reset"))
        line.closed = line.closed or "reset"

    def connect(self, device: str) -> Line:
        if device in self.lines:
            self.hang_up(self.lines[device])
        nodes = [node for node in self.net.nodes.values() if node.up]
        return Line(self.net, self.chance.choice(nodes), device, self.heard[device])

    def go(self, steps: int) -> None:
        for _ in range(steps):
            for _ in range(self.chance.randrange(4)):
                self.said.append(f"m{len(self.said)}")
                self.ann.send(f"PRIVMSG bob :{self.said[-1]}")
            self.net.run(self.chance.uniform(0, 1.5))
            self.move()
            self.kill()
        self.end()

    def move(self) -> None:
        for device, line in self.lines.items():
            if line.is_attached and self.chance.random() < 0.2:
                self.hang_up(line)
            elif not line.is_attached and self.chance.random() < 0.4:
                self.lines[device] = self.connect(device)

    def kill(self) -> None:
        if self.down and self.chance.random() < 0.2:
            self.net.start(self.down.pop())
        elif not self.down and self.chance.random() < 0.1 and self.net.now - max(self.deaths, default=0) > 15:
            number = self.chance.choice([2, 3, 4])
            self.net.kill(f"n{number}")
            self.down.append(number)
            self.deaths.append(self.net.now)

    def end(self) -> None:
        for number in self.down:
            self.net.start(number)
        self.net.run(20)
        for device in self.heard:
            for _ in range(10):
                if self.lines[device].is_attached:
                    break
                self.lines[device] = self.connect(device)
                self.net.until(lambda d=device: self.lines[d].is_attached, 15)
        self.net.run(8)


@pytest.mark.parametrize("seed", range(8))
def test_each_device_is_sent_each_line_once(seed: int) -> None:
    story = Story(seed)
    story.go(60)
    for device, heard in story.heard.items():
        count = Counter(text for _, text in heard)
        assert [text for text in story.said if not count[text]] == [], device
        again = {text for text, times in count.items() if times > 1}
        for text in again:
            first = min(at for at, said in heard if said == text)
            assert any(0 <= death - first < LAST_S for death in story.deaths), (device, text)
        order = list(dict.fromkeys(text for _, text in heard))
        assert order == story.said, device
