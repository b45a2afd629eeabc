"""Questions to groups that nobody answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ring.engine import Engine
from ring.ids import GroupId


@contextmanager
def unanswered(engine: Engine, question: type, times: int) -> Iterator[list[GroupId]]:
    """On this node, the first questions of that type are answered by nobody. Yields the groups of these questions."""
    ask, asked = engine.ask, list[GroupId]()

    def ask_in_vain(group: GroupId, body: Any, then: Callable[[Any], None]) -> None:
        if isinstance(body, question) and len(asked) < times:
            asked.append(group)
            then(None)
        else:
            ask(group, body, then)

    engine.ask = ask_in_vain  # type: ignore[method-assign]
    try:
        yield asked
        assert len(asked) == times
    finally:
        engine.ask = ask  # type: ignore[method-assign]
