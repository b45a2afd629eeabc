"""The tail of a group's log: bounded, without gaps, and forgotten by age."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ring.durations import LOG_IDLE_S
from ring.ids import Incarnation
from ring.replication import log as log_module
from ring.replication.log import FRAME, LOG_BYTES, LOG_ENTRIES, Log, message_key
from ring.wire.codec import size
from ring.wire.log import Command, Entry

ANN = Incarnation("e", 1)


class Said(msgspec.Struct):
    """An event that another edge may bring once more."""

    text: str
    idempotency_key: str | None = None


def said(seq: int, event: Any) -> Entry:
    return Entry(seq, seq, ANN, seq, seq, None, event)


def positions(log: Log) -> list[int]:
    return [entry.seq for entry in log]


events = st.builds(Said, st.text(max_size=30), st.sampled_from([None, "k1", "k2", "k3"]))


@given(st.lists(events, max_size=40), st.integers(0, 20), st.integers(1, 12), st.integers(80, 2000))
def test_a_log_counts_its_bytes_and_knows_its_keys_whatever_goes(
    told: list[Said], drops: int, most: int, room: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_module, "LOG_ENTRIES", most)
        patch.setattr(log_module, "LOG_BYTES", room)
        log = Log()
        for seq, event in enumerate(told, start=1):
            log.append(said(seq, event))
            assert log[-1].seq == seq, "room never takes the last entry"
            assert len(log) == 1 or (len(log) <= most and log.bytes <= room)
    for _ in range(min(drops, len(log))):
        log.drop_first()
    assert positions(log) == [*range(len(told) - len(log) + 1, len(told) + 1)], "no gaps"
    assert log.bytes == sum(FRAME + size(entry.event) for entry in log)
    for key in ("k1", "k2", "k3"):
        assert log.said(key) is next((e for e in reversed(log) if e.event.idempotency_key == key), None)


def test_a_log_is_bounded() -> None:
    assert positions(Log(said(seq, "") for seq in range(LOG_ENTRIES + 10))) == list(range(10, LOG_ENTRIES + 10))


def test_a_log_is_bounded_in_bytes_and_keeps_its_last_entry() -> None:
    log = Log()
    for seq in range(100):
        log.append(said(seq, "x" * 60_000))
        assert log.bytes <= LOG_BYTES
    assert positions(log) == list(range(83, 100))
    log.append(said(100, "x" * 2 * LOG_BYTES))
    assert positions(log) == [100]
    log.append(said(101, "short"))
    assert positions(log) == [101]
    log.drop_first()
    assert log.bytes == 0


def test_a_log_forgets_what_has_been_there_for_long_whatever_the_clocks_say_that_dated_it() -> None:
    log = Log([said(1, "a"), said(3_600_000, "b")])
    log.trim(100.0, 20.0)
    log.append(said(3_600_001, "c"))
    log.trim(119.0, 20.0)
    assert len(log) == 3
    log.append(said(3_600_002, "d"))
    log.trim(120.0, 20.0)
    assert positions(log) == [3_600_001, 3_600_002]
    log.trim(119.0 + LOG_IDLE_S, 20.0)
    log.trim(119.9 + LOG_IDLE_S, 20.0)
    assert positions(log) == [3_600_002]
    log.trim(120.0 + LOG_IDLE_S, 20.0)
    assert not log and log.bytes == 0
    log.trim(200.0 + LOG_IDLE_S, 20.0)


def test_a_log_that_is_kept_for_ever_is_not_trimmed() -> None:
    log = Log([said(1, "a")])
    for now in (0.0, 1e6, 1e9):
        log.trim(now, float("inf"))
    assert positions(log) == [1]


def test_a_message_is_known_by_its_key_or_else_by_its_origin_and_number() -> None:
    assert message_key(said(7, Said("hello", idempotency_key="k1"))) == "k1"
    assert message_key(said(7, Said("hello"))) == (ANN, 7)
    assert message_key(Command(9, 0, ANN, 7, 0, Said("hello"))) == (ANN, 7)
    assert message_key(Command(9, 0, ANN, 8, 0, Said("hello", idempotency_key="k1"))) == "k1"
