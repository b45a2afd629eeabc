"""The steps of a command on the network: turns, continuations, and the words for each failure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway.edge.client.call import Call
from gateway.edge.rpc.asks import ExpelAsk
from gateway.irc.message import Message
from gateway.state.idempotency import IdempotencyKey, Speaker
from gateway.state.people import refused
from ring.ids import Incarnation
from ring.replication.application import FAILED, EventId, Halted, Unsupported
from tests.gateway.commands.stage import network, people
from tests.sim.net import Client


@pytest.fixture
def ann() -> Client:
    return people(network(1), "ann")[0]


def begin(client: Client) -> Call:
    """A command under way, held until `release`."""
    call = Call(client.node.core.edge, client.connection, Message(None, None, "TRY", []))
    client.net.turn(client.node, call.begin)
    return call


def do(client: Client, *steps: Callable[[], object]) -> None:
    for step in steps:
        client.net.turn(client.node, step)


def notices(client: Client) -> list[str]:
    return [line.partition(" NOTICE ann :")[2] for line in client.lines()]


def test_a_turn_begins_once_all_earlier_commands_are_answered(ann: Client) -> None:
    one, two, done = begin(ann), begin(ann), list[str]()
    do(ann, lambda: two.in_turn(lambda: done.append("a")), lambda: two.in_turn(lambda: done.append("b")), two.release)
    assert done == [] and not two.late
    do(ann, one.release)
    assert done == ["a", "b"] and two.late


def test_after_the_client_has_gone_only_errands_run_and_the_command_still_ends(ann: Client) -> None:
    call, done = begin(ann), list[str]()
    step = call.later(done.append)
    one, two = begin(ann), begin(ann)
    do(ann, lambda: one.in_turn(lambda: done.append("turn")), lambda: two.answered(lambda: done.append("errand")))
    do(ann, lambda: ann.node.core.edge.clients.cut(ann.connection, "gone"))
    assert ann.closed is not None
    do(ann, lambda: step("late"), call.release, one.release, two.release)
    assert done == ["errand"] and call.late and not ann.connection.queue.calls


def test_a_command_alone_holds_the_lines_after_it(ann: Client) -> None:
    one, two, done = begin(ann), begin(ann), list[str]()
    ann.lines()
    do(ann, lambda: two.alone(lambda: done.append("alone")), two.release)
    ann.send("PING x")
    assert done == [] and ann.lines() == [] and ann.connection.queue.pending == [b"PING x"]
    do(ann, one.release)
    assert done == ["alone"] and ann.lines()[-1].endswith(" x")


@pytest.mark.parametrize(
    ("outcome", "failure", "stamp", "words"),
    [
        (None, None, None, ""),
        (FAILED, None, None, "did not answer in time; the command may or may not"),
        (FAILED, None, EventId("id", 1), "made a mistake with that command: nothing was changed"),
        (FAILED, Unsupported(2, "n2.sim"), EventId("id", 1), "the node n2.sim runs an older version"),
        (FAILED, Halted(("n1.sim", "n2.sim")), None, "on n1.sim, n2.sim: the command may or may not"),
    ],
)
def test_each_failure_has_its_words(ann: Client, outcome: Any, failure: Any, stamp: Any, words: str) -> None:
    call = begin(ann)
    call.failure, call.stamp = failure, stamp
    ann.lines()
    do(ann, lambda: call.report(outcome))
    found = notices(ann)
    assert (words in found[0] and len(found) == 1) if words else found == []


def test_a_refusal_is_told_by_its_numeric(ann: Client) -> None:
    call = begin(ann)
    ann.lines()
    do(ann, lambda: call.report(refused("401", "bob")))
    assert ann.lines() == [":irc.circlet.local 401 ann bob :No such nick/channel"]


def test_only_lines_which_another_edge_can_repeat_have_a_key(ann: Client) -> None:
    call = begin(ann)
    assert call.idempotency_key() is None
    speaker = ann.connection.remote.speaker = Speaker(Incarnation("127.0.0.9", 1), 7)
    assert call.idempotency_key(2) == IdempotencyKey(speaker, call.line, 2)


def test_the_answers_of_all_nodes_are_gathered_and_silent_nodes_are_named() -> None:
    net = network(3)
    ann = people(net, "ann")[0]
    call, found = begin(ann), list[Any]()
    edge = ann.node.core.edge
    net.kill("n3", dark=True)
    do(ann, lambda: call.gather(ExpelAsk("nobody's"), lambda *answer: found.append(answer)), call.release)
    assert found == [] and not call.late
    assert net.until(lambda: bool(found), 30)
    own = edge.asked(edge.network.me, ExpelAsk("nobody's"))
    assert found == [([own, own], ["n3.sim"])] and call.late


def test_a_node_alone_gathers_at_once(ann: Client) -> None:
    call, found = begin(ann), list[Any]()
    do(ann, lambda: call.gather(ExpelAsk("nobody's"), lambda *answer: found.append(answer)))
    assert len(found) == 1 and found[0][1] == [] and len(found[0][0]) == 1


def test_a_command_reads_what_the_earlier_commands_of_the_packet_have_changed() -> None:
    net = network(3)
    ann = people(net, "ann", channel="#c")[0]
    ann.send("MODE #c +b x!*@*", "MODE #c b")
    assert [line.split(" ")[1] for line in ann.sync()] == ["MODE", "367", "368"]
