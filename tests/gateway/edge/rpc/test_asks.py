"""Questions between nodes on behalf of people: read back, also from other builds; anything else is refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.edge.rpc import asks as a
from gateway.state.channel.questions import ListRow
from ring.wire.history import Cursor
from tests.gateway.state.cast import ANN, packed

ASKS: list[Any] = [
    a.ListAsk(("#a",), ("#b",), True),
    a.DetailAsk("1", "2", ("#c",), False),
    a.CountAsk(),
    a.FindAsk("*!*@h", ("#c",), True, True),
    a.ExpelAsk("0x"),
    a.SuspendedAsk("0x", "The account joe is suspended"),
    a.OwnedAsk("1"),
    a.ReclaimedAsk("1", "ann"),
    a.DeliveredAsk("ann", "phone"),
    a.LettingGoAsk("1", "ann"),
    a.IndexAsk("10.0.0.1", 3, ("#c",), (ListRow("#C", 2, "tea", 1, 2, False, 3),), ("#d",)),
    a.SumAsk("10.0.0.1", a.Counts(1, 2, 3, 4, 5, 6), 7),
]
REPLIES: list[Any] = [
    a.ListReply((ListRow("#c", 2, "tea", 1, 2, False, 3),), True),
    a.Detail(5, ("@#c",), True, False, "10.0.0.1", "+i", ANN),
    a.Counts(1, 2, 3, 4, 5, 6),
    a.Found((ANN,), False),
    a.Delivered({"#c": Cursor(7, 8)}, {"10.0.0.1": 7}),
    a.LettingGo(True, False),
    a.Seats(("#c",)),
    a.Looked(b"look"),
    a.Indexed(True),
    a.Sums(a.Counts(1, 2, 3, 4, 5, 6), 7),
    None,
]


@pytest.mark.parametrize("ask", ASKS, ids=lambda ask: type(ask).__name__)
def test_questions_read_back_also_with_further_fields(ask: Any) -> None:
    assert a.read_ask(packed(ask)) == ask
    values = msgspec.msgpack.decode(packed(ask))
    assert a.read_ask(packed([*values, {"of a later build": 1}])) == ask


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: type(reply).__name__)
def test_answers_read_back(reply: Any) -> None:
    assert a.read_reply(packed(reply)) == reply


@pytest.mark.parametrize("junk", [7, "x", [], [999], {"a": 1}, [1, 7]])
def test_junk_is_refused(junk: Any) -> None:
    for read in (a.read_ask, a.read_reply):
        with pytest.raises(msgspec.MsgspecError):
            read(packed(junk))
