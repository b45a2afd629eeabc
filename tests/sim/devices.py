"""Two accounts whose clients come and go on any node, and talk, while the network suffers (P9, P32, P38)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from gateway.edge.rpc.asks import DeliveredAsk
from gateway.state.account.messages import SetSettings
from gateway.state.session.session import Session
from ring.ids import GroupId
from tests.gateway.commands.accounts import plain, register
from tests.sim.chaos import RING, SETTINGS, Story
from tests.sim.checks import CHECKS
from tests.sim.faults import FAULTS, Fault, PowerCut
from tests.sim.history import RING as RING_GROUP
from tests.sim.history import recalled
from tests.sim.net import Client, Node

ACCOUNTS = ("ann", "bob")
PASSWORD = "sesame"
KINDS = (*FAULTS, PowerCut)
FLUSH_S = 0.05
"""A line is on disk after this time (P35)."""

UNSAID = (" 401 ", " 403 ", " 404 ", "did not answer in time")
"""Replies to a client whose message is not said."""


class Machine:
    """The machine of one connection's client. takes: False once the machine sleeps, or the client has hung up."""

    def __init__(self) -> None:
        self.written = 0
        self.taken = 0
        self.takes = True

    def take(self, count: int) -> None:
        self.written += count
        if self.takes:
            self.taken = self.written

    def arrived(self) -> int:
        return self.taken


class Connection(Client):
    """One connection of a device, from its first byte on.

    said: each text, and when. remembered: whether the network's level is high enough to remember where the device is.
    """

    def __init__(self, device: Device, node: Node) -> None:
        self.device = device
        self.said: dict[str, float] = {}
        device.connections.append(self)
        account = device.account
        nodes = device.story.net.nodes.values()
        self.remembered = all(one.core.engine.level >= DeliveredAsk.SINCE for one in nodes if one.up)
        self.leaves = False
        self.machine = Machine()
        self.begin(device.story.net, node, account, "10.0.0.2")
        self.connection.delivery.receipts = self.machine
        proof = plain(f"{account}@{device.name}", PASSWORD)
        self.send(
            "CAP LS 302", "CAP REQ :sasl server-time echo-message", "AUTHENTICATE PLAIN", f"AUTHENTICATE {proof}",
            "CAP END", f"NICK {account}", f"USER {account} 0 * :{account}",
        )  # fmt: skip

    def receive(self, data: bytes) -> None:
        self.machine.take(len(data))
        if not self.machine.takes:
            return
        before = len(self.got)
        super().receive(data)
        for line in self.got[before:]:
            if " 904 " in line:
                self.net.at(0.0, self.hang_up)
            words = line.split(" ")
            spoken = [index for index, word in enumerate(words[:3]) if word == "PRIVMSG"]
            target = words[spoken[0] + 1] if spoken else ""
            if target == RING or target in ACCOUNTS:
                heard = self.device.heard.setdefault("channel" if target == RING else "conversation", [])
                heard.append(Heard(self.net.now, words[spoken[0] + 2].lstrip(":"), self))

    def hang_up(self) -> None:
        """Let the client go without a word, and hear no more. A client refused at login does so at once, and does not
        talk as a guest.
        """
        if not self.lives:
            return
        self.machine.takes = False  # a stopped node writes to this connection before the node reads the reset
        self.net.turn(self.node, lambda: self.node.core.edge.clients.gone(self.connection, "reset"))
        self.closed = "reset"

    def quit(self) -> None:
        """Send QUIT, and read on until the connection is closed; only then may the device come anew."""
        self.leaves = True
        self.send("QUIT")

    def sleep(self, for_s: float) -> None:
        """Put the client's machine to sleep; the node notices after a while."""
        edge = self.node.core.edge
        self.machine.takes, self.closed = False, "asleep"
        self.net.at(for_s, lambda: self.net.turn(self.node, lambda: edge.clients.gone(self.connection, "timed out")))

    @property
    def lives(self) -> bool:
        return self.closed is None and self.node.up


class Heard(NamedTuple):
    at: float
    text: str
    by: Connection


class Device:
    """One of an account's clients. heard: the lines shown to the client, by the kind of the group."""

    def __init__(self, story: DeviceStory, account: str, name: str) -> None:
        self.story = story
        self.account = account
        self.name = name
        self.said = 0
        self.heard: dict[str, list[Heard]] = {}
        self.connection: Connection | None = None
        self.connections: list[Connection] = []

    def connect(self, node: Node) -> None:
        self.connection = Connection(self, node)

    def say(self) -> None:
        assert self.connection is not None
        other = ACCOUNTS[1 - ACCOUNTS.index(self.account)]
        target = self.story.moves.choice((RING, other)) if self.account == ACCOUNTS[0] else other
        text = f"{self.name}-{self.said}"
        self.connection.said[text] = self.story.net.now
        self.connection.send(f"PRIVMSG {target} :{text}")
        self.said += 1

    @property
    def is_attached(self) -> bool:
        connection = self.connection
        if connection is None or not connection.lives or connection.leaves:
            return False
        return any(" 221 " in line for line in connection.got)


