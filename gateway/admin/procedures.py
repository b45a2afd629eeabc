"""The steps of operators' procedures; a procedure reads from top to bottom. No I/O.

A procedure is a generator. The procedure yields a step, gets the step's answer once the network has answered, and
returns a result or raises `Problem`. A Submit without an answer in time raises `Problem`, too. `run` drives the
procedure. Nothing blocks, and every procedure works alike on any node.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Literal, NamedTuple, TypeVar

from gateway.edge.ports import EdgePort
from gateway.edge.procedures import Step as EdgeStep
from gateway.edge.procedures import Submit, begin
from ring.replication.application import FAILED

T = TypeVar("T")

Why = Literal["invalid", "unknown", "refused", "reused", "unanswered", "too_old", "bug"]
"""invalid: the request is wrong in itself. unknown: there is no such thing. refused: the network refused. reused: the
request's key was used for another request. unanswered: the network did not answer in time. too_old: a node of an older
version holds the network back. bug: the program made a mistake.
"""


class Problem(Exception):
    """The reason why a procedure has no result, in words for the asking program."""

    def __init__(self, why: Why, text: str) -> None:
        super().__init__(text)
        self.why = why
        self.text = text


class AskAll(NamedTuple):
    """A question to every node that is not known dead. The answer is Heard."""

    body: Any


class Heard(NamedTuple):
    """replies: by the node's name. silent: names of nodes that did not answer in time."""

    replies: dict[str, Any]
    silent: tuple[str, ...]


Step = EdgeStep | AskAll
Procedure = Generator[Step, Any, T]


def run(edge: EdgePort, procedure: Procedure[T], done: Callable[[T | Problem], None]) -> None:
    """Run the procedure. done(result or Problem) is called once. A mistake of the program ends only this procedure."""

    def send(answer: Any) -> None:
        try:
            step = procedure.throw(answer) if isinstance(answer, Problem) else procedure.send(answer)
        except StopIteration as end:
            done(end.value)
        except Problem as problem:
            done(problem)
        except Exception as problem:
            edge.network.note_bug("api", problem)
            done(
                Problem("bug", "the server made a mistake with that request: the operator finds the mistake in the log")
            )
        else:
            _begin(edge, step, send)

    send(None)


def _begin(edge: EdgePort, step: Step, done: Callable[[Any], None]) -> None:
    if isinstance(step, Submit):
        begin(edge, step, lambda outcome: done(unanswered() if outcome is FAILED else outcome))
    elif isinstance(step, AskAll):
        _ask_all(edge, step.body, done)
    else:
        begin(edge, step, done)


def unanswered() -> Problem:
    return Problem(
        "unanswered", "the network did not answer in time: the change may or may not be made; look before you try again"
    )


def need_level(edge: EdgePort, level: int) -> None:
    """Raise Problem while the network acts at a lower feature level (P42)."""
    network = edge.network
    if network.level >= level:
        return
    oldest = network.lowest()
    if oldest.level >= level:
        text = "the network is about to act at a newer feature level: try again in a few seconds"
    else:
        text = f"the node {oldest.name} runs an older version, so the network cannot do this yet: upgrade that node"
    raise Problem("too_old", text)


def _ask_all(edge: EdgePort, body: Any, done: Callable[[Heard], None]) -> None:
    nodes = edge.network.live()
    replies: dict[str, Any] = {}
    silent: list[str] = []

    def one(name: str) -> Callable[[Any], None]:
        def arrived(reply: Any) -> None:
            if reply is None:
                silent.append(name)
            else:
                replies[name] = reply
            if len(replies) + len(silent) == len(nodes):
                done(Heard(replies, tuple(sorted(silent))))

        return arrived

    for node in nodes:
        edge.network.ask_node(node.key, body, one(node.name))
