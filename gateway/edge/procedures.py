"""Procedures of the edge: operations of several steps on other nodes, written from top to bottom.

Theory of operation. A procedure is a generator. The procedure yields a step, is sent the step's answer when the network
has answered, and returns a result. `run` drives the procedure: nothing blocks, and after an immediate answer the
procedure goes on at once. The way of a message (PRIVMSG and the delivery) stays plain calls.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

from gateway.edge.client.call import Call, Token
from gateway.edge.ports import EdgePort
from gateway.edge.session_ports import ignore
from ring.ids import GroupId

T = TypeVar("T")


class Submit(NamedTuple):
    """Submit a command to a group. Answer: the outcome, or why there is no outcome (ring/replication/application.py).

    call: a client's command; the client reads the lines of this step in the turn of the command."""

    group: GroupId
    command: Any
    call: Call | None = None


class Settle(NamedTuple):
    """Wait until everybody has applied all commands of this edge to the groups. Answer: None."""

    groups: list[GroupId]


class Ask(NamedTuple):
    """Ask the group's master a read-only question. Answer: None if nobody answers in time."""

    group: GroupId
    question: Any


class AskNode(NamedTuple):
    """Ask the node with this ring key. Answer: None if the node does not answer in time."""

    key: str
    body: Any


class Sleep(NamedTuple):
    """Wait. Answer: None."""

    seconds: float


class Do(NamedTuple):
    """Carry out an operation of the edge. begin(done) starts the operation, and done(answer) is called once."""

    begin: Callable[[Callable[[Any], None]], None]


class Together(NamedTuple):
    """Run procedures side by side. Answer: the list of results, in the order of the procedures."""

    procedures: Sequence[Generator[Any, Any, Any]]


Step = Submit | Settle | Ask | AskNode | Sleep | Do | Together
Procedure = Generator[Step, Any, T]


def run(edge: EdgePort, procedure: Procedure[T], done: Callable[[T], None] = ignore) -> None:
    """Run the procedure; done(result). The procedure belongs to the client whose line has begun the procedure: a
    mistake of the program in the procedure ends this client alone."""
    _Running(edge, procedure, done).send(None)


class _Running:
    """A procedure under way. No function inside `run`: such a function would refer to itself, and so keep the procedure
    and the client's command until Python's garbage is collected."""

    __slots__ = ("_done", "_edge", "_procedure")

    def __init__(self, edge: EdgePort, procedure: Procedure[Any], done: Callable[[Any], None]) -> None:
        self._edge = edge
        self._procedure = procedure
        self._done = done

    def send(self, answer: Any) -> None:
        """Go on with the answer of the last step, and begin the next step."""
        try:
            step = self._procedure.send(answer)
        except StopIteration as end:
            self._done(end.value)
        else:
            begin(self._edge, step, self._edge.clients.mine(self.send))


def begin(edge: EdgePort, step: Step, done: Callable[[Any], None]) -> None:
    """Begin one step; done(answer) is called once."""
    if isinstance(step, Submit):
        edge.network.submit(step.group, step.command, done if step.call is None else Token(step.call, done))
    elif isinstance(step, Settle):
        edge.network.settle(step.groups, lambda: done(None))
    elif isinstance(step, Ask):
        edge.network.ask(step.group, step.question, done)
    elif isinstance(step, AskNode):
        edge.network.ask_node(step.key, step.body, done)
    elif isinstance(step, Sleep):
        edge.later(step.seconds, lambda: done(None))
    elif isinstance(step, Do):
        step.begin(done)
    else:
        _run_all(edge, step.procedures, done)


def _run_all(edge: EdgePort, procedures: Sequence[Procedure[Any]], done: Callable[[list[Any]], None]) -> None:
    results: dict[int, Any] = {}

    def ended(index: int, result: Any) -> None:
        results[index] = result
        if len(results) == len(procedures):
            done([results[index] for index in range(len(procedures))])

    for index, procedure in enumerate(procedures):
        run(edge, procedure, partial(ended, index))
    if not procedures:
        done([])


def ask(group: GroupId, question: Any) -> Procedure[Any]:
    """Ask the group's master a read-only question, as a procedure for `Together`."""
    return (yield Ask(group, question))
