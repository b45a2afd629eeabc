"""Two receivers are posted the channel's messages, while the network and the receivers suffer (P44 to P48)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from config.webhooks import Webhooks
from gateway.admin.procedures import run
from gateway.admin.webhooks import Made, create
from gateway.state.channel.history import WEBHOOK
from ring.wire.history import Query
from tests.sim.chaos import RING, Story
from tests.sim.checks import CHECKS, history_agrees
from tests.sim.faults import FAULTS, Fault, PowerCut
from tests.sim.history import recall, told
from tests.sim.receivers import Receiver

KINDS = (*FAULTS, PowerCut)
SETTINGS = Webhooks(allow=("*.example.net",), time_limit_s=3.0)
URLS = ("https://a.example.net/hook", "http://b.example.net/hook?token=1")
DELIVERED_S = 400.0
"""An unlucky receiver is left alone for up to five minutes."""


class WebhookStory(Story):
    """A story in which everything said in the channel is posted to two receivers."""

    def __init__(
        self, seed: int, trace: Callable[[str], None] | None = None, kinds: Sequence[type[Fault]] = KINDS
    ) -> None:
        super().__init__(seed, trace, kinds, disks=True, upgrades=False)
        self.moves = random.Random(seed)
        self.net.configure_webhooks(SETTINGS)
        self.receivers = [Receiver(self.net, url, random.Random(f"{seed} {url}")) for url in URLS]
        for receiver in self.receivers:
            subscribe(receiver, RING)

    def _talk(self, for_s: float) -> None:
        end = self.net.now + for_s
        while self.net.now < end:
            super()._talk(min(0.5, end - self.net.now))
            for receiver in self.receivers:
                self._move(receiver)

    def _move(self, receiver: Receiver) -> None:
        """Let the receiver go down, come back, or be out of reach of some nodes."""
        act = self.moves.random()
        if act < 0.06:
            receiver.up = False
        elif act < 0.16:
            receiver.up = True
        elif act < 0.20:
            receiver.unreached = {name for name in self.net.nodes if self.moves.random() < 0.4}
        elif act < 0.28:
            receiver.unreached = set()

    def _heal(self) -> None:
        for receiver in self.receivers:
            receiver.up, receiver.unreached, receiver.losses = True, set(), 0.0
        super()._heal()
        self.net.until(lambda: not any(lacking(self, receiver) for receiver in self.receivers), DELIVERED_S)
        self.net.run(2.0)


def subscribe(receiver: Receiver, channel: str) -> Made:
    """By way of n1."""
    net, found = receiver.net, list[Any]()
    core = net.nodes["n1"].core
    procedure = create(core.edge, core.webhooks.allow, channel, receiver.url, None, "root")
    net.turn(net.nodes["n1"], lambda: run(core.edge, procedure, found.append))
    assert net.until(lambda: bool(found), 10.0) and isinstance(found[0], Made), found
    receiver.secret = found[0].secret
    net.run(1.0)
    return found[0]


def lacking(story: WebhookStory, receiver: Receiver) -> set[str]:
    """Return messages that people know to be said in the channel, and that the receiver lacks."""
    return {text for person in story.people for text in person.sure} - {*receiver.texts}


def webhook_once(story: WebhookStory) -> Iterator[str]:
    """A receiver that drops repeats by their key has each message once."""
    for receiver in story.receivers:
        if twice := sorted(text for text, count in Counter(receiver.texts).items() if count > 1):
            yield f"{receiver.url} has {twice} under more than one key"
        if receiver.forged:
            yield f"{receiver.url} was sent {len(receiver.forged)} requests with a wrong signature"


def webhook_whole(story: WebhookStory) -> Iterator[str]:
    """A receiver has all messages that people are sure of, and all messages of the history, and nothing else; and is
    told of no gap.
    """
    node = next(node for node in story.net.nodes.values() if node.up)
    kept = told(recall(story.net, node.name, Query(4000, wanted=WEBHOOK)))
    for receiver in story.receivers:
        if lost := sorted(lacking(story, receiver) | ({*kept} - {*receiver.texts})):
            yield f"{receiver.url} never had {lost}"
        if untold := sorted({*receiver.texts} - {*kept}):
            yield f"{receiver.url} has {untold}, which no history has"
        if receiver.gaps:
            yield f"{receiver.url} was told of {receiver.gaps} messages that it was not sent"


def webhook_order(story: WebhookStory) -> Iterator[str]:
    """A person's messages come to each receiver in the order in which the person sent the messages."""
    for receiver in story.receivers:
        for person in story.people:
            numbers = [int(text.rpartition("-")[2]) for text in receiver.texts if text in person.said]
            if numbers != sorted(numbers):
                yield f"{receiver.url} has {person.nick} out of order: {numbers}"


WEBHOOK_CHECKS = (
    *(check for check in CHECKS if check is not history_agrees), webhook_once, webhook_order, webhook_whole,
)  # fmt: skip
"""Without history_agrees: a story takes longer than people are waited for, and then a channel with +i or +s is closed,
and shows nobody the history.
"""
