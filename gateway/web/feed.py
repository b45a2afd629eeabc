"""The feed of open pages: server-sent events for a limited number of listeners. No I/O.

There are two kinds of events. `happening` events have ids, and the latest are kept for listeners that come back.
`parts` events have changed parts of the page, and only the newest parts count. Source: WHATWG HTML, "Server-sent
events".
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from typing import Any, Final, NamedTuple

LISTENERS: Final = 64
"""The number of open pages on a node at most."""

KEPT: Final = 100
"""The number of kept happenings."""

QUEUED: Final = 100
"""A listener with this many unread happenings is dropped. The listener's browser comes back and gets the latest."""


class Full(Exception):
    """The feed has LISTENERS listeners and accepts no more."""


class Remembered(NamedTuple):
    number: int
    happening: dict[str, Any]


class Listener:
    """An open page. wake: called when there is new data."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self.ended = False
        self._wake = wake
        self._queue: deque[bytes] = deque()
        self._parts: dict[str, str] = {}

    def tell(self, event: bytes) -> None:
        if len(self._queue) >= QUEUED:
            self.end()
            return
        self._queue.append(event)
        self._wake()

    def show(self, parts: dict[str, str]) -> None:
        """Queue newer parts in place of unread parts."""
        self._parts |= parts
        self._wake()

    def take(self) -> bytes:
        """Take all data to send, and empty the queue."""
        data = b"".join(self._queue)
        if self._parts:
            data += _event("parts", self._parts)
        self._queue.clear()
        self._parts = {}
        return data

    def end(self) -> None:
        self.ended = True
        self._queue.clear()
        self._parts = {}
        self._wake()


class Feed:
    """life: a text in each event's id, different for each life of the node."""

    def __init__(self, life: str) -> None:
        self._life = life
        self._listeners: set[Listener] = set()
        self._kept: deque[Remembered] = deque(maxlen=KEPT)
        self._count = 0
        self._shown: dict[str, str] = {}
        self.is_closed = False

    @property
    def is_watched(self) -> bool:
        return bool(self._listeners)

    @property
    def latest(self) -> list[dict[str, Any]]:
        """The kept happenings with their ids, the newest first."""
        return [one.happening | {"id": self._id(one.number)} for one in reversed(self._kept)]

    def join(self, listener: Listener, after: str) -> None:
        """Add a listener, and queue the kept happenings after the given id. Raises Full.

        after: id of the last happening that the listener knows. After an unknown id the listener gets all kept
        happenings.
        """
        if len(self._listeners) >= LISTENERS:
            raise Full
        self._listeners.add(listener)
        number = self._number(after)
        for one in self._kept:
            if one.number > number:
                listener.tell(self._encoded(one))
        if self._shown:
            listener.show(self._shown)

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)

    def happened(self, happening: dict[str, Any]) -> None:
        self._count += 1
        one = Remembered(self._count, happening)
        self._kept.append(one)
        for listener in tuple(self._listeners):
            listener.tell(self._encoded(one))

    def show(self, parts: dict[str, str]) -> None:
        """Send the changed parts to all listeners. parts: HTML by the id of the element."""
        changed = {name: html for name, html in parts.items() if self._shown.get(name) != html}
        self._shown = parts
        if changed:
            for listener in self._listeners:
                listener.show(changed)

    def close(self) -> None:
        """End all listeners and accept no more, because the node stops."""
        self.is_closed = True
        self.end()

    def end(self) -> None:
        """End all listeners. Their browsers come back after a moment."""
        for listener in self._listeners:
            listener.end()

    def _id(self, number: int) -> str:
        return f"{self._life}-{number}"

    def _number(self, text: str) -> int:
        """Return the number in an id; 0 for an id of another life, and for a text that is no id."""
        life, _, number = text.rpartition("-")
        known = life == self._life and number.isascii() and number.isdigit() and len(number) < 16
        return int(number) if known else 0

    def _encoded(self, one: Remembered) -> bytes:
        return _event("happening", one.happening, self._id(one.number))


def _event(kind: str, data: dict[str, Any], number: str = "") -> bytes:
    """Encode an event. JSON has no line breaks, so one data line is enough."""
    head = f"id: {number}\n" if number else ""
    return f"event: {kind}\n{head}data: {json.dumps(data)}\n\n".encode()
