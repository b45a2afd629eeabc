"""The way of a private message: directly, by the nick's group, or in a conversation, and always in order."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from gateway.edge.direct import messages
from gateway.edge.direct.messages import DirectMessages
from gateway.edge.direct.remote import Direct, Elsewhere
from gateway.state.idempotency import IdempotencyKey, Speaker
from gateway.state.nick.messages import Reached
from gateway.state.people import Person, refused
from ring.ids import Incarnation
from ring.replication.application import EventId
from tests.gateway.commands.accounts import register
from tests.gateway.commands.stage import network, people, settle
from tests.gateway.edge.direct.test_remote import pair, texts
from tests.sim.net import Client, Net

ANN = Person("1a", 1, "Ann", "~ann", "host", "Ann", "127.0.0.1", 1)
BOB = Person("2b", 1, "Bob", "~bob", "host", "Bob", "127.0.0.2", 1)


def relay(client: Client, line: str) -> bool:
    """Whether the line goes from bytes to bytes."""
    found: list[bool] = []
    direct = client.node.core.edge.direct
    client.net.turn(client.node, lambda: found.append(direct.relay(client.connection, line.encode())))
    return found[0]


def registered(net: Net, *nicks: str) -> list[Client]:
    found = people(net, *nicks)
    for client in found:
        register(client)
    settle(*found)
    return found


def test_only_plain_lines_which_fit_go_from_bytes_to_bytes() -> None:
    ann, _ = pair(Net(2))
    assert relay(ann, "PRIVMSG bob :hi") and relay(ann, "NOTICE BOB :hi")
    for line in (
        "PRIVMSG bob,ann :hi",
        "@+a=b PRIVMSG bob :hi",
        "PRIVMSG #c :hi",
        "PRIVMSG bob :" + "x" * 480,
        "PING x",
    ):
        assert not relay(ann, line)
    ann.ask("MODE ann +B")
    assert not relay(ann, "PRIVMSG bob :hi")  # the line needs the tag of a bot


def test_a_message_waits_for_earlier_ones_on_another_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first message is on its way to the holder's node when the second message has to go by the group."""
    net = Net(2)
    ann, bob = pair(net)
    came: list[Callable[[Any], None]] = []
    direct: Any = ann.node.core.edge.direct
    with monkeypatch.context() as patch:
        patch.setattr(direct.remote, "send", lambda user, home, said, done: not came and came.append(done) is None)
        ann.send("PRIVMSG bob :1", "PRIVMSG bob :2", "PRIVMSG bob :3")
        net.run(1)
        assert texts(bob) == ["first"]
        net.turn(ann.node, lambda: came[0](Elsewhere()))
        net.run(1)
    assert texts(bob) == ["first", "1", "2", "3"] and not direct._pairs


def test_while_the_group_is_asked_no_message_goes_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob = pair(Net(2))
    tried: list[bytes] = []
    direct: Any = ann.node.core.edge.direct
    monkeypatch.setattr(direct.remote, "send", lambda user, home, said, done: tried.append(said[2]) is not None)
    ann.send("PRIVMSG bob :1", "PRIVMSG bob :2", "@+a=b PRIVMSG bob :3")
    settle(ann, bob)
    assert set(tried) == {b"1"} and texts(bob) == ["first", "1", "2", "3"]


def test_a_quit_waits_until_all_messages_have_found_their_way(monkeypatch: pytest.MonkeyPatch) -> None:
    net = Net(2)
    ann, bob = pair(net)
    came: list[Callable[[Any], None]] = []
    direct, user, done = ann.node.core.edge.direct, ann.connection.user, list[str]()
    assert user is not None and bob.connection.user is not None
    direct.when_sent(user, lambda: done.append("nothing under way"))
    assert done == ["nothing under way"]
    monkeypatch.setattr(direct.remote, "send", lambda user, home, said, go: came.append(go) is None)  # type: ignore[attr-defined]
    ann.send("PRIVMSG bob :1", "PRIVMSG bob :2")
    direct.when_sent(user, lambda: done.append("sent"))
    shown = Direct(Reached(bob.connection.user.person), EventId("id", 5))
    net.turn(ann.node, lambda: came[0](shown))
    assert len(done) == 1
    net.turn(ann.node, lambda: came[1](shown))
    assert done[1:] == ["sent"]


