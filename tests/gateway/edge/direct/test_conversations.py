"""Which conversations a user has, who reads a message there, and when a seat is asked for or given up."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from config.history import History
from gateway.edge.direct.conversations import AGAIN_S, GUESTS_LEVEL, Conversations
from gateway.edge.users.user import User
from gateway.state.conversation.conversation import Conversation, Party
from gateway.state.conversation.messages import Leave, Seat, Sit
from ring.ids import GroupId
from tests.gateway.commands.accounts import Newcomer, register
from tests.gateway.commands.stage import network, people, settle
from tests.sim.net import Client, Net

Two = tuple[Net, Client, Client]


def talk(caps: str = "") -> Two:
    """ann and bob have accounts, and a conversation, on one node."""
    net = network(1)
    ann, bob = people(net, "ann", "bob", caps=caps)
    for client in (ann, bob):
        register(client)
    ann.send("PRIVMSG bob :hello")
    settle(ann, bob)
    return net, ann, bob


def user(client: Client) -> User:
    assert client.connection.user is not None
    return client.connection.user


def held(client: Client) -> Conversations:
    found = client.node.core.edge.conversations
    assert isinstance(found, Conversations)
    return found


def only(client: Client) -> GroupId:
    (group,) = held(client).of(user(client))
    return group


def seats(client: Client, group: GroupId) -> dict[str, Seat]:
    state = client.node.core.engine.state(group)
    return dict(state.seats) if isinstance(state, Conversation) else {}


def words(client: Client) -> list[str]:
    """Private messages which the client reads now, without tags and source."""
    lines = [re.sub(r"^(@\S+ )?:\S+ ", "", line) for line in client.sync()]
    return [line for line in lines if re.match("PRIVMSG|NOTICE|TAGMSG|REDACT", line)]


def test_a_user_knows_the_own_conversations_by_the_others_account() -> None:
    _, ann, bob = talk()
    (cat,) = people(ann.net, "cat")
    group = only(ann)
    assert held(ann).with_account(user(ann), "bob") == group == held(bob).with_account(user(bob), "ann")
    assert held(ann).with_account(user(ann), "cat") is None and held(cat).of(user(cat)) == {}
    assert held(ann).party(user(cat)) == Party(user(cat).uid, "")


def test_a_guest_is_known_by_the_last_nick_and_by_the_user_id() -> None:
    _, ann, _ = talk()
    (cat,) = people(ann.net, "Cat")
    ann.send("PRIVMSG cat :hi")
    settle(ann, cat)
    found = held(ann).with_guest_called(user(ann), "cat")
    assert found is not None and found == held(ann).with_guest_called(user(ann), user(cat).uid)
    assert held(ann).with_guest_called(user(ann), "bob") is None  # bob has an account


@pytest.mark.parametrize(
    ("enabled", "private", "chosen", "kept"),
    [
        (True, True, None, True),
        (True, True, True, True),
        (True, True, False, False),
        (False, True, True, False),
        (True, False, True, False),
    ],
)
def test_the_operator_and_the_person_both_have_to_agree(
    enabled: bool, private: bool, chosen: bool | None, kept: bool
) -> None:
    net = network(1)
    edge = net.nodes["n1"].core.edge
    edge.settings = dataclasses.replace(edge.settings, history=History(enabled=enabled, private=private))
    assert edge.conversations.allows(chosen) is kept


def test_with_guests_nothing_is_kept_below_the_level() -> None:
    for level, kept in ((GUESTS_LEVEL - 1, False), (GUESTS_LEVEL, True)):
        net = Net(1, level=level)
        assert net.nodes["n1"].core.edge.conversations.keeps_with_guests() is kept


def test_each_client_reads_what_its_capabilities_allow_and_the_own_message_once() -> None:
    net, ann, bob = talk("message-tags echo-message")
    plain = Newcomer(net, "n1")
    plain.log_in("ann", "sesame")
    plain.enter("ann")
    settle(ann, bob, plain)
    ann.send("PRIVMSG bob :one", "@+typing=active TAGMSG bob")
    assert words(ann) == words(bob) == ["PRIVMSG bob :one", "TAGMSG bob"] and words(plain) == []
    bob.send("PRIVMSG ann :two", "@+typing=active TAGMSG ann")
    assert words(plain) == ["PRIVMSG ann :two"]


def test_a_note_to_oneself_is_received_and_echoed() -> None:
    _, ann, _ = talk("echo-message")
    ann.send("PRIVMSG ann :note")
    assert words(ann) == ["PRIVMSG ann :note"] * 2
    _, ann, _ = talk()
    ann.send("PRIVMSG ann :note")
    assert words(ann) == ["PRIVMSG ann :note"]


def test_a_deletion_names_the_reader_to_the_reader_and_the_other_to_the_speaker() -> None:
    _, ann, bob = talk("message-tags echo-message draft/message-redaction")
    ann.send("PRIVMSG bob :oops")
    msgid = next(found for line in reversed(ann.sync()) for found in re.findall("msgid=([^; ]+)", line))
    bob.sync()
    ann.send(f"REDACT bob {msgid} :typo")
    assert words(ann) == words(bob) == [f"REDACT bob {msgid} typo"]


def test_whoever_wants_nothing_kept_gives_up_the_seats_and_has_these_again_later() -> None:
    net, ann, bob = talk()
    group = only(ann)
    assert set(seats(ann, group)) == {"ann", "bob"}
    ann.ask("PRIVMSG *circlet :PRIVATE off")
    net.run(1)
    assert set(seats(ann, group)) == {"bob"} and [*held(ann).rooms[group].users] == [user(bob).uid]
    ann.ask("PRIVMSG *circlet :PRIVATE on")
    net.run(1)
    assert set(seats(ann, group)) == {"ann", "bob"} and not user(ann).seats.returning


def test_a_lost_seat_is_asked_for_again() -> None:
    net, ann, _ = talk()
    group = only(ann)
    leave = Leave(user(ann).uid, ann.node.core.engine.me)
    net.turn(ann.node, lambda: ann.node.core.edge.network.submit(group, leave))
    net.run(AGAIN_S + 1)
    assert set(seats(ann, group)) == {"ann", "bob"}


def test_a_seat_of_a_user_who_is_not_here_is_given_back() -> None:
    net, ann, bob = talk()
    group, me = only(ann), ann.node.core.engine.me
    stale = Sit("bob", Seat("0gone", me, seats(ann, group)["bob"].taken + 1))
    state: Any = ann.node.core.engine.state(group)
    before = dict(state.seats)
    net.turn(ann.node, lambda: ann.node.core.edge.network.submit(group, stale))
    assert seats(ann, group)["bob"].uid == "0gone" != before["bob"].uid
    net.turn(ann.node, lambda: list(held(ann).reconcile()))
    net.run(AGAIN_S + 1)
    assert {seat.uid for seat in seats(ann, group).values()} <= {user(ann).uid, user(bob).uid}
