"""What is on its way to a client, how far the client has come, and what the client is played (P38): values."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from gateway.state.session.session import PLACES
from ring.history.cursor import merge_cursors
from ring.ids import GroupId
from ring.wire.history import Cursor


class Receipts(Protocol):
    """What a socket knows of what it was given for its client, in bytes."""

    @property
    def written(self) -> int: ...

    def arrived(self) -> int:
        """So many have come to the client's machine. A machine that sleeps takes none, and nobody says so."""


class Sent(NamedTuple):
    """last: what was heard last, as it came. place: that, and all before."""

    last: Cursor
    place: Cursor

    @classmethod
    def after(cls, known: Sent | None, last: Cursor) -> Sent:
        return cls(last, merge_cursors(known.place if known is not None else None, last) or last)


class OnTheWay(NamedTuple):
    """upto: so much has to come to the client's machine until it has read these. parts: of the stream that brought
    it."""

    upto: int
    places: dict[str, Cursor]
    parts: int = 0


def learn(places: dict[str, Cursor], more: Mapping[str, Cursor]) -> None:
    """By folded channel, what somebody has read besides. No more than a session keeps: the oldest go."""
    for name, place in more.items():
        places[name] = merge_cursors(places.pop(name, None), place) or place
    bound(places, PLACES)


def bound(table: dict[Any, Any], most: int) -> None:
    """Keep at most so many entries of the table: the oldest go."""
    while len(table) > most:
        del table[next(iter(table))]


def arrive(waiting: deque[OnTheWay], upto: float, reached: dict[str, Cursor]) -> OnTheWay | None:
    """So much has come to the client's machine, which has read that now. The last of it; None if it is nothing new."""
    last = None
    while waiting and waiting[0].upto <= upto:
        last = waiting.popleft()
        learn(reached, last.places)
    return last


class Inquiry:
    """While the former nodes of a device are asked what has come to the device (cursors/arrivals.py).
    waiting: what goes on after that."""

    __slots__ = ("waiting",)

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []


class Reader:
    """How much of what a connection is played its client has not been heard to have read."""

    __slots__ = ("token", "unread", "waiting")

    def __init__(self) -> None:
        self.unread = 0  # bytes
        self.token = ""  # of the PING that is not answered
        self.waiting: list[Callable[[], None]] = []

    def answered(self, token: str) -> None:
        """Whoever waits is next."""
        if self.token and token == self.token:
            self.unread, self.token = 0, ""
            waiting, self.waiting = self.waiting, []
            for go_on in waiting:
                go_on()


class Delivery:
    """What one connection was sent, what of that has come to the client's machine, and what the client is played.

    Cursors stand by folded channel or conversation, but in `behind`, which is by group.

    places: where the client is once all that was sent has come; parted: and besides, until that is taken down.
    on_the_way: of these, what has not come yet. reached: what has come. receipts: of the socket; None: whatever is sent
    arrives. farewell: is called once it is known how much has come to a client that is cut.

    behind: groups whose missed lines are not shown yet, and the cursor of each. playbacks: by which playback each is
    shown. late_echoes: commands whose own line is played with the rest. inquiry: under way. reader: None before the
    first playback.
    """

    __slots__ = (
        "behind", "farewell", "inquiry", "late_echoes", "on_the_way", "parted", "places", "playbacks", "reached",
        "reader", "receipts",
    )  # fmt: skip

    def __init__(self) -> None:
        self.places: dict[str, Sent] = {}
        self.parted: dict[str, Cursor] = {}
        self.on_the_way: deque[OnTheWay] = deque()
        self.reached: dict[str, Cursor] = {}
        self.receipts: Receipts | None = None
        self.farewell: Callable[[], None] | None = None
        self.behind: dict[GroupId, Cursor | None] = {}
        self.playbacks: dict[GroupId, object] = {}
        self.late_echoes: dict[GroupId, list[Callable[[Any], None]]] = {}
        self.inquiry: Inquiry | None = None
        self.reader: Reader | None = None
