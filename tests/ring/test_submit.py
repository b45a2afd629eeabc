"""What an edge has submitted, what of it is answered, and when the rest is sent again."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ring.durations import EACH_S, SUBMIT_IDLE_S, SUBMIT_REPEAT_MAX_S, SUBMIT_REPEAT_S
from ring.ids import GroupId
from ring.submit import SubmitQueues

GROUP, OTHER = GroupId("channel", "#ring"), GroupId("channel", "#other")


def add(submits: SubmitQueues, group: GroupId = GROUP, now: float = 0.0, token: object = None) -> int:
    return submits.add(group, b"", token, now, None).number


def due(submits: SubmitQueues, now: float) -> list[GroupId]:
    return [group for group, _ in submits.due(now)]


def test_an_answer_is_waited_for_once() -> None:
    submits = SubmitQueues()
    numbers = [add(submits) for _ in range(4)]
    stream = submits.queues[GROUP]
    for number in (numbers[0], numbers[2]):
        assert stream.waits_for(number)
        submits.take(GROUP, number)
    assert [number for number in range(numbers[-1] + 2) if stream.waits_for(number)] == [numbers[1], numbers[3]]


STEPS = st.lists(st.tuples(st.sampled_from(["add", "take", "park"]), st.integers(1, 12)), max_size=40)


@settings(max_examples=60)
@given(STEPS)
def test_numbers_have_no_gap_and_the_floor_is_the_lowest_without_an_answer(steps: list[tuple[str, int]]) -> None:
    submits, waiting = SubmitQueues(), dict[int, str]()
    for step, number in steps:
        if step == "add":
            made = add(submits, token=f"token {len(waiting)}")
            assert made == submits.queues[GROUP].last
            waiting[made] = f"token {len(waiting)}"
        elif step == "park":
            if (queue := submits.queues.get(GROUP)) is not None and queue.waits_for(number):
                queue.parked[number] = (number, None, None)  # type: ignore[assignment]
        else:
            taken = submits.take(GROUP, number)
            assert (taken is not None) is (number in waiting)
            assert taken is None or (taken.number, taken.token) == (number, waiting.pop(number))
        for each in range(14):
            assert submits.token(GROUP, each) == waiting.get(each)
        if (queue := submits.queues.get(GROUP)) is not None:
            assert queue.floor == min(waiting, default=queue.last + 1)
            assert set(queue.parked) <= set(waiting)


def test_a_group_that_nothing_was_submitted_to_has_no_token_and_no_answer() -> None:
    submits = SubmitQueues()
    assert submits.take(GROUP, 1) is None and submits.token(GROUP, 1) is None


def test_the_pauses_between_repeats_grow_to_a_limit() -> None:
    submits, now = SubmitQueues(), 0.0
    add(submits)
    assert due(submits, SUBMIT_REPEAT_S / 2) == []
    pauses = []
    for _ in range(10):
        queue = submits.queues[GROUP]
        pauses.append(round(queue.repeat_at - now, 3))
        now = queue.repeat_at
        assert due(submits, now) == [GROUP]
        submits.sent(queue, "127.0.0.2", now)
    assert pauses == sorted(pauses) and (pauses[0], pauses[-1]) == (SUBMIT_REPEAT_S, SUBMIT_REPEAT_MAX_S)


def test_a_queue_begins_anew_with_the_next_command_after_all_was_answered() -> None:
    submits = SubmitQueues()
    number = add(submits)
    for _ in range(5):
        submits.sent(submits.queues[GROUP], "127.0.0.2", 0.0)
    submits.take(GROUP, number)
    add(submits, now=10.0)
    assert submits.queues[GROUP].repeat_at == 10.0 + SUBMIT_REPEAT_S and submits.queues[GROUP].tries == 0


def test_an_idle_queue_is_forgotten_and_its_numbers_are_not_given_again() -> None:
    """Otherwise a master that remembers the numbers would take the new commands for repeats."""
    submits = SubmitQueues()
    first, waiting = add(submits), add(submits, OTHER)
    submits.take(GROUP, first)
    assert due(submits, SUBMIT_IDLE_S) == [OTHER] and GROUP in submits.queues
    assert due(submits, SUBMIT_IDLE_S + SUBMIT_REPEAT_S + 0.1) == [OTHER]
    assert GROUP not in submits.queues and submits.queues[OTHER].waits_for(waiting)
    assert add(submits) > max(first, waiting)


def test_many_queues_are_sent_again_later_unless_the_nodes_have_changed() -> None:
    """P23: the answers of thousands of groups take seconds, and repeats would make these longer."""
    submits, groups = SubmitQueues(), [GroupId("channel", f"#{number}") for number in range(2_000)]
    for group in groups:
        add(submits, group)
        submits.sent(submits.queues[group], "127.0.0.2", 0.0)
    assert due(submits, 0.9) == []
    assert due(submits, 2000 * EACH_S) == groups
    for group in groups[1_000:]:
        submits.take(group, submits.queues[group].last)
    assert due(submits, 1000 * EACH_S) == groups[:1_000]
    submits.queues[GroupId("channel", "#7")].repeat_at = 0.0  # as a change of the nodes does
    assert due(submits, 0.1) == [GroupId("channel", "#7")]
