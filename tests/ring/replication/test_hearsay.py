"""Two nodes may name each other as a group's master: what waits does not go to and fro without end."""

from __future__ import annotations

import pytest

from ring.durations import HEARSAY_REST_S
from ring.engine import Engine
from ring.ids import GroupId
from ring.replication.hearsay import TURNS
from ring.wire.group import Barrier, NotOwner, Submit
from ring.wire.messages import Message
from tests.ring.toy import ToyNet

ERLANG = GroupId("channel", "#erlang")
HERE, ONE, OTHER = "127.0.0.1", "127.0.0.2", "127.0.0.3"


class Liars(ToyNet):
    """Two nodes say to each message about the group that the group is at the other node."""

    def __init__(self) -> None:
        super().__init__(3)
        self.run(1)
        self.sent: list[tuple[float, str, Message]] = []

    def lie(self, key: str, engine: Engine) -> None:
        named = ONE if key == OTHER else OTHER
        self.turn(HERE, lambda: self.engines[HERE].dispatch(engine.me, [NotOwner(ERLANG, named, ())]))


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> Liars:
    net = Liars()
    drain = Engine.drain

    def watched(self: Engine) -> dict[str, list[Message]]:
        out = drain(self)
        for key, messages in out.items() if self is net.engines[HERE] else ():
            asked = [message for message in messages if isinstance(message, Submit | Barrier)]
            net.sent += [(net.now, key, message) for message in asked]
            for _ in asked:
                net.at(0.01, lambda key=key: net.lie(key, net.engines[key]))
            messages[:] = [message for message in messages if message not in asked]
        return {key: messages for key, messages in out.items() if messages}

    monkeypatch.setattr(Engine, "drain", watched)
    return net


def test_what_waits_for_a_master_follows_no_more_than_some_words_between_two_repeats(net: Liars) -> None:
    done: list[None] = []
    net.submit(HERE, ERLANG, ["say", "hello"], "hello")
    net.turn(HERE, lambda: net.engines[HERE].settle([ERLANG], lambda: done.append(None)))
    net.run(3.0)
    for kind in (Submit, Barrier):
        times = [at for at, _, message in net.sent if isinstance(message, kind)]
        assert len(times) > TURNS, "everything is repeated"
        for first in times:
            within = [at for at in times if first <= at < first + HEARSAY_REST_S / 2]
            assert len(within) <= TURNS + 2, f"{kind.__name__} goes to and fro: {len(within)} in {HEARSAY_REST_S / 2} s"
    assert not done and not net.hosts[HERE].answers


def test_the_right_word_is_followed_at_once(net: Liars) -> None:
    net.submit(HERE, ERLANG, ["say", "hello"], "hello")
    began = net.now
    net.run(0.05)
    keys = [key for at, key, _ in net.sent if at - began < 0.05]
    assert len(keys) >= 2 and keys[0] != keys[1]
