"""The reader of a kind's values: each union has a decoder, and a kind without a union reads nothing but nil."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.irc import numerics as n
from gateway.state.nick import messages as k
from gateway.state.people import Refusal
from gateway.state.reader import UNJUDGED, KindReader
from gateway.state.throttle import messages as g
from tests.gateway.state.cast import packed

READER = KindReader(g.Command, g.Event, g.Wait, g.HowLong, g.Wait)


def test_each_union_has_a_decoder_of_its_own() -> None:
    assert READER.read_command(packed(g.Take(2.0))) == g.Take(2.0)
    assert READER.read_event(packed(g.Undone(5))) == g.Undone(5)
    assert READER.read_outcome(packed(g.Wait(1.0, 2, 3))) == g.Wait(1.0, 2, 3)
    assert READER.read_question(packed(g.HowLong())) == g.HowLong()
    assert READER.read_answer(packed(g.Wait(4.0))) == g.Wait(4.0)


@pytest.mark.parametrize(
    ("read", "other"),
    [
        (READER.read_command, g.Taken()),
        (READER.read_event, g.Take()),
        (READER.read_outcome, g.HowLong()),
        (READER.read_question, g.Wait()),
        (READER.read_answer, g.HowLong()),
    ],
)
def test_a_message_of_another_union_is_refused(read: Any, other: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        read(packed(other))


def test_a_cut_message_is_refused() -> None:
    with pytest.raises(msgspec.MsgspecError):
        READER.read_command(msgspec.Raw(bytes(packed(g.Take(2.0)))[:-1]))


def test_a_kind_without_questions_reads_only_nil() -> None:
    reader = KindReader(g.Command, g.Event, g.Wait, None, None)
    assert reader.read_question(packed(None)) is None
    with pytest.raises(msgspec.ValidationError):
        reader.read_question(packed(g.HowLong()))


def test_two_readers_of_the_same_union_share_the_decoder() -> None:
    again = KindReader(g.Command, g.Event, g.Wait, None, None)
    assert again.read_command == READER.read_command
    assert again.read_command != KindReader(k.Command, k.Event, k.Outcome, None, None).read_command


def test_the_outcome_of_an_unjudged_command_is_a_refusal_for_the_client() -> None:
    read = KindReader(k.Command, k.Event, k.Outcome, None, None).read_outcome
    assert read(packed(UNJUDGED)) == UNJUDGED
    assert isinstance(UNJUDGED, Refusal)
    assert UNJUDGED.numeric == n.ERR_UNKNOWNERROR == "400"
