"""A client's own line waits in a group: how far the client is there, and when the line has to be read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gateway.edge.client.asides import Asides
from gateway.edge.client.slots import NOWHERE
from ring.ids import GroupId, Term
from ring.wire.history import Cursor
from tests.gateway.edge.doubles import Double

GROUP, OTHER = GroupId("channel", "#c"), GroupId("channel", "#d")


def place(seq: int) -> Cursor:
    return Cursor(seq, 1_000 + seq, Term(1, "127.0.0.1", 1))


class Stage:
    """Groups at a position, and clients with commands."""

    def __init__(self) -> None:
        self.at = 5
        self.edge: Any = SimpleNamespace(
            network=SimpleNamespace(applied_to=lambda group: place(self.at)),
            told={},
            clients=SimpleNamespace(outputs=SimpleNamespace(dirty={})),
        )
        self.asides = Asides(self.edge)
        self.let_go: list[Any] = []

    def client(self, *, is_remote: bool = False) -> Any:
        sent: list[Any] = []
        forwarder = SimpleNamespace(was_sent=sent.append) if is_remote else None
        remote = SimpleNamespace(forwarder=forwarder)
        return Double(queue=SimpleNamespace(calls={}), remote=remote, sent=sent)

    def call(self, connection: Any) -> Any:
        call = Double(connection=connection, asides=NOWHERE, late=False)
        call.let_go = lambda: self.let_go.append(call)
        connection.queue.calls[call] = None
        return call


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_the_client_is_just_before_the_first_own_line(stage: Stage) -> None:
    ann, bob = stage.client(), stage.client()
    call = stage.call(ann)
    stage.asides.add(GROUP, call)
    stage.at = 6
    stage.asides.add(GROUP, call)
    assert stage.asides.cursor(ann, GROUP) == place(4)
    assert call.asides[GROUP].upto == place(6)
    assert stage.asides.cursor(bob, GROUP) is None and stage.asides.cursor(ann, OTHER) is None
    assert stage.asides.groups == {GROUP: {ann: [call]}}


def test_something_in_the_group_lets_the_waiting_lines_out_with_all_earlier_commands(stage: Stage) -> None:
    ann, bob = stage.client(), stage.client()
    before, mine, after = stage.call(ann), stage.call(ann), stage.call(ann)
    theirs = stage.call(bob)
    for call in (mine, theirs):
        stage.asides.add(GROUP, call)
    stage.asides.release(OTHER, None)
    assert stage.let_go == []
    stage.asides.release(GROUP, bob)
    assert stage.let_go == [before, mine] and after not in stage.let_go


def test_a_command_that_was_let_go_before_is_let_go_once(stage: Stage) -> None:
    call = stage.call(stage.client())
    stage.asides.add(GROUP, call)
    call.late = True
    stage.asides.release(GROUP, None)
    assert stage.let_go == []


def test_at_the_end_nothing_waits_and_the_cursors_are_looked_at_anew(stage: Stage) -> None:
    ann = stage.client()
    call = stage.call(ann)
    for group in (GROUP, OTHER):
        stage.asides.add(group, call)
    stage.asides.end(call)
    assert stage.asides.groups == {} and call.asides is NOWHERE
    assert [*stage.edge.told] == [GROUP, OTHER] and ann in stage.edge.clients.outputs.dirty


def test_the_next_node_of_the_session_learns_how_far_the_client_is(stage: Stage) -> None:
    ann = stage.client(is_remote=True)
    one, two = stage.call(ann), stage.call(ann)
    stage.asides.add(GROUP, one)
    stage.at = 9
    stage.asides.add(GROUP, two)
    stage.asides.end(one)
    assert ann.sent == [{"#c": place(8)}]  # the line of the second command still waits
    stage.asides.end(two)
    assert ann.sent[1:] == [{"#c": place(9)}]
