"""What a node knows for its direct private messages: where a nick's holder was last, and what came from another node
(P49)."""

from __future__ import annotations

from gateway.state.people import Person
from ring.duplex import Stream


class Place:
    """Where the holder of a nick was last. at: when this was learnt. checked: the version of the peers with which the
    place was found to hold."""

    __slots__ = ("at", "checked", "edge", "holder")

    def __init__(self, holder: Person, at: float) -> None:
        self.holder = holder
        self.edge = holder.edge
        self.at = at
        self.checked = -1


class Incoming:
    """The messages from another node.

    taken: the number of the next message. refused: speaker and nick -> number of the last message that was not for a
    holder here; shown: msgid -> number. Both are kept, the lowest number first, until the peer has the answers: to all
    messages before the number `floor`.
    """

    __slots__ = ("floor", "refused", "shown", "stream", "taken")

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.taken = 0
        self.floor = 0
        self.refused: dict[tuple[str, str], int] = {}
        self.shown: dict[str, int] = {}

    def forget(self, floor: int) -> None:
        """Forget what the peer knows: the answers to all messages before this number."""
        self.floor = floor
        for known in (self.refused, self.shown):
            while known and known[first := next(iter(known))] < floor:  # type: ignore[index]
                del known[first]  # type: ignore[arg-type]
