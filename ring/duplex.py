"""Streams between two nodes: parts in order, each once, though messages are lost, doubled and overtaken.

For what belongs to two nodes alone: a client of one whose session is on the other. A stream ends when one side ends it,
when what waits grows too long, or when the other life of a node is over.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, Final

from ring.ids import Incarnation
from ring.wire.messages import Flow

if TYPE_CHECKING:
    from ring.engine import Engine

REPEAT_S: Final = 0.4
TELLINGS: Final = 3
"""How far parts were brought is told so many times, REPEAT_S apart: no answer says that the other side has heard it."""

PROBE_S: Final = 5.0
"""Who has heard nothing for so long says something: if the other side has lost the stream, it says so."""

WAITING_BYTES: Final = 2 * 1024 * 1024
"""What the other side has not acknowledged may grow to so much; then the stream is cut."""

EARLY: Final = 1_000
"""So many parts that came too early are kept."""

CUT: Final = -1
"""The number of the next part where none will come, whatever is missing."""

ENDED_S: Final = 30.0
"""A stream that has ended here is remembered for so long, to repeat its end."""


class Stream:
    """One end. `received`, `ended` and `uses` are the owner's; `ended` comes once, with the reason, unless the owner
    closed. uses: how many of the parts that came are where they were to be brought."""

    __slots__ = (
        "acked", "bytes", "early", "end", "ended", "ended_at", "expected", "is_over", "mine", "next", "number", "peer",
        "probe_at", "received", "repeat_at", "sent", "streams", "tell_at", "tellings", "told", "unacked", "used",
        "uses",
    )  # fmt: skip

    def __init__(self, streams: Streams, peer: Incarnation, number: int, *, mine: bool) -> None:
        self.streams = streams
        self.peer = peer
        self.number = number  # given by the side that opened it
        self.mine = mine  # opened here
        self.received: Callable[[bytes], None] = lambda part: None
        self.ended: Callable[[str], None] = lambda reason: None
        self.next = 0  # the number of the next part from here
        self.sent = 0  # all before this have been sent once
        self.unacked: deque[tuple[int, bytes]] = deque()
        self.bytes = 0  # of those
        self.acked = 0  # the other side has taken all before this
        self.used = 0  # so many have come to where it has to bring them
        self.expected = 0  # the number of the next part from there
        self.uses: Callable[[], int] | None = None  # None: all that came
        self.told = 0  # what the other side was told of those
        self.tellings = 0  # how many more times that is told
        self.tell_at = 0.0
        self.early: dict[int, bytes] = {}
        self.end: str | None = None  # why it was ended here
        self.ended_at = 0.0
        self.is_over = False  # the other side has ended it, too
        self.repeat_at = 0.0
        self.probe_at = streams.engine.now + PROBE_S

    def send(self, part: bytes) -> None:
        if self.end is None and not self.ended_at:
            if not self.unacked:
                self.repeat_at = self.streams.engine.now + REPEAT_S
            self.unacked.append((self.next, part))
            self.next += 1
            self.bytes += len(part)
            self.streams.touch(self)
            if self.bytes > WAITING_BYTES:
                self.streams.lose(self, "SendQ exceeded")

    def tell_uses(self) -> None:
        """What came before may have been brought further since."""
        if not self.ended_at and self.uses is not None and self.uses() > self.told:
            self.streams.touch(self)

    def close(self, reason: str) -> None:
        """After all that was sent."""
        if self.end is None and not self.ended_at:
            self.end = reason
            self.ended_at = self.streams.engine.now
            self.streams.touch(self)


Key = tuple[Incarnation, int, bool]


class Streams:
    """All streams of this node."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.accept: Callable[[Stream, bytes], None] = lambda stream, first: stream.close("not accepted")
        self._open: dict[Key, Stream] = {}
        self._touched: dict[Key, Stream] = {}
        self._last = 0

    def open(self, peer: Incarnation, first: bytes) -> Stream:
        """first: the part that says what the stream is for."""
        self._last += 1
        stream = self._open[peer, self._last, True] = Stream(self, peer, self._last, mine=True)
        stream.send(first)
        return stream

    def touch(self, stream: Stream) -> None:
        """It has something to say at the end of the turn."""
        self._touched[stream.peer, stream.number, stream.mine] = stream

    def on_flow(self, sender: Incarnation, message: Flow) -> None:
        key = (sender, message.number, not message.opener)
        stream = self._open.get(key)
        if stream is None:
            if not message.opener or message.first != 0 or not message.parts:
                if message.end is None:
                    self.engine.send(sender.key, Flow(message.number, not message.opener, 0, [], 0, "unknown", True))
                return
            stream = self._open[key] = Stream(self, sender, message.number, mine=False)
        stream.probe_at = self.engine.now + PROBE_S
        self._acknowledged(stream, message.ack)
        stream.used = max(stream.used, message.used)
        for number, part in enumerate(message.parts, message.first):
            if stream.expected <= number < stream.expected + EARLY:
                stream.early[number] = part
        self._take(stream)
        if message.parts or (message.end is not None and not message.heard):
            self.touch(stream)  # an answer that has nothing new is not answered
        if message.end is not None and (stream.ended_at or stream.expected >= message.first + len(message.parts)):
            self._other_has_ended(stream, message.end)

    def _other_has_ended(self, stream: Stream, reason: str) -> None:
        stream.is_over = True
        if stream.end is None:  # what is said back tells that the end has come
            stream.end, stream.ended_at = reason, self.engine.now
            stream.unacked.clear()
            stream.ended(reason)

    def _acknowledged(self, stream: Stream, upto: int) -> None:
        if upto > stream.acked:
            stream.acked = upto
            stream.repeat_at = self.engine.now + REPEAT_S
        while stream.unacked and stream.unacked[0][0] < upto:
            stream.bytes -= len(stream.unacked.popleft()[1])

    def _take(self, stream: Stream) -> None:
        while stream.expected in stream.early and not stream.ended_at:  # what comes too late is not taken
            part = stream.early.pop(stream.expected)
            stream.expected += 1
            if stream.expected == 1 and not stream.mine:
                self.accept(stream, part)
            else:
                stream.received(part)

    def lose(self, stream: Stream, reason: str) -> None:
        """It cannot go on: both sides are told."""
        if not stream.ended_at:
            stream.unacked.clear()
            stream.next = CUT
            stream.end, stream.ended_at = reason, self.engine.now
            self.touch(stream)
            self.engine.run(lambda: stream.ended(reason))

    def flush(self) -> None:
        """The turn ends: what is new is sent, and what came is acknowledged."""
        touched, self._touched = self._touched, {}
        for stream in touched.values():
            # Until the other side knows the stream, nothing may overtake its first part.
            self._send(stream, stream.sent if stream.acked or not stream.mine else 0)

    def _send(self, stream: Stream, first: int) -> None:
        """All from that number on that is not acknowledged."""
        count = min(stream.next - first, len(stream.unacked))
        parts = [part for _, part in islice(stream.unacked, len(stream.unacked) - count, None)] if count > 0 else []
        first = stream.next - len(parts)
        stream.sent = stream.next
        if stream.uses is None:
            stream.told = stream.expected
        elif (uses := stream.uses()) > stream.told:
            stream.told, stream.tellings, stream.tell_at = uses, TELLINGS - 1, self.engine.now + REPEAT_S
        flow = Flow(stream.number, stream.mine, first, parts, stream.expected, stream.end, stream.is_over, stream.told)
        self.engine.send(stream.peer.key, flow)

    def _repeat(self, stream: Stream) -> None:
        now = self.engine.now
        stream.repeat_at, stream.probe_at = now + REPEAT_S, now + PROBE_S
        self._send(stream, 0)

    def tick(self) -> None:
        now, peers = self.engine.now, self.engine.peers
        for key, stream in list(self._open.items()):
            if stream.ended_at:
                if now - stream.ended_at > ENDED_S or not peers.is_current(stream.peer):
                    del self._open[key]
                elif not stream.is_over and now >= stream.repeat_at:
                    self._repeat(stream)
            elif not peers.is_current(stream.peer):
                del self._open[key]
                stream.ended_at = now
                stream.ended("lost")
            elif stream.tellings and now >= stream.tell_at:
                stream.tellings, stream.tell_at = stream.tellings - 1, now + REPEAT_S
                self._send(stream, stream.sent if stream.acked or not stream.mine else 0)
            elif (stream.unacked and now >= stream.repeat_at) or now >= stream.probe_at:
                self._repeat(stream)
