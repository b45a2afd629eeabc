"""A message meets a node in whatever role: terms decide who steps aside, and nothing waits for the wrong node."""

from __future__ import annotations

from typing import Any

import pytest

from ring.ids import NO_TERM, GroupId, Incarnation, Term
from ring.wire.codec import decode, encode
from ring.wire.group import NotOwner, Submit
from ring.wire.log import Snapshot, raw
from ring.wire.messages import Message
from ring.wire.replication import Append, Install, Installed, MergeOffer, Publish, Resync, StaleTerm
from tests.ring.toy import ToyNet

GROUP = GroupId("channel", "#erlang")


class Net(ToyNet):
    """Three nodes and a room with a member; `master` masters the room, `other` and `third` do not."""

    def __init__(self) -> None:
        super().__init__(3)
        self.run(1.0)
        self.join("127.0.0.1", GROUP)
        self.run(2.0)
        (self.master,) = self.masters(GROUP)
        self.other, self.third = (key for key in self.engines if key != self.master)
        self.m = self.engines[self.master].replicas.masters[GROUP]

    def id(self, key: str) -> Incarnation:
        return self.engines[key].me

    def term(self, more: int, key: str) -> Term:
        return Term(self.m.replica.term.number + more, *self.id(key))

    def come(self, to: str, sender: str, message: Message) -> list[Message]:
        """Let the message come; return the node's messages to the sender in this turn."""
        engine = self.engines[to]
        engine.begin(self.now)
        engine.dispatch(self.id(sender), decode(encode([message])))
        return engine.drain().get(sender, [])

    @property
    def mastered(self) -> bool:
        return GROUP in self.engines[self.master].replicas.masters


@pytest.fixture
def net() -> Net:
    return Net()


def snapshot(term: Term) -> Snapshot:
    return Snapshot(((term, 1),), 1, 5, raw([[], ["x"]]), (), [])


@pytest.mark.parametrize(("more", "yields"), [(0, False), (1, True)], ids=["not higher", "higher"])
@pytest.mark.parametrize("kind", ["publish", "append", "stale", "install", "offer"])
def test_a_master_steps_aside_for_a_higher_term_alone(net: Net, kind: str, more: int, yields: bool) -> None:
    """P21, P22: any message with news of the term."""
    term = net.term(more, net.other) if more else Term(0, *net.id(net.other))
    messages: dict[str, Any] = {
        "publish": Publish(GROUP, term, 9, []),
        "append": Append(GROUP, term, []),
        "stale": StaleTerm(GROUP, term),
        "install": Install(GROUP, Term(99, *net.id(net.master)), snapshot(term)),
        "offer": MergeOffer(GROUP, snapshot(term)),
    }
    sent = net.come(net.master, net.other, messages[kind])
    assert net.mastered is not yields
    if kind == "append" and not yields:
        assert sent == [StaleTerm(GROUP, net.m.replica.term)]
    if kind == "install" and not yields:
        assert Publish(GROUP, net.m.replica.term, net.m.replica.seq, []) in sent, "the other master learns the term"


def test_no_term_is_no_higher_term(net: Net) -> None:
    assert net.come(net.master, net.other, StaleTerm(GROUP, NO_TERM)) == [] and net.mastered


def test_commands_that_waited_for_a_master_s_word_leave_with_the_word(net: Net) -> None:
    """P25: that the other node masters the group may be no news, and the commands have waited for that word alone."""
    edge = net.engines[net.other]
    net.submit(net.other, GROUP, ["say", "one"])
    net.run(1.0)
    edge.replicas.followers.pop(GROUP, None)
    edge.hint(GROUP, net.third)
    net.submit(net.other, GROUP, ["say", "two"])
    word = NotOwner(GROUP, net.third, ())
    edge.begin(net.now)
    edge.dispatch(net.id(net.third), decode(encode([word])))
    edge.drain()
    edge.begin(net.now)
    edge.dispatch(net.id(net.master), decode(encode([word])))
    assert Submit in map(type, edge.drain()[net.third])


@pytest.mark.parametrize("kind", [Publish, Append])
def test_who_has_no_replica_asks_for_the_whole(net: Net, kind: Any) -> None:
    elsewhere = GroupId("channel", "#elsewhere")
    term = Term(3, *net.id(net.master))
    message = Publish(elsewhere, term, 4, []) if kind is Publish else Append(elsewhere, term, [])
    assert Resync(elsewhere, (), 0) in net.come(net.other, net.master, message)


def test_a_repeated_install_is_answered_by_the_master_that_it_has_made(net: Net) -> None:
    install = Install(GROUP, net.m.replica.term, snapshot(net.term(-1, net.other)))
    assert net.come(net.master, net.other, install) == [Installed(GROUP, net.m.replica.term, net.m.replica.seq)]


def test_an_offer_to_a_node_that_does_not_serve_the_group_names_the_node_that_does(net: Net) -> None:
    follower = net.engines[net.third]
    offer = MergeOffer(GROUP, snapshot(net.term(0, net.other)))
    assert NotOwner in [type(message) for message in net.come(net.third, net.other, offer)] or (
        follower.peers.acting(GROUP) == net.third
    )


def test_a_sender_names_another_master_and_never_itself(net: Net) -> None:
    engine = net.engines[net.other]
    net.come(net.other, net.third, NotOwner(GROUP, net.third, []))
    assert engine.target(GROUP) == net.master
    unknown = GroupId("channel", "#unknown")
    net.come(net.other, net.third, NotOwner(unknown, net.master, []))
    assert engine.target(unknown) == net.master
