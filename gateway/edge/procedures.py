"""Procedures of the edge: what takes several steps on other nodes, written from top to bottom.

Theory of operation. A procedure is a generator. It yields a step, is sent the answer of the step when the network has
answered, and returns its result. `run` drives it: nothing blocks, and a step that is answered at once goes on at once.
The way of a message (PRIVMSG, and what is delivered of it) stays plain calls.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, NamedTuple, TypeVar

from gateway.edge.client.call import Call, Token
from gateway.edge.ports import EdgePort, ignore
from ring.ids import GroupId

T = TypeVar("T")


class Submit(NamedTuple):
    """A command to a group. Answer: the outcome, or why there is none (ring/replication/application.py).

    call: a client's command, in whose turn the client reads what comes of the step."""

    group: GroupId
    command: Any
    call: Call | None = None


class Settle(NamedTuple):
    """Wait until all that this edge has submitted to the groups is applied by everybody. Answer: None."""

    groups: list[GroupId]


class Ask(NamedTuple):
    """A read-only question to the group's master. Answer: None if nobody answers in time."""

    group: GroupId
    question: Any


class AskNode(NamedTuple):
    """A question to one node, by its ring key. Answer: None if the node does not answer in time."""

    key: str
    body: Any


class Sleep(NamedTuple):
    """Wait. Answer: None."""

    seconds: float


class Do(NamedTuple):
    """An operation of the edge. begin(done) starts the operation, and done(answer) is called once."""

    begin: Callable[[Callable[[Any], None]], None]


Step = Submit | Settle | Ask | AskNode | Sleep | Do
Procedure = Generator[Step, Any, T]


def run(edge: EdgePort, procedure: Procedure[T], done: Callable[[T], None] = ignore) -> None:
    """Run the procedure; done(result). The procedure belongs to the client whose line has begun it: a mistake of the
    program in the procedure ends that client alone."""

    def send(answer: Any) -> None:
        try:
            step = procedure.send(answer)
        except StopIteration as end:
            done(end.value)
        else:
            begin(edge, step, edge.clients.mine(send))

    send(None)


def begin(edge: EdgePort, step: Step, done: Callable[[Any], None]) -> None:
    """Begin one step; done(answer) is called once."""
    if isinstance(step, Submit):
        edge.engine.submit(step.group, step.command, done if step.call is None else Token(step.call, done))
    elif isinstance(step, Settle):
        edge.engine.settle(step.groups, lambda: done(None))
    elif isinstance(step, Ask):
        edge.engine.ask(step.group, step.question, done)
    elif isinstance(step, AskNode):
        edge.engine.ask_node(step.key, step.body, done)
    elif isinstance(step, Sleep):
        edge.later(step.seconds, lambda: done(None))
    else:
        step.begin(done)
