"""Bans of the network that are added, changed and lifted on any node, while the network suffers.

One thing at a time is done to each ban, so confirmed answers tell the true state, as in accounts.py. While nodes are
missing, the other nodes may not know a ban, and answer that there is no such ban: then both states are right until
all nodes are back. In the end every node has the same list, carries the list out, and no ban is lost or is back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.edge.bans.network_bans import BANS, LEVEL
from gateway.state.bans.messages import Done, Entry, Lift, NotDone, Put
from tests.sim.accounts import GONE_S, TALK_CHECKS, AccountStory, Name
from tests.sim.net import Node

ADDRESSES = tuple(f"192.0.2.{number}" for number in range(1, 25))
"""So many that some bans are not touched any more after the last fault."""


class Address(Name):
    """states: the reasons that the ban of the address may have now; None: the ban may be lifted."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.states: set[str | None] = {None}


class BanStory(AccountStory):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.addresses = [Address(name) for name in ADDRESSES]
        self.names = [*self.addresses]
        self._missed_at = 0.0  # when a node was seen missing
        self._has_wrong_clocks = False

    def _is_whole(self) -> bool:
        """Tell whether all nodes run, and have run for long enough to know each other's lists."""
        nodes = self.net.nodes.values()
        self._has_wrong_clocks = self._has_wrong_clocks or any(node.ahead_s for node in nodes)
        if not all(node.up and node.core.edge.bans.follows for node in nodes):
            self._missed_at = self.net.now
        return self.net.now >= self._missed_at + GONE_S

    def last_words(self) -> None:
        """The last node dies at the moment when a ban is confirmed."""
        before = self.done
        for _ in range(5):
            self._act_somewhere()
            if self.net.until(lambda: self.done > before, 0.5):
                return

    def _act(self, name: Name, node: Node) -> None:
        assert isinstance(name, Address)
        self.serial += 1
        before, reason = set(name.states), f"r{self.serial}"
        command: Any = Put(Entry("dline", name.name, 0, "op(op)", 0, reason), 100)
        wanted: str | None = reason
        if self.acts.random() < 0.4:
            command, wanted = Lift("dline", name.name, "op(op)"), None
        name.asked, name.since = node, self.net.now
        self._is_whole()
        if self._side(node) is None:
            name.sides.clear()
        name.states.add(wanted)
        self._deals(name, node)

        def told(outcome: Any) -> None:
            self._tell(f"{name.name}: {command} {outcome}")
            self._deals(name, node)
            self._heard(name, before, wanted, outcome)
            name.asked = None

        life = node.core
        self.net.turn(node, lambda: life.engine.submit(BANS, command, told))

    def _heard(self, name: Address, before: set[str | None], wanted: str | None, outcome: Any) -> None:
        alone = len(name.sides) < 2 and self._is_whole()
        if isinstance(outcome, Done):
            self.done += 1
            is_last = alone or (len(name.sides) < 2 and not self._has_wrong_clocks)  # the last writer counts
            name.states = {wanted} if is_last else name.states | {wanted}
            if alone and wanted is None and not before - {None}:
                self.impossible.append(f"{name.name} was not banned, and the ban was lifted")
        elif isinstance(outcome, NotDone) and not alone:
            name.states = name.states if wanted in before else name.states - {wanted}
        elif isinstance(outcome, NotDone):
            name.states = before & {None}
            if not name.states:
                self.impossible.append(f"{name.name} was banned ({before}), and there is no ban to lift")


def _list(node: Node) -> dict[str, str] | None:
    """Return the reasons by address, as the node knows the list; None if the node does not follow the list."""
    bans = node.core.edge.bans
    state = bans.state
    if state is None or not bans.follows:
        return None
    return {entry.mask: entry.reason for entry in state.active("dline", node.core.engine.now_ms)}


def bans_agree(story: BanStory) -> Iterator[str]:
    """Every node follows the list, and has the same list, as confirmed. A network of an older level has no list. While
    a node is missing, a ban that the node alone has may be missing, too."""
    nodes = [node for node in story.net.nodes.values() if node.up]
    if any(node.core.engine.level < LEVEL for node in nodes):
        return
    said = {node.name: _list(node) for node in nodes}
    first = said[nodes[0].name]
    if first is None or any(one != first for one in said.values()):
        yield f"the list is not the same everywhere: {said}"
        return
    for address in story.addresses if len(nodes) == len(story.net.nodes) else ():
        if first.get(address.name) not in address.states:
            yield f"{address.name} is {first.get(address.name)}, and may only be {address.states}"


def bans_hold(story: BanStory) -> Iterator[str]:
    """Every node refuses the banned addresses, with the reason, and no others."""
    for node in story.net.nodes.values():
        if node.up:
            known = _list(node) or {}
            for name in ADDRESSES:
                wanted = f"D-lined: {known[name]}" if name in known else ""
                if node.core.edge.bans.refuses(name) != wanted:
                    yield f"{node.name} answers {name} with {node.core.edge.bans.refuses(name)!r}, not {wanted!r}"


def possible(story: BanStory) -> Iterator[str]:
    yield from story.impossible


BAN_CHECKS = (*TALK_CHECKS, possible, bans_agree, bans_hold)
