"""Messages between two nodes: what builds of earlier levels leave out, and what is carried unread."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ring.features import at_level
from ring.ids import UNREADABLE, Incarnation
from ring.roster import NodeRecord
from ring.wire.codec import decode, encode, packed
from ring.wire.node import Ask, Flow, PingReply, PingRequest, Records, Relay

NODE = NodeRecord("127.0.0.2", 5, "n2.test", "127.0.0.2", 7600, "", "1", 0)
ME = Incarnation("127.0.0.1", 9)


def test_news_of_a_build_without_the_field_make_no_statement() -> None:
    (read,) = decode(packed([[22, [NODE]]]))
    assert read == Records([NODE], None)


@pytest.mark.parametrize("thin", [None, False, True])
def test_whether_groups_are_thin_is_said_whatever_the_acting_level(thin: bool | None) -> None:
    """Otherwise the value would not be known when the level rises."""
    written = at_level(Records([NODE], thin), 0, 1)
    assert written[-1] is thin and len(written) == len(at_level(Records([NODE], thin), 1, 1))


def test_the_first_flow_of_an_earlier_build_has_no_end_and_nothing_used() -> None:
    (read,) = decode(packed([[41, 3, True, 0, [b"part"], 0]]))
    assert read == Flow(3, True, 0, [b"part"], 0, None, False, 0)


def test_relayed_messages_are_carried_as_they_are() -> None:
    """The node between need not be able to read them."""
    inner = packed([[999, "of a later build"]])
    (read,) = decode(encode([Relay("127.0.0.3", ME, msgspec.Raw(inner))]))
    assert isinstance(read, Relay) and bytes(read.payload) == inner and encode([read]) == encode([read])


def test_a_question_about_a_node_names_its_life() -> None:
    asked, replied = decode(encode([PingRequest(ME), PingReply(ME, True)]))
    assert (asked, replied) == (PingRequest(ME), PingReply(ME, True))


@pytest.mark.parametrize(
    "fields",
    [[22, "all"], [22, [["127.0.0.2"]]], [25, "127.0.0.2"], [26, ["a", 1], "yes"], [27, 5, ["a", 1], 0], [14, "x", 0]],
)
def test_what_is_no_such_message_is_not_read(fields: list[Any]) -> None:
    with pytest.raises(UNREADABLE):
        decode(packed([fields]))
    assert isinstance(decode(packed([[14, 1, 0]]))[0], Ask)
