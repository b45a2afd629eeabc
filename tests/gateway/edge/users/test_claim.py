"""A claim of a nick that its holder is about to let go, step by step."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.edge.procedures import Ask, AskNode, Procedure, Sleep, Step, Submit
from gateway.edge.rpc.asks import LettingGo, LettingGoAsk
from gateway.edge.users.claim import AGAIN_S, claim
from gateway.irc import numerics as n
from gateway.state.nick.messages import Claim, Granted, NickView, Who
from gateway.state.people import refused
from ring.ids import GroupId
from tests.gateway.commands.stage import network, people
from tests.gateway.state.cast import ANN, BOB
from tests.settings import ring_settings
from tests.sim.net import Net

IN_USE = refused(n.ERR_NICKNAMEINUSE, ANN.nick)
COMMAND = Claim(ANN, True)
HELD, FREE = NickView(BOB), NickView(None)


class Play:
    """A procedure whose steps are answered by the test."""

    def __init__(self, procedure: Procedure[Any]) -> None:
        self._procedure = procedure
        self.result: Any = None
        self.step: Step | None = next(procedure)

    def answer(self, answer: Any) -> Step | None:
        """The next step; None: the procedure has ended."""
        try:
            self.step = self._procedure.send(answer)
        except StopIteration as end:
            self.step, self.result = None, end.value
        return self.step


@pytest.fixture
def play() -> Play:
    edge = network(1).nodes["n1"].core.edge
    return Play(claim(edge, COMMAND))


def submit(play: Play) -> bool:
    return isinstance(play.step, Submit) and play.step.command == COMMAND


def test_a_free_nick_takes_one_step(play: Play) -> None:
    assert submit(play)
    assert play.answer(Granted(ANN)) is None
    assert play.result == Granted(ANN)


def test_a_nick_in_use_is_refused_once_its_holder_says_that_it_stays(play: Play) -> None:
    asked = play.answer(IN_USE)
    assert isinstance(asked, Ask) and asked.question == Who()
    assert play.answer(HELD) == AskNode(BOB.node, LettingGoAsk(BOB.uid, asked.group.name))
    assert play.answer(LettingGo(False)) is None
    assert play.result == IN_USE


def test_a_nick_that_is_let_go_soon_is_claimed_again_a_moment_later(play: Play) -> None:
    play.answer(IN_USE)
    play.answer(HELD)
    assert play.answer(LettingGo(True)) == Sleep(AGAIN_S)
    play.answer(None)
    assert submit(play)


def test_a_nick_that_was_let_go_meanwhile_is_claimed_at_once(play: Play) -> None:
    play.answer(IN_USE)
    play.answer(FREE)
    assert submit(play)


def test_where_the_holders_node_does_not_know_the_holder_the_next_answer_counts(play: Play) -> None:
    play.answer(IN_USE)
    play.answer(HELD)
    play.answer(LettingGo(False, is_here=False))
    assert submit(play)
    assert play.answer(IN_USE) is None
    assert play.result == IN_USE


@pytest.mark.parametrize("silent", ["nick", "node"])
def test_whoever_does_not_answer_is_not_waited_for(play: Play, silent: str) -> None:
    play.answer(IN_USE)
    if silent == "node":
        play.answer(HELD)
    assert play.answer(None) is None
    assert play.result == IN_USE


TRIES = range(15)


def slow(seed: int) -> Net:
    net = network(3, seed=seed)
    net.delay_s = (0.001, 0.04)
    return net


@pytest.mark.parametrize("seed", TRIES)
def test_a_newcomer_takes_a_nick_that_is_being_given_up(seed: int) -> None:
    net = slow(seed)
    ann, bob = people(net, "ann", "bob", channel="#c")
    ann.send("QUIT")
    assert net.until(lambda: any(" QUIT " in line for line in bob.got), 12)
    net.client("n3", "ann")
    bob.sync()


def test_a_nick_that_is_held_is_refused_at_once(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    began = net.now
    assert [line.split(" ")[0] for line in bob.ask("NICK ann")] == ["433"]
    assert net.now - began < 1.0
    assert ann.sync() == []


def test_a_claim_waits_no_longer_than_settle_max_s() -> None:
    """n4 follows the channel and is silent: nobody can say whether n4 has read the QUIT."""
    net = Net(4, seed=2, edge=network(1).edge, engine=ring_settings(settle_max_s=3.0, dead_after_s=60.0))
    owners = net.nodes["n1"].core.engine.peers.owners
    far = [f"x{number}" for number in range(99) if "127.0.0.4" not in owners(GroupId("nick", f"x{number}"))[:3]]
    room = next(
        name for name in (f"#{nick}" for nick in far) if "127.0.0.4" not in owners(GroupId("channel", name))[:3]
    )
    ann, bob, _, _ = people(net, far[0], far[1], far[2], far[3], channel=room)
    net.kill("n4", dark=True)
    ann.send("QUIT")
    assert net.until(lambda: any(" QUIT " in line for line in bob.got), 2)
    began = net.now
    bob.send(f"NICK {far[0]}")
    net.run(1.0)
    assert not [line for line in bob.got if " 433 " in line]
    assert net.until(lambda: any(" 433 " in line or f"NICK {far[0]}" in line for line in bob.got), 20)
    assert 2.0 < net.now - began < 8.0
    assert net.until(lambda: ann.closed is not None, 1)  # the QUIT waits for as long, to a tick
