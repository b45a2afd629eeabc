"""The answers of one command: order, labels, batches, and the price of an answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.edge.client.call import Call
from gateway.edge.client.flood import FREE_LINES, LINES_A_TOKEN
from gateway.edge.client.lines import Line
from gateway.edge.client.slots import Slot
from gateway.irc.message import Message
from tests.gateway.commands.stage import network, people
from tests.sim.net import Client

LABELS = "labeled-response batch"


@pytest.fixture
def ann() -> Client:
    return people(network(1), "ann")[0]


def labelled(caps: str) -> Client:
    return people(network(1), "ann", caps=caps)[0]


def begin(client: Client, label: str | None = None) -> Call:
    """A command under way, held until `release`."""
    tags = {"label": label} if label is not None else None
    call = Call(client.node.core.edge, client.connection, Message(tags, None, "TRY", []))
    client.net.turn(client.node, call.begin)
    return call


def does(client: Client, *steps: Callable[[], object]) -> list[str]:
    """What the client reads of the steps, without the server's name."""
    client.lines()
    for step in steps:
        client.net.turn(client.node, step)
    return [line.removeprefix(":irc.circlet.local ").replace(":irc.circlet.local ", "") for line in client.lines()]


def test_an_answer_waits_for_the_answer_of_an_earlier_command(ann: Client) -> None:
    one, two = begin(ann), begin(ann)
    assert does(ann, lambda: two.notice("2"), two.release) == []
    assert does(ann, lambda: one.notice("1")) == ["NOTICE ann :1"]
    assert does(ann, one.release) == ["NOTICE ann :2"]
    assert not ann.connection.queue.calls


def test_a_command_without_an_answer_waits_for_nobody(ann: Client) -> None:
    one, two, three = begin(ann), begin(ann), begin(ann)
    does(ann, two.release, lambda: three.notice("3"), three.release)
    assert two.late and [*ann.connection.queue.calls] == [one, three]


def test_answers_after_an_open_step_wait_for_the_step(ann: Client) -> None:
    call, step = begin(ann), Slot()
    assert does(ann, lambda: call.hold_in(step), lambda: call.notice("after"), call.release) == []
    assert does(ann, lambda: call.within(step, call.notice, "in")) == ["NOTICE ann :in"]
    assert not call.late
    assert does(ann, lambda: call.close(step)) == ["NOTICE ann :after"]
    assert call.late


def test_lines_are_made_when_the_client_may_read_these(ann: Client) -> None:
    one, two, truth = begin(ann), begin(ann), ["early"]
    does(ann, lambda: two.draw(lambda send: send(Line("s", "NOTICE", ("ann", truth[0])))), two.release)
    truth[0] = "true"
    assert does(ann, one.release) == [":s NOTICE ann :true"]


def test_a_command_that_was_let_go_holds_up_nobody_and_answers_at_once(ann: Client) -> None:
    one, two, three = begin(ann), begin(ann), begin(ann)
    assert does(ann, lambda: two.notice("2"), lambda: three.notice("3"), three.release) == []
    assert does(ann, two.let_go) == ["NOTICE ann :2"]
    assert does(ann, lambda: two.notice("2 again")) == ["NOTICE ann :2 again"]
    assert does(ann, one.let_go, two.release) == ["NOTICE ann :3"]
    assert does(ann, one.release) == []


@pytest.mark.parametrize(
    ("texts", "read"),
    [
        ([], ["@label=x ACK"]),
        (["1"], ["@label=x NOTICE ann :1"]),
        (
            ["1", "2"],
            ["@label=x BATCH +b labeled-response", "@batch=b NOTICE ann :1", "@batch=b NOTICE ann :2", "BATCH -b"],
        ),
    ],
)
def test_a_label_gathers_all_answers(texts: list[str], read: list[str]) -> None:
    ann = labelled(LABELS)
    call = begin(ann, "x")
    assert does(ann, *(lambda text=text: call.notice(text) for text in texts)) == []  # type: ignore[misc]
    ann.node.core.edge.next_batch = lambda: "b"  # type: ignore[method-assign]
    assert does(ann, call.release) == read


def test_a_label_means_nothing_without_the_capability(ann: Client) -> None:
    call = begin(ann, "x")
    assert does(ann, lambda: call.notice("1"), call.release) == ["NOTICE ann :1"]


def test_a_batch_inside_a_labelled_answer_keeps_its_own_name() -> None:
    ann, names = labelled(LABELS), iter(("inner", "outer"))
    ann.node.core.edge.next_batch = lambda: next(names)  # type: ignore[method-assign]
    call = begin(ann, "x")
    got = does(ann, lambda: call.send_batch("kind", ("#c",), [Line("s", "A", ())]), call.release)
    assert got == [
        "@label=x BATCH +outer labeled-response",
        "@batch=outer BATCH +inner kind #c",
        "@batch=inner :s A",
        "@batch=outer BATCH -inner",
        "BATCH -outer",
    ]
    plain = labelled("")
    call = begin(plain)
    assert does(plain, lambda: call.send_batch("kind", (), [Line("s", "A", ())]), call.release) == [":s A"]


def test_further_lines_wait_for_a_command_that_shuts_the_gate(ann: Client) -> None:
    call = begin(ann)
    does(ann, call.shut)
    assert does(ann, lambda: ann.send("TIME")) == [] and ann.connection.queue.pending
    assert does(ann, call.release)[0].startswith("391 ann ")
    assert ann.connection.queue.gate is None


def test_work_costs_tokens_and_a_surplus_paid_in_advance_is_given_back(ann: Client) -> None:
    bucket = ann.connection.queue.bucket
    before = bucket.tokens
    call = begin(ann)
    does(ann, lambda: call.worked(FREE_LINES), call.release)
    assert bucket.tokens == before
    call = begin(ann)
    does(ann, lambda: call.prepay(FREE_LINES + 5 * LINES_A_TOKEN))
    assert bucket.tokens == before - 5
    does(ann, lambda: call.worked(FREE_LINES + 2 * LINES_A_TOKEN), call.release)
    assert bucket.tokens == before - 2


def test_refusals_are_counted_and_other_replies_are_not(ann: Client) -> None:
    refused, call = ann.node.core.edge.traffic.refused, begin(ann)
    refused.clear()
    got = does(
        ann, lambda: call.reply("401", "x", "no"), lambda: call.reply("381", "yes"), lambda: call.fail("BAD", "x", "no")
    )
    assert got == ["401 ann x no", "381 ann yes", "FAIL TRY BAD x no"]
    assert dict(refused) == {"401": 1, "BAD": 1}
