"""Nicks as a kind of group: in memory alone, and compared by the network's casemapping."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.irc.casemapping import Casemap
from gateway.state.nick.kind import NickKind
from gateway.state.nick.messages import Change, Claim, Claimed
from gateway.state.reader import UNJUDGED
from tests.gateway.state.cast import CASEMAP, packed, person

KIND = NickKind(CASEMAP)
CAT = person("3", "cat{")


def test_a_nick_is_in_memory_alone() -> None:
    assert KIND.durable == "no"
    assert KIND.unjudged is UNJUDGED


def test_a_new_nick_is_free_and_a_restored_nick_keeps_the_holder() -> None:
    nick: Any = KIND.initial("cat{")
    assert nick.holder is None
    nick.apply(nick.decide(Claim(CAT), 1).event, 1)
    restored: Any = KIND.restore("cat{", packed(nick.snapshot()))
    assert restored.holder == nick.holder is not None
    assert list(restored.subscribers) == [CAT.edge]


@pytest.mark.parametrize("mapping", ["rfc1459", "ascii"])
def test_initial_and_restored_nicks_take_the_casemapping_of_the_kind(mapping: Any) -> None:
    kind = NickKind(Casemap(mapping))
    made: Any = kind.initial("x")
    restored: Any = kind.restore("x", packed(made.snapshot()))
    assert made.casemap is restored.casemap is kind.casemap


def test_commands_and_events_are_not_taken_for_each_other() -> None:
    assert KIND.read_command(packed(Change(CAT))) == Change(CAT)
    with pytest.raises(msgspec.MsgspecError):
        KIND.read_event(packed(Change(CAT)))
    with pytest.raises(msgspec.MsgspecError):
        KIND.read_command(packed(Claimed(CAT)))
