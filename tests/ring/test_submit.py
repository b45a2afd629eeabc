"""What an edge has submitted, and what of it is answered."""

from __future__ import annotations

from ring.ids import GroupId
from ring.submit import SubmitQueues

GROUP = GroupId("channel", "#ring")


def test_an_answer_is_waited_for_once() -> None:
    submits = SubmitQueues()
    numbers = [submits.add(GROUP, b"", None, 0.0, None).number for _ in range(4)]
    stream = submits.queues[GROUP]
    for number in (numbers[0], numbers[2]):
        assert stream.waits_for(number)
        submits.take(GROUP, number)
    assert [number for number in range(numbers[-1] + 2) if stream.waits_for(number)] == [numbers[1], numbers[3]]
