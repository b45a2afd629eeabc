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
from tests.gateway.commands.stage import network
from tests.gateway.state.cast import ANN, BOB

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
