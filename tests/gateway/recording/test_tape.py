"""The file of a recording by itself: frames in order, cut short by a kill, or changed."""

from __future__ import annotations

import msgspec
import pytest

from gateway.recording.tape import (
    CHECK,
    DIGEST,
    LENGTH,
    MAGIC,
    Answered,
    BadTape,
    Call,
    End,
    Framer,
    Header,
    Pulled,
    Record,
    Sent,
    encode,
    open_tape,
)
from ring.ids import GroupId
from ring.roster import NodeRecord

NODE = NodeRecord("127.0.0.1", 1, "n1", "127.0.0.1", 7600, "", "1.0", 0)
HEADER = Header("a build", 5.0, False, 7, NODE, b"settings", [(GroupId("channel", "#c"), 60.0)])
RECORDS: list[Record] = [
    Call("edge.tick", msgspec.Raw(b"\x91\x05")),
    Pulled(b"random"),
    Answered(1, "engine.work_store", msgspec.Raw(b"\x05")),
    Sent(("127.0.0.2", "7"), (b"123456", b"654321")),
    End("the node stops"),
]


def frames() -> list[bytes]:
    framer = Framer()
    return [framer.frame(encode(value)) for value in (HEADER, *RECORDS)]


def test_a_recording_reads_back() -> None:
    header, records = open_tape(MAGIC + b"".join(frames()))
    assert header == HEADER and list(records) == RECORDS


def test_a_frame_costs_sixteen_bytes() -> None:
    assert len(Framer().frame(b"x" * 300)) == LENGTH + CHECK + DIGEST + 300 == 316


def test_a_file_cut_at_any_byte_is_read_up_to_the_last_whole_frame() -> None:
    first, *others = frames()
    start, rest = MAGIC + first, b"".join(others)
    ends = [len(b"".join(others[:number])) for number in range(len(others) + 1)]
    for size in range(len(rest) + 1):
        whole = sum(end <= size for end in ends) - 1
        assert list(open_tape(start + rest[:size])[1]) == RECORDS[:whole]


def test_a_wrong_length_is_damage_and_no_cut() -> None:
    made = frames()
    made[-1] = b"\xff" + made[-1][1:]
    with pytest.raises(BadTape, match="changed or is damaged"):
        list(open_tape(MAGIC + b"".join(made))[1])


@pytest.mark.parametrize("order", [(0, 2, 1), (0, 1, 1), (0, 2)])
def test_frames_that_were_moved_repeated_or_left_out_are_refused(order: tuple[int, ...]) -> None:
    made = frames()
    with pytest.raises(BadTape, match="changed or is damaged"):
        list(open_tape(MAGIC + b"".join(made[number] for number in order))[1])


def test_records_before_the_damage_are_read() -> None:
    made = frames()
    made[3] = made[3][:-1] + b"?"
    _, records = open_tape(MAGIC + b"".join(made))
    assert [next(records), next(records)] == RECORDS[:2]
    with pytest.raises(BadTape, match="changed or is damaged"):
        next(records)


def test_a_recording_of_another_version_is_refused() -> None:
    older = MAGIC.replace(b"3", b"2")
    assert older != MAGIC
    with pytest.raises(BadTape, match="no recording of a node"):
        open_tape(older + b"".join(frames()))
