"""Accounts that are made, changed and dropped on any node, while the network suffers.

One thing at a time is done to each name, so confirmed answers tell the true state. A request without an answer in time
may or may not be done: then both states are right, but all nodes must say the same. The same holds where both sides of
a partition dealt with one name: in the end, the state of one side is the state of the name.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gateway.accounts.credentials import Credentials
from gateway.admin_clients.requests import (
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
from gateway.edge.accounts.verify import look_up
from gateway.edge.procedures import run
from tests.sim.chaos import Story
from tests.sim.checks import CHECKS, history_agrees
from tests.sim.faults import FAULTS, Fault, PowerCut
from tests.sim.net import Node

NAMES = ("ann", "bob", "cat")
GONE_S = 5.0
ANSWERED_S = 60.0
UNSURE = ("nobody answered", "do not answer", "has changed meanwhile")


KINDS = (*FAULTS, PowerCut)


class Name:
    """may_be: the passwords the account may have now; None: there may be no account."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.may_be: set[str | None] = {None}
        self.asked: Node | None = None  # the node with an answer outstanding
        self.since = 0.0
        self.sides: set[frozenset[str]] = set()  # while there are several: parts that have dealt with the name

    def is_busy(self, now: float) -> bool:
        """Return whether an answer may come, or the request may still be on its way: a dead node cannot say."""
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
        self._whole_at = 0.0

    def _talk(self, for_s: float) -> None:
        end = self.net.now + for_s
        while self.net.now < end:
            super()._talk(min(0.4, end - self.net.now))
            self._act_somewhere()

    def rest(self, for_s: float) -> None:
        """Nobody talks, but accounts are dealt with."""
        end = self.net.now + for_s
        self._act_somewhere()
        while self.net.now < end:
            self.net.run(0.2)
            self._act_somewhere()

    def last_words(self) -> None:
        """The last node dies at the moment when something is confirmed."""
        before = self.done
        self.net.until(lambda: self.done > before, 3.0)

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
        if self._side(node) is None:
            name.sides.clear()
        before = set(name.may_be)
        name.may_be |= wanted
        self._deals(name, node)

        def told(reply: Any) -> None:
            self._tell(f"{name.name}: {type(request).__name__} {password}: {reply}")
            self._deals(name, node)
            self._told(name, request, before, password, reply)
            name.asked = None

        ask(self, node, request, told)

    def _told(self, name: Name, request: Request, before: set[str | None], password: str, reply: Any) -> None:
        alone = len(name.sides) < 2
        if isinstance(reply, Done):
            self.done += 1
            if alone and not {one for one in before if (one is None) == isinstance(request, AddAccount)}:
                self.impossible.append(f"{name.name} was {before}, and {type(request).__name__} is done")
            done = {None if isinstance(request, DropAccount) else password}
            name.may_be = done if alone else name.may_be | done
        elif alone and isinstance(reply, Problem) and not any(word in reply.text for word in UNSURE):
            exists = reply.text.startswith("there is an account")
            name.may_be = {one for one in before if (one is not None) == exists}
            if not name.may_be:
                self.impossible.append(f"{name.name} was {before}, and {type(request).__name__}: {reply.text}")

    def _deals(self, name: Name, node: Node) -> None:
        side = self._side(node)
        if side is not None:
            name.sides.add(side)

    def _side(self, node: Node) -> frozenset[str] | None:
        """Return the node's part of the network: the whole network while some nodes may not know earlier deeds of
        others; None if there is but one part.
        """
        parts, now = self.net.links.parts(node.key for node in self.net.nodes.values()), self.net.now
        if len(parts) > 1:
            self._whole_at = now + GONE_S
        elif now >= self._whole_at:
            return None
        return next(part for part in parts if node.key in part)

    def _heal(self) -> None:
        super()._heal()
        self.net.until(lambda: not any(name.asked and name.asked.up for name in self.names), ANSWERED_S)
        self.net.run(GONE_S)


