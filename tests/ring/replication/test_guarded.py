"""A mistake of the application while a group is shown stops the group, and names what went wrong (P43)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ring.replication.application import EventId
from ring.replication.guarded import GroupBroken, GuardedApplication
from tests.ring.ports import ROOM
from tests.ring.toy import ToyHost, ToyState

STATE, ID = ToyState(), EventId("id", 5)
CALLS: dict[str, Callable[[Any], None]] = {
    "applied": lambda app: app.applied(ROOM, STATE, ["say", "x"], ID, None),
    "interrupted": lambda app: app.interrupted(ROOM, parted=True),
    "replaced": lambda app: app.replaced(ROOM, None, STATE, [], 0),
    "dropped": lambda app: app.dropped(ROOM),
    "viewed": lambda app: app.viewed(ROOM, {"members": 3}),
}


class Recorder(ToyHost):
    """Keeps each call, with what was passed on."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        for name in CALLS:
            setattr(self, name, lambda *args, _name=name, **more: self.calls.append((_name, args, more)))


@pytest.mark.parametrize("name", CALLS)
def test_what_the_engine_tells_is_passed_on_as_it_is(name: str) -> None:
    direct, through = Recorder(), Recorder()
    CALLS[name](direct)
    CALLS[name](GuardedApplication(through))
    assert len(through.calls) == 1 and through.calls == direct.calls


@pytest.mark.parametrize("name", CALLS)
def test_a_mistake_names_the_group_and_its_cause(name: str) -> None:
    host, mistake = ToyHost(), KeyError("nobody")

    def fail(*_: Any, **__: Any) -> None:
        raise mistake

    setattr(host, name, fail)
    with pytest.raises(GroupBroken, match=r"^channel:#room$") as broken:
        CALLS[name](GuardedApplication(host))
    assert broken.value.group == ROOM and broken.value.mistake is mistake


def test_answers_and_questions_concern_no_group_and_are_not_guarded() -> None:
    host = ToyHost()
    guarded = GuardedApplication(host)
    guarded.answered(ROOM, "token", ["ok"], ID)
    assert host.answers == [("token", ["ok"])] and guarded.asked(None, "ping") == ["pong", "ping"]  # type: ignore[arg-type]
