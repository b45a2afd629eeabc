"""Sessions as a kind of group: written to disks, and restored with the place of the session."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.state.session.kind import SessionKind
from gateway.state.session.messages import Look, Stored
from tests.gateway.state.cast import packed
from tests.gateway.state.session.test_messages import COMMANDS, EVENTS

KIND = SessionKind()


def test_sessions_are_written_and_nothing_waits_for_the_disk() -> None:
    assert KIND.durable == "written"
    assert KIND.unjudged is None  # the outcome of a session's command is never a Refusal


def test_a_new_session_is_empty_and_tells_so() -> None:
    answer = KIND.initial("joe").answer(Look(), 1)
    assert KIND.read_answer(packed(answer)) == Stored()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_a_session_after_any_command_survives_a_snapshot(command: Any) -> None:
    state = KIND.initial("joe")
    event = state.decide(command, 5).event
    if event is not None:
        state.apply(event, 5)
    restored = KIND.restore("joe", packed(state.snapshot()))
    assert restored.snapshot() == state.snapshot()
    assert restored.subscribers == state.subscribers


def test_sessions_have_no_lines_of_history() -> None:
    assert not any(KIND.keeps(event) for event in EVENTS)


def test_a_broken_snapshot_is_refused() -> None:
    for broken in ([1, 2, 3], "x", [[]]):
        with pytest.raises(msgspec.MsgspecError):
            KIND.restore("joe", packed(broken))
