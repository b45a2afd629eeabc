"""Which kept lines a participant may read, and under which names."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from gateway.edge.cursors.history import ChannelStory, ConversationStory, read_event, recall, said_by
from gateway.state.channel.registration import Registry
from gateway.state.conversation.messages import Redacted, Said
from gateway.state.idempotency import IdempotencyKey, Speaker
from gateway.state.session.messages import KnownConversation
from ring.ids import GroupId, Incarnation, Term
from ring.storage.store import Line
from ring.wire.history import Query
from tests.gateway.commands.stage import network, people
from tests.settings import edge_settings
from tests.sim.net import Client

TALK = GroupId("conversation", "ann,bob")
SPEAKER = Speaker(Incarnation("127.0.0.1", 1), 7)
ANN: Any = SimpleNamespace(uid="1a", session=SimpleNamespace(account="ann"), person=SimpleNamespace(nick="Ann"))
NONE: frozenset[str] = frozenset()
EDGE: Any = SimpleNamespace(settings=edge_settings(), now=1.0)


def kept(event: Any, seq: int = 1, group: GroupId = TALK) -> Line:
    return Line(group, Term(1, "127.0.0.1", 1), seq, 1_000 + seq, f"id{seq}", msgspec.msgpack.encode(event))


def said(account: str, text: str, to: str, verb: str = "PRIVMSG", key: IdempotencyKey | None = None) -> Said:
    source = f"{account.title()}!~{account}@host"
    return Said("1a", account, source, verb, text.encode(), to, idempotency_key=key)


def conversation(other: str = "bob", nick: str = "") -> ConversationStory:
    return ConversationStory(EDGE, ANN, KnownConversation(other, 1, 2, nick))


def channel(modes: str = "", prefixes: str = "") -> ChannelStory:
    member = SimpleNamespace(joined_at=500, prefixes=prefixes, person=SimpleNamespace(life=""))
    found: Any = SimpleNamespace(name="#C", modes=modes, members={"1a": member}, register=Registry())
    return ChannelStory(EDGE, ANN, found)


def test_a_conversation_is_called_after_the_last_nick_of_the_other() -> None:
    mine, theirs = kept(said("ann", "hi", "Bobby")), kept(said("bob", "ho", "Ann"))
    assert conversation().title([theirs, mine]) == "Bobby"
    assert conversation().title([mine, theirs]) == "Bob"
    assert conversation().title([]) == "bob" and conversation("9z", "guest").title([]) == "guest"
    unreadable = msgspec.structs.replace(mine, event=b"\xc1")
    assert conversation().title([unreadable]) == "bob"


def test_own_messages_are_shown_only_to_clients_which_can_tell_these_apart() -> None:
    lines = [kept(said("ann", "mine", "Bobby"), 1), kept(said("bob", "theirs", "old"), 2)]
    assert [line.params for line in conversation().shown(NONE, lines)] == [("Ann", "theirs")]
    for cap in ("echo-message", "znc.in/self-message", "draft/chathistory"):
        found = conversation().shown(frozenset((cap,)), lines)
        assert [line.params for line in found] == [("Bobby", "mine"), ("Ann", "theirs")]
        assert [(line.msgid, line.at) for line in found] == [("id1", 1_001), ("id2", 1_002)]


def test_notes_to_oneself_are_shown_to_every_client() -> None:
    assert len(conversation("ann").shown(NONE, [kept(said("ann", "note", "Ann"))])) == 1


def test_other_events_and_unreadable_lines_are_left_out() -> None:
    lines = [
        kept(Redacted("bob", "Bob!~b@h", "id1")),
        msgspec.structs.replace(kept(said("bob", "x", "Ann")), event=b"\xc1"),
    ]
    assert conversation().shown(frozenset(("echo-message",)), lines) == []


@pytest.mark.parametrize(
    ("caps", "wanted"),
    [("", "@"), ("message-tags", "t@"), ("draft/event-playback", "e@"), ("message-tags draft/event-playback", "et@")],
)
def test_a_member_reads_what_the_client_can_show_and_the_rank_may_hear(caps: str, wanted: str) -> None:
    assert channel(prefixes="@").narrowed(Query(9), frozenset(caps.split())).wanted == wanted


def test_a_channel_may_hide_what_was_said_before_the_join() -> None:
    assert channel().narrowed(Query(9, since=100), NONE).since == 100
    assert channel("H").narrowed(Query(9, since=100), NONE).since == 500
    assert channel("H").narrowed(Query(9, since=900), NONE).since == 900


def texts(client: Client, group: GroupId) -> list[bytes] | None:
    """The messages of the group, as the client's user may read these."""
    user, found = client.connection.user, list[Any]()
    assert user is not None
    client.net.turn(client.node, lambda: recall(client.node.core.edge, user, NONE, group, Query(9), found.append))
    assert client.net.until(lambda: bool(found), 12)
    return [read_event(line).text for line in found[0]] if found[0] is not None else None


def test_only_participants_read_history() -> None:
    net = network(1)
    ann, bob = people(net, "ann", "bob")
    ann.ask("JOIN #c", "PRIVMSG #c :hi")
    assert [texts(client, group) for client in (bob, ann) for group in (GroupId("channel", "#c"), TALK)] == [
        None,
        None,
        [b"hi"],
        None,
    ]


def test_the_speaker_is_known_where_the_line_has_a_key() -> None:
    assert said_by(kept(said("ann", "x", "Bob", key=IdempotencyKey(SPEAKER, 3)))) == SPEAKER
    assert said_by(kept(said("ann", "x", "Bob"))) is None
    assert said_by(msgspec.structs.replace(kept(said("ann", "x", "Bob")), event=b"")) is None
