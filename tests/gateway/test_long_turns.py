"""No turn of a node is long, however many channels and people the node has (P23).

The steps of each turn are counted (tests/growth.py), so the test says the same on every machine. The slices are small
here, so that few channels suffice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway.commands import listing, who
from gateway.edge import slices
from gateway.edge.client import attention, clients
from gateway.edge.direct import conversations
from gateway.edge.reconciling import EVERY_S
from gateway.edge.rpc import answers, catalogue, census, gathering
from gateway.edge.rpc.asks import SeatsAsk
from gateway.edge.sessions import resume
from gateway.edge.users import nick_ownership
from gateway.edge.views import seats
from ring import looking, submit
from tests.gateway.commands.stage import network
from tests.growth import counted
from tests.settings import edge_with
from tests.sim import net as simulator
from tests.sim.net import Client, Net

CHANNELS = 1_600
PER_PERSON = 2

SMALL: Any = [
    *((module, "RUN", 50) for module in (slices, catalogue, census, resume, answers)),
    *((module, "PART", 5) for module in (catalogue, clients, conversations, listing, nick_ownership, who)),
    (seats, "MEMBERS", 100), (attention, "LOOKS", 5), (submit, "IDLE_LOOKS", 20), (looking, "SLICE", 5),
    (simulator, "STEPS", 4), (gathering, "PAGE", 20),
]  # fmt: skip
"""Slices that are small enough for so few channels."""

MOST = 6_000
"""Steps of a turn: a loop over all people or channels takes more."""


class World:
    """A node with so many channels, and half as many people, each alone in 2 channels, and all in #all."""

    def __init__(self, channels: int) -> None:
        self.net = network(1)
        self.node = self.net.nodes["n1"]
        self.people: list[Client] = []
        for number in range(channels // PER_PERSON):
            names = [f"#{number}-{own}" for own in range(PER_PERSON)]
            self.people.append(Client(self.net, self.node, f"p{number}"))
            self.net.run(0.01)
            self.people[-1].send(f"JOIN {','.join(names)}")
        self.net.run(1.0)
        for person in self.people:
            person.send("JOIN #all")
            person.got.clear()
        self.net.run(EVERY_S + 10.0)
        for person in self.people:
            person.got.clear()

    def longest(self, act: Callable[[World], None], seconds: float, patch: pytest.MonkeyPatch) -> int:
        """Return the steps of the longest turn, while `act` and the seconds after run."""
        found: list[int] = []
        turn = Net.turn

        def watched(net: Net, node: simulator.Node, job: Callable[[], Any]) -> None:
            with counted() as steps:
                turn(net, node, job)
            found.append(steps.steps)

        with patch.context() as inner:
            inner.setattr(Net, "turn", watched)
            act(self)
            self.net.run(seconds)

        return max(found)

    def ask_itself(self, ask: Any) -> None:
        given: list[Any] = []
        own = self.node.core.engine
        self.net.turn(self.node, lambda: own.ask_node(own.me.key, ask, given.append))
        self.net.run(5.0)
        assert given and given[0] is not None


@pytest.fixture(scope="module")
def world() -> World:
    return World(CHANNELS)


def list_all(world: World) -> None:
    world.people[0].send("LIST")
    world.net.run(3.0)
    assert world.people[0].got[-1].endswith("End of /LIST")


def who_mask(world: World) -> None:
    world.people[0].send("WHO *")
    world.net.run(3.0)
    assert " 315 " in world.people[0].got[-1] and len(world.people[0].got) > len(world.people)


def who_channel(world: World) -> None:
    world.people[0].send("WHO #all")
    world.net.run(3.0)
    assert " 315 " in world.people[0].got[-1] and len(world.people[0].got) > len(world.people)


def reconcile(world: World) -> None:
    world.people[0].send("JOIN #more", "PART #more")  # a change, after which all is compared and counted
    world.net.run(EVERY_S + 1.0)


def configure(world: World) -> None:
    core = world.node.core
    before = core.edge.settings
    for settings in (edge_with(before, sendq=before.clients.sendq // 2), before):
        world.net.turn(world.node, lambda settings=settings: core.edge.configure(settings))
        world.net.run(5.0)


def seats_of_a_user(world: World) -> None:
    world.ask_itself(SeatsAsk("nobody"))


@pytest.mark.parametrize(
    "act", [list_all, who_mask, who_channel, reconcile, configure, seats_of_a_user], ids=lambda act: act.__name__
)
def test_no_turn_looks_at_all_channels_or_all_people(
    act: Callable[[World], None], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name, value in SMALL:
        monkeypatch.setattr(module, name, value)
    assert world.longest(act, 1.0, monkeypatch) <= MOST


def test_the_count_sees_a_loop_over_all_people(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, value in SMALL:
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(nick_ownership, "PART", 10_000)
    assert world.longest(reconcile, 1.0, monkeypatch) > MOST
