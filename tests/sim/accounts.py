"""Accounts that are made, changed and dropped on whatever node, while the network suffers.

One thing at a time is done to each name, so what is confirmed tells what has to be true. What nobody answered in time
may or may not be done: then both are right, but all nodes must say the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gateway.accounts.credentials import Credentials
from gateway.edge.proving import look_up
from gateway.guests import (
    Accounts,
    AccountsAsk,
    AddAccount,
    Done,
    DropAccount,
    Problem,
    Request,
    SetPassword,
    answer,
    encode,
    read_reply,
)
from tests.sim.chaos import Story
from tests.sim.faults import Crash, Dark, Fault, Hang, Join, Leave, Lossy, Reset, Slow
from tests.sim.net import Node

NAMES = ("ann", "bob", "cat")
GONE_S = 5.0
UNSURE = ("nobody answered", "does not answer", "has changed meanwhile")


class PowerCut(Fault):
    """One machine after the other until all are dark, the last at the moment when something is confirmed.

    The first comes back first: what it has on disk is old.
    """

    kills = True
    most_s = 3.0
    story: AccountStory

    def begin(self) -> str:
        net = self.net
        self.records = [node.core.engine.peers.me for node in net.nodes.values() if node.up]
        self.down = [self.chance.choice(self.nodes()).name]
        net.kill(self.down[0])
        self.story.act_for(self.chance.uniform(0.0, 6.0))
        before = self.story.done
        net.until(lambda: self.story.done > before, 3.0)
        for node in net.nodes.values():
            if node.up:
                self.down.append(node.name)
                net.kill(node.name)
        return f"a power cut, {self.down[0]} first"

    def end(self) -> None:
        for name in self.down:
            self.net.start(int(name[1:]), [r for r in self.records if r.key != self.net.nodes[name].key])
            self.story.act_for(self.chance.choice((0.0, 0.5, 3.0)))


KINDS = (Crash, Dark, Hang, Join, Leave, Lossy, PowerCut, Reset, Slow)


class Name:
    """may_be: the passwords that the account may have now, None: there may be no account."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.may_be: set[str | None] = {None}
        self.asked: Node | None = None  # who has not answered yet
        self.since = 0.0

    def is_busy(self, now: float) -> bool:
        """Whether an answer may come, or what was asked may still be on its way: the node that died cannot say."""
        return self.asked is not None and (self.asked.up or now < self.since + GONE_S)


class AccountStory(Story):
    def __init__(
        self, seed: int, trace: Callable[[str], None] | None = None, kinds: Sequence[type[Fault]] = KINDS
    ) -> None:
        super().__init__(seed, trace, kinds, disks=True)
        self.names = [Name(name) for name in NAMES]
        self.acts = random.Random(seed)
        self.serial = 0
        self.done = 0
        self.impossible: list[str] = []

    def _talk(self, for_s: float) -> None:
        end = self.net.now + for_s
        while self.net.now < end:
            super()._talk(min(0.4, end - self.net.now))
            self._act_somewhere()

    def act_for(self, for_s: float) -> None:
        """Nobody talks, but accounts are dealt with."""
        end = self.net.now + for_s
        self._act_somewhere()
        while self.net.now < end:
            self.net.run(0.2)
            self._act_somewhere()

    def _act_somewhere(self) -> None:
        free = [name for name in self.names if not name.is_busy(self.net.now)]
        nodes = [node for node in self.net.nodes.values() if node.up and not node.hung and node.core.attending]
        if free and nodes and self.acts.random() < 0.7:
            self._act(self.acts.choice(free), self.acts.choice(nodes))

    def _act(self, name: Name, node: Node) -> None:
        self.serial += 1
        password = f"{name.name}-{self.serial}"
        act = self.acts.random()
        request: Request
        if act < 0.45:
            request, wanted = (
                AddAccount(name.name, _credentials(password)),
                {password} if None in name.may_be else set(),
            )
        elif act < 0.85:
            request, wanted = (
                SetPassword(name.name, _credentials(password)),
                {password} if {*name.may_be} - {None} else set(),
            )
        else:
            request, wanted = DropAccount(name.name), {None}
        name.asked, name.since = node, self.net.now
        before = set(name.may_be)
        name.may_be |= wanted
        ask(self, node, request, lambda reply: self._told(name, request, before, password, reply))

    def _told(self, name: Name, request: Request, before: set[str | None], password: str, reply: Any) -> None:
        self._tell(f"{name.name}: {type(request).__name__} {password}: {reply}")
        if isinstance(reply, Done):
            self.done += 1
            if not {one for one in before if (one is None) == isinstance(request, AddAccount)}:
                self.impossible.append(f"{name.name} was {before}, and {type(request).__name__} is done")
            name.may_be = {None if isinstance(request, DropAccount) else password}
        elif isinstance(reply, Problem) and not any(word in reply.text for word in UNSURE):
            exists = reply.text.startswith("there is an account")
            name.may_be = {one for one in before if (one is not None) == exists}
            if not name.may_be:
                self.impossible.append(f"{name.name} was {before}, and {type(request).__name__}: {reply.text}")
        name.asked = None

    def _heal(self) -> None:
        super()._heal()
        self.net.run(60.0)  # whatever was under way is answered, or given up


def _credentials(password: str) -> Credentials:
    return Credentials(f"plain {password}")


def ask(story: AccountStory, node: Node, request: Request, done: Callable[[Any], None]) -> None:
    life = node.core
    story.net.turn(node, lambda: answer(life, {}, encode(request), lambda payload: done(read_reply(payload))))


def check_accounts(story: AccountStory) -> Iterator[str]:
    """Every node says the same of each name, and what was confirmed is so."""
    yield from story.impossible
    nodes = [node for node in story.net.nodes.values() if node.up]
    for name in story.names:
        said = {node.name: _password(story, node, name.name) for node in nodes}
        if len({*said.values()}) != 1:
            yield f"{name.name} is not the same everywhere: {said}"
        elif not {*said.values()} <= name.may_be:
            yield f"{name.name} is {said[nodes[0].name]}, and may only be {name.may_be}"
    kept: list[str] = []
    for node in nodes:
        replies: list[Any] = []
        ask(story, node, AccountsAsk(), replies.append)
        story.net.until(lambda found=replies: bool(found), 5.0)  # type: ignore[misc]
        assert isinstance(replies[0], Accounts)
        kept += [one.name for one in replies[0].accounts]
    twice = sorted({name for name in kept if kept.count(name) > 1})
    if twice:
        yield f"several nodes answer for {twice}"


def _password(story: AccountStory, node: Node, name: str) -> str | None:
    """As the node sees it: None: there is no such account; "?" if it does not know."""
    found: list[Any] = []
    story.net.turn(node, lambda: look_up(node.core.edge, name, found.append))
    if not story.net.until(lambda: bool(found), 15.0) or found[0] is None:
        return "?"
    credentials = found[0].credentials
    return credentials.password_hash.removeprefix("plain ") if credentials is not None else None
