"""The idempotency keys of machines, inside of a message's `IdempotencyKey`."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.state.channel.machine_messages import Speak, Spoken, SpokenKey, key_from_text, key_of, key_of_serial
from gateway.state.idempotency import IdempotencyKey, Speaker, of_command
from ring.ids import Incarnation

NODE = Incarnation("10.0.0.1", 7)


@given(st.text(min_size=1))
def test_the_key_is_read_back(key: str) -> None:
    assert key_of(key_from_text(key)) == key


@given(st.text(), st.text())
def test_each_key_has_a_once_of_its_own_the_same_on_every_node(one: str, other: str) -> None:
    assert (key_from_text(one) == key_from_text(other)) == (one == other)


def test_messages_of_people_and_messages_without_a_key_have_no_key() -> None:
    for idempotency_key in (None, key_of_serial(NODE, 3), of_command(NODE, 3), IdempotencyKey(Speaker(NODE, 3), 5)):
        assert key_of(idempotency_key) == ""


def test_messages_without_a_key_are_told_apart_from_each_other_and_from_people() -> None:
    mine = [key_of_serial(NODE, serial) for serial in (1, 2)]
    assert len({*mine, key_of_serial(Incarnation("10.0.0.1", 8), 1), IdempotencyKey(Speaker(NODE, 1), 0)}) == 4


def test_older_builds_never_see_the_messages() -> None:
    assert {one.SINCE for one in (Speak, Spoken, SpokenKey)} == {2}
