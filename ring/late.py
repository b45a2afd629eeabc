"""Messages that wait for a slice: a peer has sent more in one payload than a turn should handle (P23).

A takeover of thousands of groups brings lists with thousands of places in one message, and thousands of messages in one
payload. Lists are cut into parts, and what is more than a turn's share waits, in the order of the sender. For the
protocol, a message that waits is a message that was longer on the way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from ring.ids import Incarnation
from ring.wire.messages import Message
from ring.wire.replication import Ack, Fetched, Install, MergeOffer, Prepare, Promise, Replace

AT_ONCE = 200
"""Messages of a payload that are handled at once, if no message of the sender waits."""

WEIGHTS = {Fetched: 10, Install: 10, Replace: 10, MergeOffer: 20}
"""Messages with a whole replica are as much work as so many others. A payload may have the forks of many groups."""

LIGHT = 10
"""So few messages are handled at once, whatever their weights."""

PART = 5
"""Groups of a list that are handled in one step."""

STEP = 5
"""Messages that are handled in one step; a message with weight counts as more, and a part of a list as so many."""

CUTS = 10
"""A payload with lists that are cut more often waits: a single list may name the groups of a whole takeover."""

LISTS = frozenset((Prepare, Promise, Ack))
"""The messages with lists."""

WAITING = 50_000
"""If more messages wait, all are handled at once: memory is bounded, and the peers are too fast for slices."""


def parts(message: Message) -> list[Message]:
    """Cut a message with a long list into messages with short lists."""
    if isinstance(message, Prepare):
        return [Prepare(message.groups[at : at + PART]) for at in range(0, len(message.groups), PART)]
    if isinstance(message, Promise):
        return [Promise(message.held[at : at + PART]) for at in range(0, len(message.held), PART)]
    if isinstance(message, Ack):
        return [Ack(message.positions[at : at + PART]) for at in range(0, len(message.positions), PART)]
    return [message]


def _is_share(messages: list[Message]) -> bool:
    """Tell whether the messages are no more than a turn's share."""
    count = len(messages)
    return count <= LIGHT or (count <= AT_ONCE and sum(WEIGHTS.get(type(one), 1) for one in messages) <= AT_ONCE)


class LateMessages:
    """Keep the messages that wait, by sender. handle: handles one message."""

    def __init__(self, handle: Callable[[Incarnation, Message], None], work: Callable[[Iterator[None]], None]) -> None:
        self._handle = handle
        self._work = work
        self._waiting: dict[Incarnation, deque[Message]] = {}
        self._count = 0

    def take(self, sender: Incarnation, messages: list[Message]) -> list[Message]:
        """Return the messages to handle now: all, or none if the messages wait for slices."""
        short = [part for message in messages for part in (parts(message) if type(message) in LISTS else (message,))]
        waiting = self._waiting.get(sender)
        if waiting is None and len(short) - len(messages) <= CUTS and _is_share(short):
            return short
        if waiting is None:
            waiting = self._waiting[sender] = deque()
            self._work(self._steps(sender, waiting))
        waiting.extend(short)
        self._count += len(short)
        if self._count > WAITING:
            self._handle_all()
        return []

    def _steps(self, sender: Incarnation, waiting: deque[Message]) -> Iterator[None]:
        while waiting:
            left = STEP
            while waiting and left > 0:
                self._count -= 1
                message = waiting.popleft()
                left -= STEP if type(message) in LISTS else WEIGHTS.get(type(message), 1)
                self._handle(sender, message)
            yield
        self._waiting.pop(sender, None)

    def _handle_all(self) -> None:
        for sender, waiting in self._waiting.items():
            while waiting:
                self._count -= 1
                self._handle(sender, waiting.popleft())
