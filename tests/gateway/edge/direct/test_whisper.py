"""A plain message to another node: it ends by an answer alone, or a Turn and a Call take its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from gateway.edge.direct.remote import Direct, Elsewhere
from gateway.edge.direct.whisper import Whisper
from gateway.state.nick.messages import Reached
from gateway.state.people import Person, refused
from ring.replication.application import EventId
from tests.gateway.edge.direct.test_remote import pair, texts
from tests.sim.net import Client, Net


class Stage:
    """ann on n1 whispers to bob on n2. The messages are held: `answer` gives the answer of bob's node."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, caps: str = "") -> None:
        self.net = Net(2)
        self.ann, self.bob = pair(self.net, caps)
        self.direct: Any = self.ann.node.core.edge.direct
        self.came: list[Callable[[Any], None]] = []
        monkeypatch.setattr(self.direct.remote, "send", lambda user, home, said, came: self.came.append(came) or True)
        user = self.bob.connection.user
        assert user is not None
        self.person = user.person

    def say(self, *lines: str) -> list[Any]:
        self.ann.send(*lines)
        return list(self.ann.connection.queue.calls)

    def answer(self, number: int, what: Any) -> list[str]:
        self.net.turn(self.ann.node, lambda: self.came[number](what))
        return read(self.ann)

    def shown(self, **facts: Any) -> Direct:
        person: Person = msgspec.structs.replace(self.person, **facts)
        return Direct(Reached(person), EventId("id", 5))


def read(client: Client) -> list[str]:
    found = [line.removeprefix(":irc.circlet.local ") for line in client.lines()]
    return [line.rpartition(":")[2] if "!" in line else line for line in found]


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(monkeypatch)


@pytest.fixture
def echoing(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(monkeypatch, "echo-message")


def test_a_message_that_was_shown_ends_and_later_answers_go_out(stage: Stage) -> None:
    (whisper,) = stage.say("PRIVMSG bob :1")
    stage.say("NOSUCH")
    assert type(whisper) is Whisper and stage.ann.lines() == []
    assert stage.answer(0, stage.shown()) == ["421 ann NOSUCH :Unknown command"]
    assert not stage.ann.connection.queue.calls and not stage.direct._pairs and not stage.direct._sending
    assert whisper.turn is None


def test_the_echo_has_the_holders_spelling_and_the_id_of_the_holders_node(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, "echo-message message-tags")
    stage.say("PRIVMSG BOB :hi")
    stage.net.turn(stage.ann.node, lambda: stage.came[0](stage.shown(nick="Bob")))
    (line,) = stage.ann.lines()
    assert line.startswith("@msgid=id") and line.endswith(" PRIVMSG Bob :hi")


def test_echoes_keep_the_order_of_the_messages(echoing: Stage) -> None:
    """The second answer comes from another node: the nick has gone there meanwhile. No message stays behind."""
    one, two = echoing.say("PRIVMSG bob :1", "NOTICE bob :2")
    assert echoing.answer(1, echoing.shown()) == []
    assert two.turn is not None and one.turn is None
    assert echoing.answer(0, echoing.shown()) == ["1", "2"]
    assert not echoing.direct._pairs and not echoing.direct._sending


def test_without_echoes_too_no_message_takes_the_place_of_an_earlier_message(stage: Stage) -> None:
    one, two = stage.say("PRIVMSG bob :1", "PRIVMSG bob :2")
    stage.answer(1, stage.shown())
    assert list(one.pair.turns) == [one, two.turn]
    assert stage.answer(0, stage.shown()) == [] and not stage.direct._pairs and not stage.direct._sending


def test_an_echo_waits_for_an_earlier_answer_unless_let_go(echoing: Stage) -> None:
    queue = echoing.ann.connection.queue
    first, _ = echoing.say("PRIVMSG bob :1", "PRIVMSG bob :2")
    first.pair.turns.popleft()  # as if the first message were to another nick
    assert echoing.answer(1, echoing.shown()) == [] and len(queue.calls) == 2
    third = echoing.say("PRIVMSG bob :3")[-1]
    third.let_go()
    assert echoing.answer(2, echoing.shown()) == ["3"]


@pytest.mark.parametrize(("verb", "told"), [("PRIVMSG", ["301 ann bob :tea"]), ("NOTICE", [])])
def test_away_is_told_by_a_call_in_the_place_of_the_message(stage: Stage, verb: str, told: list[str]) -> None:
    (whisper,) = stage.say(f"{verb} bob :1")
    assert stage.answer(0, stage.shown(away="tea")) == told
    assert whisper.turn is not None and not stage.ann.connection.queue.calls and not stage.direct._pairs


@pytest.mark.parametrize(("verb", "told"), [("PRIVMSG", ["477 ann bob no"]), ("NOTICE", [])])
def test_a_refusal_is_told_unless_a_notice_was_refused(stage: Stage, verb: str, told: list[str]) -> None:
    stage.say(f"{verb} bob :1")
    outcome = msgspec.structs.replace(refused("477"), params=("bob", "no"))
    assert stage.answer(0, Direct(outcome, EventId("id", 5))) == told
    assert not stage.direct._pairs


def test_the_groups_holder_reads_a_message_that_the_node_did_not_show(stage: Stage) -> None:
    stage.say("PRIVMSG bob :caf\N{LATIN SMALL LETTER E WITH ACUTE} 1")
    assert stage.answer(0, Elsewhere()) == []
    stage.net.run(1)
    stage.bob.sync()
    assert texts(stage.bob) == ["first", "caf\N{LATIN SMALL LETTER E WITH ACUTE} 1"] and not stage.direct._pairs


@pytest.mark.parametrize("shown", [True, False])
def test_the_answer_for_a_client_that_has_gone_settles_the_message(echoing: Stage, shown: bool) -> None:
    echoing.say("PRIVMSG bob :1")
    edge, done = echoing.ann.node.core.edge, list[str]()
    user = echoing.ann.connection.user
    echoing.net.turn(echoing.ann.node, lambda: edge.clients.cut(echoing.ann.connection, "gone"))
    echoing.direct.when_sent(user, lambda: done.append("sent"))  # in the place of the callback of the QUIT
    echoing.ann.lines()
    assert echoing.answer(0, echoing.shown() if shown else Elsewhere()) == []
    echoing.net.run(1)
    assert done == ["sent"]
    assert not echoing.direct._pairs and not echoing.direct._sending


def test_a_whisper_has_no_outcome_of_its_own(stage: Stage) -> None:
    (whisper,) = stage.say("PRIVMSG bob :1")
    with pytest.raises(AssertionError):
        whisper.found(stage.shown().outcome)
