"""Questions on behalf of operators' programs, on links: tags of their own, since level 2, and refused if broken."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from gateway.edge.rpc import asks
from gateway.edge.rpc.operator_asks import (
    ActionRow,
    ChosenAsk,
    ClientRow,
    EndAsk,
    Ended,
    ForceAsk,
    Forced,
    Heeded,
    OperatorAsk,
    OperatorReply,
    Page,
    PageAsk,
    RoleRow,
    Row,
    SessionRow,
    VhostRow,
    What,
)
from gateway.edge.rpc.pages import LISTERS
from tests.gateway.state.cast import packed
from tests.gateway.state.reading import read_back, read_of_other_builds, refused_if_cut_or_mistyped

ASKS = [PageAsk("roles", "a", 5, "#c"), EndAsk("1", 0, "enough"), ForceAsk("1", "part", "#c", "bye"), ChosenAsk("ann")]
CLIENT = ClientRow(3, "10.0.0.1", "192.0.2.7", True, "phone", 5, 0)
SESSION = SessionRow("1", "ann", "~ann", "x.example", None, None, None, False, 5, 1, (CLIENT,))
VHOST = VhostRow("joe", "Joe", "joe.example", "", 5)
REPLIES = [
    Page((RoleRow("#c", "backup", 3, 9), SESSION, VHOST), "#c"), Ended("ann"), Forced("has gone"), Heeded(),
]  # fmt: skip


def test_questions_and_answers_read_back() -> None:
    read_back(OperatorAsk, ASKS)
    read_back(OperatorReply, REPLIES)


def test_nodes_of_other_builds_are_read_and_broken_messages_refused() -> None:
    read_of_other_builds(OperatorAsk, ASKS)
    refused_if_cut_or_mistyped(OperatorAsk, ASKS)


def test_the_node_reads_the_questions_among_all_others() -> None:
    for ask in ASKS:
        assert asks.read_ask(packed(ask)) == ask
    for reply in REPLIES:
        assert asks.read_reply(packed(reply)) == reply


@pytest.mark.parametrize("kind", [*get_args(OperatorAsk), *get_args(OperatorReply), *get_args(Row), ClientRow])
def test_every_message_and_row_says_since_when_it_is_known(kind: Any) -> None:
    assert (3 if kind in (ForceAsk, Forced, VhostRow) else 2) == kind.SINCE


def test_a_page_takes_rows_and_nothing_else() -> None:
    page = Page((ActionRow("k", 5, "root", "kill", "bob", "done"),), "")
    decode = msgspec.msgpack.Decoder(Page).decode
    assert decode(packed(page)) == page
    with pytest.raises(msgspec.ValidationError):
        decode(packed([45, [[46, "ann"]], ""]))


def test_every_list_has_a_maker() -> None:
    assert {*get_args(What)} == {*LISTERS}
