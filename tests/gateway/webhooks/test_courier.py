"""A courier with a slow, absent or forbidden receiver, and with messages too many or too old."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from config.webhooks import Webhooks
from gateway.admin.procedures import run
from gateway.admin.webhooks import remove
from gateway.webhooks.courier import Courier
from gateway.webhooks.deliveries import Deliveries, Post
from ring.ids import GroupId
from tests.sim.chaos import EDGE, SETTINGS
from tests.sim.net import Client, Net
from tests.sim.receivers import Receiver
from tests.sim.webhooks import subscribe

CHANNEL = "#c"
GROUP = GroupId("channel", CHANNEL)
URL = "http://10.0.0.7/"
ALLOWED = Webhooks(allow=("10.0.0.7",), time_limit_s=2.0)


class Held(Receiver):
    """A receiver with answers given by the test."""

    def __init__(self, net: Net) -> None:
        super().__init__(net, URL, random.Random(1))
        self.posts: list[Post] = []

    def post(self, node: Any, post: Post) -> None:
        self.posts.append(post)

    def content(self, index: int = -1) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.posts[index].content)
        return found


class Stage:
    def __init__(self, nodes: int = 1, **settings: Any) -> None:
        self.net = Net(nodes, edge=EDGE, engine=SETTINGS, disks=True)
        self.net.configure_webhooks(ALLOWED.model_copy(update=settings))
        self.receiver = Held(self.net)
        self.ann: Client = self.net.client("n1", "ann")
        self.ann.ask(f"JOIN {CHANNEL}")
        self.made = subscribe(self.receiver, CHANNEL)

    @property
    def desk(self) -> Deliveries:
        return self.net.nodes["n1"].core.webhooks

    @property
    def courier(self) -> Courier:
        return self.desk.couriers[GROUP][self.made.id]

    def say(self, *texts: str) -> None:
        self.ann.ask(*(f"PRIVMSG {CHANNEL} :{text}" for text in texts))
        self.net.run(0.3)

    def answer(self, status: int = 200, retry_after_s: float = 0.0) -> None:
        number = self.receiver.posts[-1].number
        self.net.turn(self.net.nodes["n1"], lambda: self.desk.answered(number, status, retry_after_s))

    def fail(self, reason: str = "no connection") -> None:
        number = self.receiver.posts[-1].number
        self.net.turn(self.net.nodes["n1"], lambda: self.desk.failed(number, reason))

    def posted(self, within_s: float) -> bool:
        """Return whether one more request is made within the time."""
        before = len(self.receiver.posts)
        return self.net.until(lambda: len(self.receiver.posts) > before, within_s)

    def notes(self, event: str) -> list[dict[str, Any]]:
        return [note.facts for _, note in self.net.nodes["n1"].notes if note.event == event]


def test_one_message_at_a_time_in_order() -> None:
    stage = Stage()
    stage.say("one", "two")
    assert [stage.receiver.content(i)["text"] for i in range(len(stage.receiver.posts))] == ["one"]
    stage.answer(204)
    assert stage.receiver.content()["text"] == "two"
    assert stage.receiver.posts[0].headers["Idempotency-Key"] != stage.receiver.posts[1].headers["Idempotency-Key"]


@pytest.mark.parametrize("status", [100, 199, 300, 301, 307, 400, 404, 410, 429, 500, 503])
def test_anything_but_a_2xx_is_posted_again_under_the_same_key(status: int) -> None:
    stage = Stage()
    stage.say("one")
    stage.answer(status)
    assert str(status) in stage.courier.error and ("redirect" in stage.courier.error) == (300 <= status < 400)
    assert stage.posted(2.0)
    first, again = stage.receiver.posts
    assert first.headers["Idempotency-Key"] == again.headers["Idempotency-Key"] and first.content == again.content
    assert first.headers["Circlet-Signature"] != again.headers["Circlet-Signature"], "signed anew, with its time"


def test_the_pause_doubles_up_to_five_minutes_and_a_success_ends_it() -> None:
    stage = Stage()
    stage.say("one")
    pauses = []
    for _ in range(14):
        stage.fail()
        before = stage.net.now
        assert stage.posted(400)
        pauses.append(stage.net.now - before)
    assert pauses[0] <= 1.2 and min(pauses[-3:]) >= 140 and max(pauses) <= 301
    assert all(0.45 * 2**n <= pause <= 2**n + 0.3 for n, pause in enumerate(pauses[:8]))
    stage.answer()
    assert stage.courier.failures == 0 and stage.courier.error == ""
    assert len(stage.notes("webhook_failing")) == 1 and len(stage.notes("webhook_recovered")) == 1


def test_retry_after_is_heeded_within_bounds() -> None:
    stage = Stage()
    stage.say("one")
    stage.answer(429, 30.0)
    assert not stage.posted(29.0) and stage.posted(2.0)
    stage.answer(503, 1e9)
    assert not stage.posted(290.0) and stage.posted(15.0)


def test_more_than_the_backlog_are_given_up_the_oldest_first_and_the_receiver_is_told() -> None:
    stage = Stage(backlog=5)
    stage.say("0")
    stage.fail()
    stage.say(*(str(n) for n in range(1, 12)))
    while stage.courier.backlog < 12:  # the messages are counted now and then
        assert stage.posted(400)
        stage.fail()
    assert stage.posted(400)
    assert (stage.receiver.content()["text"], stage.receiver.content()["gap"]) == ("7", 7)
    assert stage.courier.dropped == 7 and stage.notes("webhook_dropped")[-1]["messages"] == 7
    stage.fail()
    assert stage.posted(400) and stage.receiver.content()["gap"] == 7, "told until the receiver has heard"
    stage.answer()
    assert (stage.receiver.content()["text"], stage.receiver.content()["gap"]) == ("8", 0)
    stage.net.run(6)
    found = stage.courier.known
    assert (found.dropped, found.told) == (7, 7), "the next master knows"


def test_what_is_too_old_is_given_up() -> None:
    stage = Stage(keep_s=600.0)
    stage.say("old")
    began = stage.net.now
    while stage.net.now - began < 600:
        stage.fail()
        if stage.net.now - began > 300:
            stage.say("new")
        assert stage.posted(400)
    assert stage.courier.dropped == 1
    assert (stage.receiver.content()["text"], stage.receiver.content()["gap"]) == ("new", 1)


def test_an_address_that_is_no_longer_allowed_gets_nothing_until_it_is() -> None:
    stage = Stage()
    stage.net.configure_webhooks(Webhooks())
    stage.say("one")
    assert not stage.receiver.posts
    assert "webhooks.allow" in stage.courier.error and stage.notes("webhook_failing")
    assert not stage.posted(200)
    stage.net.configure_webhooks(ALLOWED)
    assert stage.posted(1.0) and stage.receiver.content()["text"] == "one"


def test_only_words_for_everybody_are_posted_and_not_what_was_deleted() -> None:
    stage = Stage()
    stage.say("first")
    stage.fail()
    bob = Client(stage.net, stage.net.nodes["n1"], "bob", "message-tags draft/message-redaction echo-message")
    stage.net.run(1)
    bob.ask(f"JOIN {CHANNEL}", f"PRIVMSG @{CHANNEL} :for ranks", f"@+typing=active TAGMSG {CHANNEL}")
    stage.ann.ask(f"TOPIC {CHANNEL} :new", f"MODE {CHANNEL} +v bob")
    bob.ask(f"PRIVMSG {CHANNEL} :regretted")
    (msgid,) = [m.tags["msgid"] for m in bob.messages() if m.command == "PRIVMSG" and m.params[1] == "regretted"]
    bob.ask(f"REDACT {CHANNEL} {msgid}")
    bob.ask(f"NOTICE {CHANNEL} :heed this")
    assert len(stage.receiver.posts) == 2 or stage.posted(3.0)
    stage.answer()
    assert (stage.receiver.content()["text"], stage.receiver.content()["kind"]) == ("heed this", "notice")
    stage.answer()
    assert not stage.posted(30.0)


def test_an_ended_webhook_gets_no_more() -> None:
    stage = Stage()
    stage.say("one", "two")
    found: list[Any] = []
    core = stage.net.nodes["n1"].core
    stage.net.turn(
        stage.net.nodes["n1"], lambda: run(core.edge, remove(core.edge, stage.made.id, "root"), found.append)
    )
    assert stage.net.until(lambda: bool(found), 10) and "is ended" in found[0]
    stage.net.run(1)
    stage.answer()
    assert not stage.posted(30.0) and not stage.desk.couriers


def test_so_many_requests_are_under_way_and_the_others_wait_for_their_turn() -> None:
    stage = Stage(at_once=2)
    for _ in range(3):
        receiver = Held(stage.net)
        receiver.posts = stage.receiver.posts
        subscribe(receiver, CHANNEL)
    stage.say("one")
    assert len(stage.receiver.posts) == 2
    for wanted in (3, 4, 4, 4):
        number = stage.receiver.posts[-1 if wanted > 3 else 0].number
        stage.net.turn(
            stage.net.nodes["n1"],
            lambda number=number: stage.desk.answered(number, 200) if number in stage.desk._posting else None,
        )
        assert len(stage.receiver.posts) == wanted


def test_a_busy_channel_does_not_commit_an_entry_for_each_message() -> None:
    stage = Stage()
    stage.net.run(10)
    before = stage.net.nodes["n1"].core.engine.replicas.masters[GROUP].replica.seq
    for first in range(0, 300, 20):
        stage.ann.ask(*(f"PRIVMSG {CHANNEL} :{n}" for n in range(first, first + 20)))
    answered = 0
    while answered < 300:
        assert len(stage.receiver.posts) > answered or stage.posted(5)
        stage.answer()
        answered += 1
    stage.net.run(10)
    replica = stage.net.nodes["n1"].core.engine.replicas.masters[GROUP].replica
    assert replica.seq - before - 300 <= 5
    assert stage.courier.known.cursor.seq >= replica.seq - 5, "the group knows all of it"
