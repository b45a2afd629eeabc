"""Values: lines on the way to a client, how far the client has come, and playback to the client (P38)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from gateway.state.session.session import CURSORS
from ring.history.cursor import merge_cursors
from ring.ids import GroupId
from ring.nothing import NOTHING, own
from ring.wire.history import Cursor


class Receipts(Protocol):
    """Counts the bytes given to a socket, and the bytes received by the client."""

    @property
    def written(self) -> int: ...

    def arrived(self) -> int:
        """Return how many bytes the client's machine has received. A machine may sleep without notice."""


class Sent(NamedTuple):
    """last: the cursor heard last. cursor: all cursors so far, merged."""

    last: Cursor
    cursor: Cursor

    @classmethod
    def after(cls, known: Sent | None, last: Cursor) -> Sent:
        return cls(last, merge_cursors(known.cursor if known is not None else None, last) or last)


class OnTheWay(NamedTuple):
    """upto: how much must have come to the client's machine before the client has read up to the cursors. parts: how
    many parts of the stream have brought the bytes."""

    upto: int
    cursors: dict[str, Cursor]
    parts: int = 0


def learn(cursors: dict[str, Cursor], more: Mapping[str, Cursor]) -> None:
    """Merge more cursors into the table, by folded channel. The oldest go: a session keeps no more."""
    for name, cursor in more.items():
        cursors[name] = merge_cursors(cursors.pop(name, None), cursor) or cursor
    bound(cursors, CURSORS)


def bound(table: dict[Any, Any], most: int) -> None:
    """Keep at most so many entries of the table: the oldest go."""
    while len(table) > most:
        del table[next(iter(table))]


def arrive(waiting: list[OnTheWay], upto: float, reached: dict[str, Cursor]) -> OnTheWay | None:
    """Learn the cursors of all pieces received by now. Returns the last of these pieces; None if no piece is new."""
    come = 0
    while come < len(waiting) and waiting[come].upto <= upto:
        learn(reached, waiting[come].cursors)
        come += 1
    if not come:
        return None
    last = waiting[come - 1]
    del waiting[:come]
    return last


class Inquiry:
    """A question under way to the former nodes of a device: how far has the device come there (cursors/arrivals.py)?
    waiting: called after the answers."""

    __slots__ = ("waiting",)

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []


class Reader:
    """Counts the bytes played to a client since the client last answered a PING of the playback."""

    __slots__ = ("token", "unread", "waiting")

    def __init__(self) -> None:
        self.unread = 0  # bytes
        self.token = ""  # of the unanswered PING
        self.waiting: list[Callable[[], None]] = []

    def answered(self, token: str) -> None:
        """Let waiting playbacks go on, if the token is of the open PING."""
        if self.token and token == self.token:
            self.unread, self.token = 0, ""
            waiting, self.waiting = self.waiting, []
            for go_on in waiting:
                go_on()


class Delivery:
    """Tracks the lines sent to one connection, the lines received by the client's machine, and playback to the client.

    Cursors stand by folded channel or conversation, but in `awaiting` by group.

    cursors: how far the client is once all lines sent have come. parted: further such cursors, until added to cursors.
    on_the_way: pieces which have not come yet, with their cursors. reached: how far the client is by received lines.
    receipts: of the socket; None: all bytes sent arrive. farewell: called once the bytes received by a cut client are
    known.

    awaiting: groups awaiting playback of missed lines, and the cursor of each. playbacks: the playback of each group.
    late_echoes: commands with their own line among the missed lines. inquiry: under way. reader: None before the first
    playback. markers: of a client without an account: folded target -> read up to, Unix ms.
    """

    __slots__ = (
        "awaiting", "cursors", "farewell", "inquiry", "late_echoes", "markers", "on_the_way", "parted", "playbacks",
        "reached", "reader", "receipts",
    )  # fmt: skip

    def __init__(self) -> None:
        self.cursors: Mapping[str, Sent] = NOTHING
        self.parted: Mapping[str, Cursor] = NOTHING
        self.on_the_way: list[OnTheWay] = []  # an empty deque takes 760 bytes
        self.reached: dict[str, Cursor] = {}
        self.receipts: Receipts | None = None
        self.farewell: Callable[[], None] | None = None
        self.awaiting: Mapping[GroupId, Cursor | None] = NOTHING
        self.playbacks: Mapping[GroupId, object] = NOTHING
        self.late_echoes: Mapping[GroupId, list[Callable[[Any], None]]] = NOTHING
        self.inquiry: Inquiry | None = None
        self.reader: Reader | None = None
        self.markers: Mapping[str, int] = NOTHING

    def attach(self, groups: Iterable[GroupId]) -> None:
        """Await the playback of all groups of a session."""
        self.awaiting = dict.fromkeys(groups) or NOTHING

    def begin_anew(self) -> None:
        """Count all cursors of the client as news: the cursors were told as a forwarded client's."""
        self.cursors = NOTHING

    def start_from(self, cursors: Mapping[str, Cursor]) -> None:
        """Take the cursors of the awaited groups, by folded name."""
        self.awaiting = {group: cursors.get(group.name) for group in self.awaiting}

    def await_playback(self, group: GroupId, cursor: Cursor | None = None) -> None:
        """Await the playback of a group, from the cursor unless the playback is awaited already."""
        if group not in self.awaiting:
            self.await_from(group, cursor)

    def await_from(self, group: GroupId, cursor: Cursor | None) -> None:
        """Await the playback of a group from the cursor."""
        awaiting = self.awaiting = own(self.awaiting)
        awaiting[group] = cursor

    def send_piece(self, piece: OnTheWay) -> None:
        self.on_the_way.append(piece)

    def take_receipts(self, receipts: Receipts) -> None:
        """Take the counts of the connection's socket."""
        self.receipts = receipts

    def at_the_end(self, farewell: Callable[[], None]) -> None:
        """Call farewell() once the bytes received by the cut client are known."""
        self.farewell = farewell

    def end(self) -> None:
        """Note that the bytes received by the cut client are known."""
        farewell, self.farewell = self.farewell, None
        if farewell is not None:
            farewell()
