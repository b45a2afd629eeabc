"""IRC lines as messages of a WebSocket, and how much of them has come."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.web.irc_frames import (
    BINARY,
    MAX_REASON,
    PRUNE_AT,
    TEXT,
    Ledger,
    MaskCheck,
    Refused,
    line_of,
    message_of,
    reason_of,
)


def test_a_message_is_a_line_and_old_line_ends_are_forgiven() -> None:
    assert line_of("PING ☺", TEXT) == "PING ☺".encode()
    assert line_of(b"PING \xe9\r\n", BINARY) == b"PING \xe9"
    assert line_of("PING x", None) == line_of(b"PING x", None) == b"PING x"
    assert line_of("", TEXT) == line_of("\r\n", TEXT) == b""


@pytest.mark.parametrize(
    ("data", "protocol", "code"),
    [
        ("PING x", BINARY, 1003),
        (b"PING x", TEXT, 1003),
        ("a\nQUIT", TEXT, 1007),
        (b"a\rQUIT", None, 1007),
        (b"\r\nQUIT", BINARY, 1007),
    ],
)
def test_what_is_no_line_is_refused_with_a_code_and_words(data: str | bytes, protocol: str | None, code: int) -> None:
    with pytest.raises(Refused) as refused:
        line_of(data, protocol)
    assert refused.value.code == code and len(refused.value.reason) <= MAX_REASON


@given(st.binary(max_size=600))
def test_text_is_always_utf_8_and_binary_is_as_it_was(line: bytes) -> None:
    assert message_of(line, BINARY) == line
    for protocol in (TEXT, None):
        assert message_of(line, protocol).decode() == line.decode("utf-8", "replace")


@given(st.text(max_size=300))
def test_a_reason_fits_its_frame(text: str) -> None:
    assert len(reason_of(text)) <= MAX_REASON
    assert text.encode("utf-8", "replace").decode().startswith(reason_of(text).decode())


@given(st.lists(st.tuples(st.integers(0, 70_000), st.booleans()), max_size=50), st.integers(0, 400_000), st.data())
def test_no_line_counts_as_come_before_its_last_byte_has(
    frames: list[tuple[int, bool]], unacknowledged: int, data: st.DataObject
) -> None:
    ledger, lines, wire = Ledger(), [], 0
    for payload, is_line in frames:
        ledger.frame(payload, payload + 2 if is_line else 0)
        wire += payload + (2 if payload < 126 else 4 if payload < 65536 else 10)
        if is_line:
            lines.append((wire, payload + 2))
    buffered = data.draw(st.integers(0, wire))
    ledger.hand(buffered)
    come = wire - buffered - unacknowledged
    assert ledger.arrived(unacknowledged) == sum(size for end, size in lines if end <= come)
    ledger.hand(0)
    assert ledger.arrived(0) == sum(size for _, size in lines)


def test_marks_do_not_grow_for_a_client_that_reads() -> None:
    ledger = Ledger()
    for _ in range(100):
        for _ in range(PRUNE_AT):
            ledger.frame(10, 12)
        assert ledger.is_full
        ledger.hand(0)
        ledger.arrived(0)
        assert not ledger.is_full


def frame(size: int, *, masked: bool) -> bytes:
    """A text frame of so many bytes."""
    long = struct.pack("!H", size) if 125 < size < 65536 else struct.pack("!Q", size) if size > 125 else b""
    length = bytes([size if size < 126 else 126 if size < 65536 else 127]) + long
    head = bytes([0x81, length[0] | (0x80 if masked else 0)]) + length[1:]
    return head + (b"mask" if masked else b"") + b"\x01" * size


@given(st.lists(st.sampled_from([0, 1, 125, 126, 300, 65536])), st.data())
def test_masked_frames_pass_in_any_pieces_and_the_first_without_a_mask_is_marked(
    sizes: list[int], data: st.DataObject
) -> None:
    good, bad = (
        b"".join(frame(size, masked=True) for size in sizes),
        frame(data.draw(st.integers(0, 200)), masked=False),
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(good)), max_size=5)))
    check, passed = MaskCheck(), b""
    for start, end in zip([0, *cuts], [*cuts, len(good)], strict=True):
        passed += check.pass_on(good[start:end])
    assert passed == good
    first = check.pass_on(bad[:1])
    assert first + check.pass_on(bad[1:]) == bytes([bad[0] | 0x70, bad[1]])
