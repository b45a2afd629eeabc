"""Receivers of webhooks, behind a network that loses requests and answers. Receivers drop repeats by the key."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from gateway.webhooks.deliveries import Post
from gateway.webhooks.message import KEY, SIGNATURE, sign

if TYPE_CHECKING:
    from tests.sim.net import Net, Node

LOSSES = 0.05
"""Chance of a request, and of an answer, to be lost, and of an answer 500."""


class Heard(NamedTuple):
    """A request on arrival. content: the request's JSON."""

    at: float
    node: str
    key: str
    content: dict[str, Any]


class Receiver:
    """url: the receiver's place. up: whether the receiver takes requests. unreached: names of nodes whose requests do
    not come here.
    """

    def __init__(self, net: Net, url: str, chance: random.Random) -> None:
        self.net = net
        self.url = url
        self.chance = chance
        self.secret = ""
        self.up = True
        self.losses = LOSSES
        self.unreached: set[str] = set()
        self.heard: list[Heard] = []
        self.kept: dict[str, Heard] = {}  # by key: the first of each
        self.forged: list[Post] = []  # requests with a signature of another secret
        self.gaps = 0
        net.receivers[url] = self

    @property
    def texts(self) -> list[str]:
        """The messages without repeats, in the order of first arrival."""
        return [heard.content["text"] for heard in self.kept.values()]

    def post(self, node: Node, post: Post) -> None:
        """A node has sent a request."""
        net, chance = self.net, self.chance
        there_s, back_s = chance.uniform(0.001, 0.2), chance.uniform(0.001, 0.2)
        ends = net.now + post.time_limit_s
        lost = chance.random() < self.losses or node.name in self.unreached
        unheard = chance.random() < self.losses

        def arrive() -> None:
            if not self.up:
                net.at(back_s, lambda: self._tell(node, lambda: node.core.webhooks.failed(post.number, "refused")))
                return
            taken = self._take(node, post)
            if unheard or node.name in self.unreached:
                self._time_out(node, post, ends)
            else:
                status = 500 if chance.random() < self.losses else 204 if taken else 200
                net.at(back_s, lambda: self._tell(node, lambda: node.core.webhooks.answered(post.number, status)))

        if lost:
            self._time_out(node, post, ends)
        else:
            net.at(there_s, arrive)

    def _take(self, node: Node, post: Post) -> bool:
        """Return whether the message is new: a repeat is dropped."""
        at = int(post.headers[SIGNATURE].partition(",")[0].removeprefix("t="))
        if post.headers[SIGNATURE] != sign(self.secret, at, post.content):
            self.forged.append(post)
            return False
        heard = Heard(self.net.now, node.name, post.headers[KEY], msgspec.json.decode(post.content))
        self.heard.append(heard)
        if heard.key in self.kept:
            return False
        self.kept[heard.key] = heard
        self.gaps += heard.content["gap"]
        return True

    def _time_out(self, node: Node, post: Post, ends: float) -> None:
        self.net.at(
            ends - self.net.now, lambda: self._tell(node, lambda: node.core.webhooks.failed(post.number, "lost"))
        )

    def _tell(self, node: Node, news: Any) -> None:
        self.net.turn(node, news)
