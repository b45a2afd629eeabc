"""A channel's idempotency keys: remembered for a day, bounded, and merged after a partition."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.state.channel.keys import check_of, merge_keys, remembered
from gateway.state.channel.machine_messages import KEY_MS, KEYS, SpokenKey, key_from_text, key_of_serial
from gateway.state.channel.messages import Said
from ring.ids import Incarnation

NAMES = st.sampled_from(["a", "b", "c", "d"])
SIDES = st.dictionaries(NAMES, st.builds(SpokenKey, st.integers(1, 3), st.integers(1, 3)))


def said(key: str, text: bytes = b"hi") -> Said:
    return Said("m", "hook!h@h", "PRIVMSG", text, idempotency_key=key_from_text(key))


def test_the_checksum_tells_verb_and_text_apart() -> None:
    checks = {check_of(verb, text) for verb in ("PRIVMSG", "NOTICE") for text in (b"", b"hi", b"ho")}
    assert len(checks) == 6
    assert check_of("PRIVMSG", b"hi") in checks


def test_a_key_is_remembered_with_time_and_words() -> None:
    assert remembered({}, said("a"), 7) == {"a": SpokenKey(7, check_of("PRIVMSG", b"hi"))}


def test_a_message_without_a_key_of_a_machine_changes_nothing() -> None:
    node = Incarnation("10.0.0.1", 7)
    assert remembered({}, Said("1", "a!b@c", "PRIVMSG", b"hi"), 7) is None
    assert remembered({}, Said("1", "a!b@c", "PRIVMSG", b"hi", idempotency_key=key_of_serial(node, 3)), 7) is None


def test_a_key_is_forgotten_after_a_day() -> None:
    keys = remembered({}, said("old"), 0)
    assert keys is not None
    keys = remembered(keys, said("new"), KEY_MS - 1)
    assert keys is not None and {*keys} == {"old", "new"}
    keys = remembered(keys, said("newer"), KEY_MS)
    assert keys is not None and {*keys} == {"new", "newer"}


def test_the_oldest_key_goes_first() -> None:
    keys: dict[str, SpokenKey] = {}
    for at in range(KEYS + 5):
        keys = remembered(keys, said(f"k{at:04}"), at) or {}
    assert len(keys) == KEYS
    assert min(keys) == "k0005"


def test_of_two_messages_with_one_key_the_earlier_counts() -> None:
    early, late = SpokenKey(3, 9), SpokenKey(5, 1)
    assert merge_keys({"a": late}, {"a": early}) == {"a": early} == merge_keys({"a": early}, {"a": late})


@given(SIDES, SIDES, SIDES)
def test_a_merge_is_commutative_associative_and_idempotent(a: Any, b: Any, c: Any) -> None:
    assert merge_keys(a, b) == merge_keys(b, a)
    assert merge_keys(merge_keys(a, b), c) == merge_keys(a, merge_keys(b, c))
    assert merge_keys(merge_keys(a, b), b) == merge_keys(a, b)