class DeviceStory(Story):
    """A story in which an always-on account listens, too, and talks to another."""

    def __init__(
        self, seed: int, trace: Callable[[str], None] | None = None, kinds: Sequence[type[Fault]] = KINDS
    ) -> None:
        super().__init__(seed, trace, kinds, disks=True)
        ann, bob = ACCOUNTS
        self.devices = [Device(self, ann, "laptop"), Device(self, ann, "phone"), Device(self, bob, "desk")]
        self.moves = random.Random(seed)
        self.naps = random.Random(seed)
        self._make()

    def _make(self) -> None:
        net = self.net
        node = net.nodes["n1"]
        for account in ACCOUNTS:
            first = net.client("n1", account)
            assert any(line.startswith("REGISTER SUCCESS") for line in register(first, PASSWORD))
            node.core.engine.submit(GroupId("account", account), SetSettings("", {"always_on": True}))
            first.quit()
        net.run(3.0)
        for device, name in zip(self.devices, ("n1", "n2", "n3"), strict=True):
            device.connect(net.nodes[name])
            assert net.until(lambda d=device: d.is_attached, 20)
        connection = self.devices[0].connection
        assert connection is not None
        connection.send(f"JOIN {RING}", f"PRIVMSG {ACCOUNTS[1]} :first")
        connection.sync()
        net.run(1.0)

    @property
    def conversation(self) -> GroupId | None:
        """Of the two; None if nobody masters any."""
        return next((g for g in self._conversations() if _parties(g) == {*ACCOUNTS}), None)

    def said_to_guests(self) -> set[str]:
        """Return the texts of the conversations of an account with a guest. A client whose login fails has the nick of
        the client's account for a moment, as on a side of a partition without the account's group."""
        return {text for g in self._conversations() if not _parties(g) <= {*ACCOUNTS} for text in _history(self, g)}

    def _conversations(self) -> set[GroupId]:
        engines = [node.core.engine for node in self.net.nodes.values() if node.up]
        return {group for engine in engines for group, _, _ in engine.mastered("conversation")}

    def _talk(self, for_s: float) -> None:
        end = self.net.now + for_s
        while self.net.now < end:
            super()._talk(min(0.5, end - self.net.now))
            for device in self.devices:
                self._move(device)

    def _move(self, device: Device) -> None:
        """Let the device say something, go away, or come back somewhere."""
        connection, chance = device.connection, self.moves
        if connection is not None and connection.lives and connection.leaves:
            return
        if connection is not None and connection.lives:
            act = chance.random()
            if act < 0.15:
                nap = self.naps.random()
                if nap < 0.3:
                    connection.sleep(self.naps.uniform(0.0, 5.0))
                elif nap < 0.6:
                    connection.quit()
                else:
                    connection.hang_up()
            elif act < 0.4 and device.is_attached:
                device.say()
        elif chance.random() < 0.4:
            nodes = [node for node in self.net.nodes.values() if node.up and not node.hung]
            if nodes:
                device.connect(chance.choice(nodes))

    def _heal(self) -> None:
        super()._heal()
        for device in self.devices:
            tries = 0
            self.net.until(lambda d=device: d.is_attached or not d.connection.lives, 15)
            while not device.is_attached and tries < 10:
                tries += 1
                device.connect(self.moves.choice([node for node in self.net.nodes.values() if node.up]))
                self.net.until(lambda d=device: d.is_attached or not d.connection.lives, 15)
        self.net.run(3.0)


def sent_once(story: DeviceStory) -> Iterator[str]:
    """No device is sent a line again. Exceptions: after an edge died or was cut off, another edge may repeat the last
    lines (P38); and at feature level 0 nobody asks a device's former nodes.
    """
    for device in story.devices:
        for lines in device.heard.values():
            first: dict[str, Heard] = {}
            for heard in lines:
                before = first.setdefault(heard.text, heard)
                if before is not heard and (before.by is heard.by or not _may_come_again(before)):
                    yield f"{device.name} was sent {heard.text} again"


def _may_come_again(heard: Heard) -> bool:
    return not heard.by.remembered or any(since <= heard.at <= until for since, until in heard.by.node.unsure)


def _may_be_lost(story: DeviceStory, heard: Heard) -> bool:
    """A power cut of the whole network may cost the last flush (P35)."""
    return any(at - FLUSH_S <= heard.at <= at for at in story.outages)