@pytest.mark.parametrize(
    ("account", "keeps", "repeated", "wanted"),
    [
        ("", False, False, True),  # a guest: the holder with an account decides
        ("ann", True, False, True),
        ("ann", False, False, False),
        ("ann", False, True, True),  # a former node may have said the line in a conversation
    ],
)
def test_the_speaker_prefers_a_conversation(account: str, keeps: bool, repeated: bool, wanted: bool) -> None:
    conversations = SimpleNamespace(
        keeps=lambda user: keeps, of=lambda user: {"one": 1}, keeps_with_guests=lambda: True
    )
    direct: Any = DirectMessages.__new__(DirectMessages)
    direct.edge = SimpleNamespace(conversations=conversations)
    user: Any = SimpleNamespace(
        session=SimpleNamespace(account=account), person=SimpleNamespace(account=account or None)
    )
    key = IdempotencyKey(Speaker(Incarnation("127.0.0.1", 1), 7), 3) if repeated else None
    assert direct.in_conversation(user, key) is wanted


@pytest.mark.parametrize(
    ("stored", "found"),
    [
        (SimpleNamespace(person=BOB, lasts=True), True),
        (SimpleNamespace(person=BOB, lasts=False), False),
        (SimpleNamespace(person=msgspec.structs.replace(BOB, nick="rob"), lasts=True), False),
        (SimpleNamespace(person=None, lasts=True), False),
        (None, False),
    ],
)
def test_the_lasting_session_of_a_dead_node_has_the_nick(stored: Any, found: bool) -> None:
    direct: Any = DirectMessages.__new__(DirectMessages)
    direct.edge = SimpleNamespace(
        sessions=SimpleNamespace(look=lambda name, done: done(stored)), settings=SimpleNamespace(casemap=str.lower)
    )
    known: list[Any] = []
    direct.look_for("bob", ANN, refused("401", "bob"), known.append)
    assert known == [Reached(BOB, in_conversation=True) if found else refused("401", "bob")]


@pytest.mark.parametrize(("account", "heard"), [("ann", True), (None, False)])
def test_the_lasting_session_of_a_dead_node_hears_no_guest_if_it_hears_no_guests(
    account: str | None, heard: bool
) -> None:
    bob = msgspec.structs.replace(BOB, modes="R")
    direct: Any = DirectMessages.__new__(DirectMessages)
    stored = SimpleNamespace(person=bob, lasts=True)
    direct.edge = SimpleNamespace(
        sessions=SimpleNamespace(look=lambda name, done: done(stored)), settings=SimpleNamespace(casemap=str.lower)
    )
    known: list[Any] = []
    direct.look_for("bob", msgspec.structs.replace(ANN, account=account), refused("401", "bob"), known.append)
    assert [isinstance(one, Reached) for one in known] == [heard]
    assert heard or known[0].numeric == "477"


def test_messages_wait_in_order_while_their_conversation_is_opened_once(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    opening = messages.open_conversation
    monkeypatch.setattr(
        messages,
        "open_conversation",
        lambda edge, user, holder, other: (opened.append(other), opening(edge, user, holder, other))[1],
    )
    net = network(2)
    ann, bob = registered(net, "ann", "bob")
    ann.send(*(f"PRIVMSG bob :{number}" for number in range(5)))
    settle(ann, bob)
    assert texts(bob) == [*"01234"] and opened == ["bob"]
    bob.send("PRIVMSG ann :back")
    settle(bob, ann)
    assert texts(ann) == ["back"] and not ann.node.core.edge.direct._opening  # type: ignore[attr-defined]


@pytest.mark.parametrize("unwilling", ["ann", "bob"])
def test_if_either_keeps_nothing_the_message_comes_all_the_same(unwilling: str) -> None:
    net = network(2)
    ann, bob = registered(net, "ann", "bob")
    (ann if unwilling == "ann" else bob).ask("PRIVMSG *circlet :PRIVATE off")
    net.run(1)
    ann.send("PRIVMSG bob :1", "PRIVMSG bob :2")
    settle(ann, bob)
    assert texts(bob) == ["1", "2"]
    assert not any(node.core.edge.conversations.rooms for node in net.nodes.values())


def test_a_guest_turned_away_asks_the_account_once_more() -> None:
    """The account's seat is gone, and the guest's node still believes in the conversation."""
    net = network(2)
    (ann,) = registered(net, "ann")
    cat = net.client("n2", "cat")
    cat.send("PRIVMSG ann :1")
    settle(cat, ann)
    user = cat.connection.user
    assert user is not None
    assert "ann" in user.privacy.guest_conversations
    ann.ask("PRIVMSG *circlet :PRIVATE off")
    net.run(1)
    cat.send("PRIVMSG ann :2", "PRIVMSG ann :3")
    settle(cat, ann)
    assert texts(ann) == ["1", "2", "3"] and user.privacy.guest_conversations == {}
