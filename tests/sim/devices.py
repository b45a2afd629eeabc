"""An account with several clients that come and go, on whatever node, while the network suffers (P38)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from gateway.groups.account_messages import SetSettings
from gateway.groups.session import Session
from ring.ids import GroupId
from tests.gateway.commands.accounts import plain, register
from tests.sim.chaos import RING, Story
from tests.sim.faults import Crash, Dark, Fault, Hang, Join, Leave, Lossy, Reset, Slow
from tests.sim.net import Client, Node

ACCOUNT = "ann"
PASSWORD = "sesame"
KINDS = (Crash, Dark, Hang, Join, Leave, Lossy, Reset, Slow)
LAST_S = 1.5
"""What a crashed edge has sent so shortly before may be sent again."""


class Connection(Client):
    """One connection of a device, from its first byte on."""

    def __init__(self, device: Device, node: Node) -> None:
        self.device = device
        self.begin(device.story.net, node, ACCOUNT, "10.0.0.2")
        name = f"{ACCOUNT}@{device.name}"
        self.send(
            "CAP LS 302", "CAP REQ :sasl server-time", "AUTHENTICATE PLAIN", f"AUTHENTICATE {plain(name, PASSWORD)}",
            "CAP END", f"NICK {ACCOUNT}", f"USER {ACCOUNT} 0 * :{ACCOUNT}",
        )  # fmt: skip

    def receive(self, data: bytes) -> None:
        before = len(self.got)
        super().receive(data)
        for line in self.got[before:]:
            words = line.split(" ")
            spoken = [index for index, word in enumerate(words[:3]) if word == "PRIVMSG"]
            if spoken and words[spoken[0] + 1] == RING:
                self.device.heard.append((self.net.now, words[spoken[0] + 2].lstrip(":")))

    @property
    def lives(self) -> bool:
        return self.closed is None and self.node.up


class Device:
    """One of the account's clients. heard: what it was shown of the channel, with the time."""

    def __init__(self, story: DeviceStory, name: str) -> None:
        self.story = story
        self.name = name
        self.heard: list[tuple[float, str]] = []
        self.connection: Connection | None = None

    def connect(self, node: Node) -> None:
        self.connection = Connection(self, node)

    @property
    def is_attached(self) -> bool:
        connection = self.connection
        return connection is not None and connection.lives and any(" 221 " in line for line in connection.got)


class DeviceStory(Story):
    """A story in which an always-on account listens, too."""

    def __init__(
        self, seed: int, trace: Callable[[str], None] | None = None, kinds: Sequence[type[Fault]] = KINDS
    ) -> None:
        super().__init__(seed, trace, kinds, disks=True)
        self.devices = [Device(self, name) for name in ("laptop", "phone")]
        self.moves = random.Random(seed)
        self.deaths: list[float] = []
        self._make()

    def _make(self) -> None:
        net = self.net
        first = net.client("n1", ACCOUNT)
        assert any(line.startswith("REGISTER SUCCESS") for line in register(first, PASSWORD))
        node = net.nodes["n1"]
        node.core.engine.submit(GroupId("account", ACCOUNT), SetSettings("", {"always_on": True}))
        first.quit()
        net.run(3.0)
        for device, name in zip(self.devices, ("n1", "n2"), strict=True):
            device.connect(net.nodes[name])
            assert net.until(lambda d=device: d.is_attached, 20)
        connection = self.devices[0].connection
        assert connection is not None
        connection.send(f"JOIN {RING}")
        connection.sync()
        net.run(1.0)

    def _talk(self, for_s: float) -> None:
        end = self.net.now + for_s
        while self.net.now < end:
            super()._talk(min(0.5, end - self.net.now))
            for device in self.devices:
                self._move(device)

    def _move(self, device: Device) -> None:
        """It goes away, or comes back somewhere."""
        connection, chance = device.connection, self.moves
        if connection is not None and connection.lives:
            if chance.random() < 0.15:
                self.net.turn(connection.node, lambda: connection.node.core.edge.gone(connection.connection, "reset"))
                connection.closed = "reset"
        elif chance.random() < 0.4:
            nodes = [node for node in self.net.nodes.values() if node.up and not node.hung]
            device.connect(chance.choice(nodes))

    def _heal(self) -> None:
        super()._heal()
        for device in self.devices:
            tries = 0
            while not device.is_attached and tries < 10:
                tries += 1
                device.connect(self.moves.choice([node for node in self.net.nodes.values() if node.up]))
                self.net.until(lambda d=device: d.is_attached or not d.connection.lives, 15)
        self.net.run(3.0)


def check_devices(story: DeviceStory) -> Iterator[str]:
    """Every device has heard each line that everybody has, once."""
    witnesses = [{*person.ring} for person in story.here() if person.ring]
    everything = set.intersection(*witnesses) if witnesses else set()
    for device in story.devices:
        if not device.is_attached:
            yield f"{device.name} is not attached: {device.connection.got[-3:] if device.connection else None}"
            continue
        count = Counter(text for _, text in device.heard)
        lacking = sorted(text for text in everything if not count[text])
        if lacking:
            yield f"{device.name} was never sent {lacking}"
        twice = [text for text, times in count.items() if times > 1 and not _was_late(story, device, text)]
        if twice:
            yield f"{device.name} was sent {twice} more than once"
    sessions = {
        (state.host, state.stored.person.uid)
        for node in story.net.nodes.values()
        if node.up
        for _, state, _ in node.core.engine.mastered("session")
        if isinstance(state, Session) and state.stored.person is not None
    }
    if len(sessions) != 1:
        yield f"{ACCOUNT} has the sessions {sessions}"


def _was_late(story: DeviceStory, device: Device, text: str) -> bool:
    """Whether a line came again because the node that had sent it died within a moment."""
    times = [at for at, heard in device.heard if heard == text]
    return any(0 <= death - times[0] < LAST_S for death in story.killed_at)
