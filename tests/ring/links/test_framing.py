"""Bytes of a link, cut into frames."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ring.links.framing import DATA, HANDSHAKE_MAX, HEAD, HELLO, REPLY, BadFrame, Deframer, frame

FRAMES = st.lists(st.tuples(st.integers(HELLO, REPLY), st.binary(max_size=300)), max_size=20)


@given(FRAMES, st.lists(st.integers(0, 3000), max_size=30))
def test_frames_are_the_same_however_the_bytes_are_split(frames: list[tuple[int, bytes]], cuts: list[int]) -> None:
    data = b"".join(frame(kind, body) for kind, body in frames)
    deframer, found = Deframer(), []
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    for start, end in itertools.pairwise(edges):
        found += deframer.feed(data[start:end])
    assert found == frames


@given(st.binary(max_size=2000))
def test_any_bytes_are_frames_or_are_refused(data: bytes) -> None:
    """What comes out of noise is what went in: nothing is made up, and nothing of a body is lost."""
    deframer = Deframer()
    try:
        frames = deframer.feed(data)
    except BadFrame:
        return
    whole = b"".join(frame(kind, body) for kind, body in frames)
    assert data.startswith(whole)
    left = data[len(whole) :]
    assert len(left) < HEAD or int.from_bytes(left[:4], "big") > len(left) - HEAD


def test_a_frame_as_long_as_the_limit_is_let_in_and_a_longer_one_is_refused_by_its_head() -> None:
    assert Deframer(limit=10).feed(frame(DATA, bytes(10))) == [(DATA, bytes(10))]
    with pytest.raises(BadFrame, match="a frame of 11 bytes, at most 10 are allowed"):
        Deframer(limit=10).feed(frame(DATA, bytes(11))[:HEAD])
    assert Deframer().limit == HANDSHAKE_MAX


@pytest.mark.parametrize("kind", [0, REPLY + 1, 255])
def test_an_unknown_type_is_refused(kind: int) -> None:
    with pytest.raises(BadFrame, match=f"unknown type {kind}"):
        Deframer().feed(frame(kind))


def test_a_raised_limit_counts_from_the_next_frame() -> None:
    deframer = Deframer(limit=1)
    assert deframer.feed(frame(DATA, b"x")) == [(DATA, b"x")]
    deframer.limit = 100
    assert deframer.feed(frame(DATA, bytes(100))) == [(DATA, bytes(100))]
