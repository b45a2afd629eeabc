"""Messages between two nodes about private messages: read as written, in a form which stays, and nothing else."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.direct import remote_messages as m
from gateway.state.nick.messages import Reached
from gateway.state.people import Person, Refusal

ANN = Person("1a", 3, "ann", "~ann", "host", "Ann", "127.0.0.1", 1)
decode = msgspec.msgpack.Decoder(m.Opening | m.Sent | m.Answer).decode
encode = msgspec.msgpack.encode
SENT = m.Sent("bob", "2b", 1, ANN, "PRIVMSG", b"hi", None, "id", 5, 1)


@given(st.binary(max_size=500), st.none() | st.dictionaries(st.text(), st.text(), max_size=3), st.text(max_size=20))
def test_a_message_is_read_as_written_whatever_its_bytes(text: bytes, tags: Any, after: str) -> None:
    sent = m.Sent("bob", "2b", 1, ANN, "PRIVMSG", text, tags, "id", 5, 1, after)
    assert decode(encode(sent)) == sent


@pytest.mark.parametrize(
    "answer",
    [
        m.Answer(m.AS_KNOWN),
        m.Answer(m.OUTCOME, Reached(ANN)),
        m.Answer(m.OUTCOME, Refusal("477", ("bob", "no"))),
        m.Answer(m.NOT_HERE),
        m.Answer(m.MISTAKE),
    ],
)
def test_each_answer_is_read_as_written(answer: m.Answer) -> None:
    assert decode(encode(answer)) == answer


def test_the_four_answers_differ() -> None:
    assert len({m.AS_KNOWN, m.OUTCOME, m.NOT_HERE, m.MISTAKE}) == 4


def test_the_form_on_the_wire_stays() -> None:
    """Nodes of older builds read these bytes: a field may be added at the end, and no field may move."""
    assert bytes(m.OPENING) == b"\x91\x01"
    raw = msgspec.msgpack.decode(encode(SENT))
    assert raw[:4] == [2, "bob", "2b", 1] and raw[5:] == ["PRIVMSG", b"hi", None, "id", 5, 1, ""]
    assert msgspec.msgpack.decode(encode(m.Answer(m.NOT_HERE))) == [3, 2, None]


def test_a_message_without_a_position_has_none() -> None:
    raw = msgspec.msgpack.decode(encode(SENT))
    assert decode(encode(raw[:-1])) == SENT and SENT.after == ""


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x91\x07", b"\x93\x03\xa1x\xc0", encode([2, "bob", "2b"])])
def test_anything_else_is_unreadable(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(data)
