"""Events as lines: what a member reads now, and what a later reader is shown of the same event."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.edge.client import rendering
from gateway.edge.client.lines import ACCOUNT, TAGS, Line
from gateway.irc.modes import ModeChange
from gateway.state.channel import messages as c
from gateway.state.channel.snapshot import PutOut
from gateway.state.conversation.messages import Said as DirectMessage
from gateway.state.people import Author
from gateway.state.session.messages import Kick
from ring.replication.application import EventId
from ring.wire.history import Cursor
from tests.gateway.state.cast import ANN, BOB, person

STAMP = EventId("m-1", 7)
SOURCE = "ann!a@h"


def shown(lines: list[Line], variant: int = 0) -> list[str]:
    return [line.render(variant).decode().removesuffix("\r\n") for line in lines]


def replayed(event: Any, *, extended: bool = False, most: int = 6) -> list[str]:
    return shown(rendering.replayed(event, "#C", STAMP, extended=extended, most=most))


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (c.Said("1", SOURCE, "PRIVMSG", b"hi"), "PRIVMSG #C :hi"),
        (c.Said("1", SOURCE, "NOTICE", b"hi there", "@"), "NOTICE @#C :hi there"),
        (c.Said("1", SOURCE, "TAGMSG", b"", tags={"+typing": "active"}), "TAGMSG #C"),
        (c.Parted("1", SOURCE), "PART #C"),
        (c.Parted("1", SOURCE, "bye"), "PART #C bye"),
        (c.Parted("1", SOURCE, ""), "PART #C :"),
        (c.Kicked("1", SOURCE, "2", "Bob", "why"), "KICK #C Bob :why"),
        (c.TopicSet("1", SOURCE, ""), "TOPIC #C :"),
        (c.ModesSet("1", SOURCE, (c.ModeChange(True, "o", "Bob", "2"),)), "MODE #C +o Bob"),
        (c.Redacted("1", SOURCE, "m-0", "a slip"), None),
        (c.Invited("1", SOURCE, "2", "Bob"), None),
    ],
)
def test_an_event_is_replayed_with_the_names_of_its_time(event: Any, line: str | None) -> None:
    assert replayed(event) == ([] if line is None else [f":{SOURCE} {line}"])


def test_a_join_has_account_and_real_name_for_clients_that_want_these() -> None:
    assert replayed(c.Joined(ANN)) == [f":{ANN.source} JOIN #C"]
    assert replayed(c.Joined(ANN), extended=True) == [f":{ANN.source} JOIN #C * Real"]
    known = person("1", "Ann", account="Anna")
    assert replayed(c.Joined(known), extended=True) == [f":{known.source} JOIN #C Anna Real"]


def test_each_person_that_quit_together_has_a_line_and_an_account() -> None:
    event = c.HasQuit((("1", "ann!a@h"), ("2", "bob!b@h")), "bye", accounts=("Ann", None))
    lines = rendering.replayed(event, "#C", STAMP, extended=False, most=6)
    assert shown(lines, ACCOUNT) == ["@account=Ann :ann!a@h QUIT :bye", ":bob!b@h QUIT :bye"]


def test_a_renamed_member_is_shown_by_the_nick_before() -> None:
    now = msgspec.structs.replace(ANN, nick="Anna", version=2)
    assert replayed(c.Updated(now, ANN)) == [f":{ANN.source} NICK Anna"]


def test_many_modes_take_several_lines() -> None:
    changes = tuple(c.ModeChange(True, "b", f"n{number}!*@*") for number in range(5))
    lines = replayed(c.ModesSet("1", SOURCE, changes), most=2)
    assert [line.split(" ")[3] for line in lines] == ["+bb", "+bb", "+b"]


def test_now_the_author_is_shown_with_the_newest_facts() -> None:
    event = c.Said("1", SOURCE, "PRIVMSG", b"\xff", account="Ann", bot=True)
    line = rendering.said(event, Author("anna!a@h", "Anna"), "#C", STAMP)
    assert line.render(ACCOUNT | TAGS) == b"@account=Anna;msgid=m-1;bot :anna!a@h PRIVMSG #C :\xff\r\n"
    assert shown([rendering.kicked(c.Kicked("1", SOURCE, "2", "Bob", "why"), ANN.author, "Bobby", "#C", STAMP)]) == [
        f":{ANN.source} KICK #C Bobby :why"
    ]


def test_a_kick_without_its_event_is_shown_without_an_id() -> None:
    kicks = (PutOut(SOURCE, "why", 7, "Ann"), Kick("#C", SOURCE, "why", 7, Cursor(1, 7), "Ann"))
    for kick in kicks:
        assert shown([rendering.put_out(kick, "Bob", "#C")], ACCOUNT | TAGS) == [
            f"@account=Ann :{SOURCE} KICK #C Bob :why"
        ]


def test_a_direct_message_goes_to_the_nick_that_the_reader_knows() -> None:
    event = DirectMessage("1", "ann", SOURCE, "PRIVMSG", b"hi", "Bob", "Ann")
    assert shown([rendering.direct_message(event, BOB.nick, STAMP)], ACCOUNT) == [
        f"@account=Ann :{SOURCE} PRIVMSG Bob :hi"
    ]


def test_redactions_and_topics_now() -> None:
    redacted = c.Redacted("1", SOURCE, "m-0")
    assert shown([rendering.redacted(redacted, ANN.author, "#C", STAMP)]) == [f":{ANN.source} REDACT #C m-0"]
    assert shown(rendering.modes_set([ModeChange(False, "k", "old")], ANN.author, "#C", STAMP, 6)) == [
        f":{ANN.source} MODE #C -k old"
    ]