def _credentials(password: str) -> Credentials:
    return Credentials(f"plain {password}")


def ask(story: AccountStory, node: Node, request: Request, done: Callable[[Any], None]) -> None:
    life = node.core
    story.net.turn(node, lambda: answer(life, {}, encode(request), lambda payload: done(read_reply(payload))))


def possible(story: AccountStory) -> Iterator[str]:
    yield from story.impossible


def waits_for_the_missing(story: AccountStory) -> bool:
    """Return whether a node is missing and the network acts at feature level 0: there accounts wait for that node
    (P37).
    """
    nodes = story.net.nodes.values()
    return any(not node.up for node in nodes) and any(node.core.engine.level < 1 for node in nodes if node.up)


def may_start_groups(story: AccountStory) -> bool:
    """Return whether the running nodes may start an account group held by no running node (P37): fewer nodes are
    missing than hold a group, and at least as many run.
    """
    nodes, copies = story.net.nodes.values(), story.net.engine.ring.copies
    missing = sum(not node.up for node in nodes)
    return missing < copies <= len(nodes) - missing


def accounts_agree(story: AccountStory) -> Iterator[str]:
    """Every node says the same of each name, as confirmed. Where no account of the name was confirmed, and nobody may
    start the name's group, all nodes rightly say "unknown".
    """
    if waits_for_the_missing(story):
        return
    nodes = [node for node in story.net.nodes.values() if node.up]
    for name in story.names:
        said = {node.name: _password(story, node, name.name) for node in nodes}
        if len({*said.values()}) != 1:
            yield f"{name.name} is not the same everywhere: {said}"
        elif {*said.values()} == {"?"} and None in name.may_be and not may_start_groups(story):
            continue
        elif not {*said.values()} <= name.may_be:
            yield f"{name.name} is {said[nodes[0].name]}, and may only be {name.may_be}"


def one_node_answers(story: AccountStory) -> Iterator[str]:
    """For each account."""
    kept: list[str] = []
    for node in story.net.nodes.values():
        if node.up:
            replies: list[Any] = []
            ask(story, node, AccountsAsk(), replies.append)
            story.net.until(lambda found=replies: bool(found), 5.0)  # type: ignore[misc]
            assert isinstance(replies[0], Accounts)
            kept += [one.name for one in replies[0].accounts]
    if twice := [name for name, count in Counter(kept).items() if count > 1]:
        yield f"several nodes answer for {twice}"


def _password(story: AccountStory, node: Node, name: str) -> str | None:
    """Return the password as the node sees the account; None: there is no such account; "?": the node does not know."""
    found: list[Any] = []
    story.net.turn(node, lambda: run(node.core.edge, look_up(node.core.edge, name), found.append))
    if not story.net.until(lambda: bool(found), 15.0) or found[0] is None:
        return "?"
    credentials = found[0].credentials
    return credentials.password_hash.removeprefix("plain ") if credentials is not None else None


def everybody_registers(story: AccountStory) -> Iterator[str]:
    """With fewer nodes missing than hold a group, and as many there, free names are registered (P37)."""
    if waits_for_the_missing(story):
        return
    net = story.net
    missing = [node.name for node in net.nodes.values() if not node.up]
    if not may_start_groups(story):
        return
    for node in net.nodes.values():
        if node.up:
            story.serial += 1
            replies: list[Any] = []
            ask(story, node, AddAccount(f"new{story.serial}", _credentials("new")), replies.append)
            net.until(lambda found=replies: bool(found), 20.0)  # type: ignore[misc]
            if not replies or not isinstance(replies[0], Done):
                yield f"{node.name} registers nobody while {missing} are missing: {replies}"


TALK_CHECKS = [promise for promise in CHECKS if promise is not history_agrees]
"""In these stories the power may be cut in the moment after a message, and the message may be lost (P35)."""

ACCOUNT_CHECKS = (*TALK_CHECKS, possible, accounts_agree, one_node_answers, everybody_registers)
