from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from gateway.irc.splitter import TOO_LONG, Item, LineSplitter

PIECES = st.sampled_from(
    [
        b"\r",
        b"\n",
        b"\r\n",
        b" ",
        b"@",
        b":",
        b"PING x",
        b"a" * 5,
        b"b" * 9,
        b"c" * 10,
        b"d" * 30,
        b"@a=b ",
        b"\0",
        b"\xff",
    ]
)
STREAMS = st.lists(PIECES, max_size=40).map(b"".join)


def read(splitter: LineSplitter, chunks: list[bytes]) -> list[Item]:
    return [item for chunk in chunks for item in splitter.feed(chunk)]


def small() -> LineSplitter:
    return LineSplitter(limit_body=12, limit_tags=16)


@given(STREAMS, st.lists(st.integers(0, 400), max_size=20))
def test_chunks_do_not_matter(stream: bytes, cuts: list[int]) -> None:
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    chunks = [stream[a:b] for a, b in itertools.pairwise(edges)]
    assert read(small(), chunks) == small().feed(stream)


@given(STREAMS)
def test_a_line_that_fits_is_kept_and_no_other(stream: bytes) -> None:
    stream += b"\n"
    kept: list[Item] = []
    for line in stream.replace(b"\r", b"\n").split(b"\n"):
        tags, body = line.partition(b" ")[::2] if line[:1] == b"@" else (b"", line)
        if line:
            kept.append(line if len(body) <= 10 and len(tags) + 1 <= 16 else TOO_LONG)
    assert small().feed(stream) == kept


def test_every_line_end_ends_a_line() -> None:
    assert LineSplitter().feed(b"A\r\nB\nC\rD\n\r\n\r\r\n") == [b"A", b"B", b"C", b"D"]


def test_limits_are_those_of_the_protocol() -> None:
    splitter = LineSplitter()
    body, tags = b"P" * 510, b"@" + b"t" * 4094 + b" "
    assert splitter.feed(tags + body + b"\r\n") == [tags + body]
    assert splitter.feed(body + b"P\r\nPING\r\n") == [TOO_LONG, b"PING"]
    assert splitter.feed(b"@t" + tags[1:] + b"PING\r\nPING\r\n") == [TOO_LONG, b"PING"]
    assert splitter.feed(tags + body + b"P\r\nPING\r\n") == [TOO_LONG, b"PING"]


def test_an_endless_line_is_reported_once_and_never_kept() -> None:
    splitter = LineSplitter()
    items = [item for _ in range(1000) for item in splitter.feed(b"x" * 1000)]
    assert items == [TOO_LONG]
    assert len(splitter._rest) == 0
    assert splitter.feed(b"tail\r\nPING\r\n") == [b"PING"]


def test_endless_tags_are_reported_once() -> None:
    splitter = LineSplitter()
    assert [item for _ in range(100) for item in splitter.feed(b"@" * 1000)] == [TOO_LONG]
    assert splitter.feed(b" PING\nPONG\n") == [b"PONG"]