def sent_in_order(story: DeviceStory) -> Iterator[str]:
    """The lines sent to a device are the group's history, whole and in order, but for the last flush before a power cut
    of the whole network.
    """
    histories = {"channel": _history(story, RING_GROUP), "conversation": _history(story, story.conversation)}
    elsewhere = story.said_to_guests()
    for device in story.devices:
        for kind, texts in histories.items():
            if device.account != ACCOUNTS[0] and kind == "channel":
                continue
            lines = [line for line in device.heard.get(kind, ()) if line.text in texts or not _may_be_lost(story, line)]
            heard = list(dict.fromkeys(line.text for line in lines))
            if lacking := [text for text in texts if text not in heard]:
                yield f"{device.name} was never sent {lacking}"
            elif untold := [text for text in heard if text not in texts and text not in elsewhere]:
                yield f"{device.name} was sent {untold}, which no history has"
            elif [text for text in heard if text in texts] != texts and not story.forked:
                yield f"{device.name} was sent {heard}, which is not the order of {texts}"
            yield from _in_order_each(story, device, kind, texts)


def _in_order_each(story: DeviceStory, device: Device, kind: str, texts: list[str]) -> Iterator[str]:
    for connection in {heard.by for heard in device.heard.get(kind, ())}:
        places = [texts.index(h.text) for h in device.heard[kind] if h.by is connection and h.text in texts]
        if places != sorted(places) and not story.forked:
            yield f"{device.name} was sent {[texts[place] for place in places]} by one connection"


def said_in_order(story: DeviceStory) -> Iterator[str]:
    """Everybody hears the lines of one connection in the order said, across partitions too (P25)."""
    hearers = [(person.nick, person.heard(RING)) for person in story.people]
    for device in story.devices:
        hearers += [(device.name, [heard.text for heard in lines]) for lines in device.heard.values()]
    for connection in [connection for device in story.devices for connection in device.connections]:
        order = {text: index for index, text in enumerate(connection.said)}
        for name, texts in hearers:
            numbers = [order[text] for text in dict.fromkeys(texts) if text in order]
            if numbers != sorted(numbers):
                yield f"{name} heard {connection.device.name} out of order: {numbers}"


def said_once(story: DeviceStory) -> Iterator[str]:
    """A device's line is in the history once, unless the device's node is killed soon after, or the device is told
    otherwise (P9).
    """
    kept = Counter([*_history(story, RING_GROUP), *_history(story, story.conversation)])
    for connection in [connection for device in story.devices for connection in device.connections]:
        if twice := [text for text in connection.said if kept[text] > 1]:
            yield f"{connection.device.name} said {twice} once, and the history has it more often"
        if story.forked and connection.closed is not None:
            continue  # a side of a partition may have refused the line after the client had gone
        died, lost = connection.node.died, [text for text in connection.said if not kept[text]]
        lacking = [text for text in lost if died - connection.said[text] > SETTINGS.settle_max_s]
        told = sum(any(word in line for word in UNSAID) for line in connection.got)
        if len(lacking) > told:
            yield f"{connection.device.name} said {lacking} on {connection.node.name}, and the history has it not"


def _parties(group: GroupId) -> set[str]:
    """Return the folded account of each person of a conversation; of a guest, the user id."""
    return {part.split(" ")[0] for part in group.name.split(",")}


def _history(story: DeviceStory, group: GroupId | None) -> list[str]:
    return (next(iter(recalled(story.net, group).values())) if group is not None else None) or []


def everybody_is_attached(story: DeviceStory) -> Iterator[str]:
    for device in story.devices:
        if not device.is_attached:
            yield f"{device.name} is not attached: {device.connection.got[-3:] if device.connection else None}"


def one_session_each(story: DeviceStory) -> Iterator[str]:
    """An account is a single user, on a single node."""
    sessions = [
        (group.name, state.owner, state.stored.person.uid)
        for node in story.net.nodes.values()
        if node.up
        for group, state, _ in node.core.engine.mastered("session")
        if isinstance(state, Session) and state.stored.person is not None
    ]
    if sorted(name for name, _, _ in sessions) != [*ACCOUNTS]:
        yield f"the sessions are {sessions}"
    for account in ACCOUNTS:
        users = {
            (node.name, user.uid)
            for node in story.net.nodes.values()
            if node.up
            for user in node.core.edge.users.values()
            if user.session.account == account
        }
        if len(users) != 1:
            yield f"{account} is {users}"


DEVICE_CHECKS = (
    *CHECKS, said_once, said_in_order, sent_once, everybody_is_attached, one_session_each, sent_in_order,
)  # fmt: skip
