"""What a turn has to say is cut into payloads that a peer accepts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ring.ids import GroupId, Term
from ring.wire.codec import decode, encode, payloads, reencode
from ring.wire.log import Entry
from ring.wire.messages import Message
from ring.wire.replication import Publish

MESSAGES = st.lists(st.integers(0, 3000), min_size=1, max_size=40)


def saying(length: int) -> Message:
    event = reencode("x" * length)
    entry = Entry(1, 1, None, 0, 0, reencode(None), event)
    return Publish(GroupId("channel", "#a"), Term(1, "k", 1), 1, [entry])


@given(MESSAGES, st.integers(100, 5000))
def test_all_messages_come_in_order_in_payloads_that_fit(lengths: list[int], most: int) -> None:
    messages = [saying(length) for length in lengths]
    parts = list(payloads(messages, most))
    assert [encode([message]) for part in parts for message in decode(part)] == [encode([m]) for m in messages]
    for part in parts:
        assert len(part) <= most or len(decode(part)) == 1


def test_what_fits_is_one_payload() -> None:
    messages = [saying(10)] * 20
    assert list(payloads(messages, 1 << 20)) == [encode(messages)]
