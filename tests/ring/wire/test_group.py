"""Messages to and from the master of a group: what is read, and what is not."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ring.features import unsupported
from ring.ids import NO_TERM, UNREADABLE, GroupId, Term
from ring.wire.codec import Unread, decode, decode_each, encode, packed
from ring.wire.group import Answer, Barrier, GroupMessage, Question, Seen, Submit, View, Watch
from ring.wire.log import raw

ROOM = GroupId("channel", "#room")
PLACE = ["channel", "#room"]
TERM = Term(2, "b", 1)


def test_what_the_kind_has_put_in_is_carried_encoded() -> None:
    sent = [Submit(ROOM, 7, 6, raw(["say", "hello"])), Answer(ROOM, 7, TERM, 3, 30, True, raw(None))]
    submit, answer = decode(encode([*sent]))
    assert isinstance(submit, Submit) and bytes(submit.command) == packed(["say", "hello"])
    assert isinstance(answer, Answer) and bytes(answer.outcome) == b"\xc0" and answer.follows
    assert encode([submit, answer]) == encode([*sent])


def test_every_message_names_its_group_first() -> None:
    """An unreadable message can so be laid to its group."""
    views = View(ROOM, NO_TERM, 0, raw(1))
    for message in (
        Submit(ROOM, 1, 1, raw(0)),
        Barrier(ROOM, 1, 1),
        Watch(ROOM, True),
        views,
        Question(ROOM, 1, raw(0)),
    ):
        tag, group, *_ = msgspec.msgpack.decode(packed(message))
        assert (tag, group) == (type(message).__struct_config__.tag, PLACE) and isinstance(message, GroupMessage)


@pytest.mark.parametrize(
    "fields",
    [
        [1, PLACE, "seven", 6, None],
        [1, ["channel"], 7, 6, None],
        [1, "#room", 7, 6, None],
        [1, PLACE, 7, 6],
        [9, PLACE, 7, None],
        [11, PLACE, "on"],
        [12, PLACE, [2, "b"], 3, 4],
    ],
)
def test_what_is_no_such_message_is_unreadable_and_named(fields: list[Any]) -> None:
    with pytest.raises(UNREADABLE):
        decode(packed([fields]))
    (unread,) = decode_each(packed([fields]))
    assert isinstance(unread, Unread) and unread.kind in ("Submit", "Barrier", "Watch", "View", "message")
    assert unread.group in (ROOM, None)


def test_a_view_is_acknowledged_only_to_builds_that_know_of_it() -> None:
    assert unsupported(Seen(ROOM, TERM, 3), 0) and not unsupported(Seen(ROOM, TERM, 3), 1)
    assert not unsupported(Watch(ROOM, True), 0)
