"""Carry streams of bytes between two nodes: parts in order, each once, over messages that may be lost or repeated.

Theory of operation. A stream serves two nodes alone: a client on one node and the client's session on the other node.
Each node has a `Stream` for its end, named by (peer, number, opened here). Both ends send `Flow` messages: new parts,
the number of the next expected part (`ack`), and the end, if the stream has ended.

- open: the state after `Streams.open`, or after the first part of a new stream has arrived. `send` adds parts to
  `unacked`; `flush` sends new parts at the end of the turn; `tick` repeats parts that have no acknowledgement.
- ended: `close` or `lose` ended the stream here, the peer's end arrived, or the peer's life is over. `ended_at` is set
  and no part is taken any more. The end is repeated until the peer has confirmed the end (`is_over`), and the stream is
  forgotten after STREAM_ENDED_S.

Invariants. `acked` <= `sent` <= `next`, except after `lose`, which sets `next` to CUT. `unacked` holds the parts from
`acked` up to `next`, at most WAITING_BYTES of bytes, else the stream is cut. Parts reach the owner in the order of
numbers, as `expected` grows by one. The owner writes `received`, `ended` and `uses`, and nothing else; `Streams` and
`Stream` write all other fields.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Final

from ring.durations import STREAM_ENDED_S, STREAM_PROBE_S, STREAM_REPEAT_S
from ring.ids import Incarnation
from ring.replication.port import Port
from ring.wire.node import Flow

TELLINGS: Final = 3
"""How often the number of used parts is told, STREAM_REPEAT_S apart. No answer confirms that the peer has heard the
number."""

WAITING_BYTES: Final = 2 * 1024 * 1024
"""The parts without acknowledgement may hold this many bytes. With more, the stream is cut."""

EARLY: Final = 1_000
"""At most this many parts that came too early are kept."""

CUT: Final = -1
"""The value of `next` after a cut: no further part will come, even if some are missing."""


class Stream:
    """One end of a stream.

    received: called with each part. ended: called once with the reason, unless the owner closed the stream. uses:
    returns how many of the received parts the owner has brought to the destination.
    """

    __slots__ = (
        "acked", "bytes", "early", "end", "ended", "ended_at", "expected", "is_over", "mine", "next", "number", "peer",
        "probe_at", "received", "repeat_at", "sent", "streams", "tell_at", "tellings", "told", "unacked", "used",
        "uses",
    )  # fmt: skip

    def __init__(self, streams: Streams, peer: Incarnation, number: int, *, mine: bool) -> None:
        self.streams = streams
        self.peer = peer
        self.number = number  # given by the side that opened the stream
        self.mine = mine  # opened here
        self.received: Callable[[bytes], None] = lambda part: None
        self.ended: Callable[[str], None] = lambda reason: None
        self.next = 0  # the number of the next part from here
        self.sent = 0  # all parts before this number were sent once
        self.unacked: deque[tuple[int, bytes]] = deque()
        self.bytes = 0  # length of the unacked parts
        self.acked = 0  # the peer has taken all parts before this number
        self.used = 0  # so many parts of this side the peer has brought to the destination
        self.expected = 0  # the number of the next part from the peer
        self.uses: Callable[[], int] | None = None  # None: every received part counts as used
        self.told = 0  # the number of used parts last told to the peer
        self.tellings = 0  # how many more times `told` is sent
        self.tell_at = 0.0
        self.early: dict[int, bytes] = {}
        self.end: str | None = None  # why the stream was ended here
        self.ended_at = 0.0
        self.is_over = False  # the peer has ended the stream, too
        self.repeat_at = 0.0
        self.probe_at = streams.port.now + STREAM_PROBE_S

    def send(self, part: bytes) -> None:
        """Send a part. A part after the end of the stream is dropped."""
        if self.end is None and not self.ended_at:
            if not self.unacked:
                self.repeat_at = self.streams.port.now + STREAM_REPEAT_S
            self.unacked.append((self.next, part))
            self.next += 1
            self.bytes += len(part)
            self.streams.touched[self] = None
            if self.bytes > WAITING_BYTES:
                self.streams.lose(self, "SendQ exceeded")

    def tell_uses(self) -> None:
        """Tell the peer if more of the received parts have been used since."""
        if not self.ended_at and self.uses is not None and self.uses() > self.told:
            self.streams.touch(self)

    def close(self, reason: str) -> None:
        """End the stream after all parts sent so far."""
        if self.end is None and not self.ended_at:
            self.end = reason
            self.ended_at = self.streams.port.now
            self.streams.touch(self)


Key = tuple[Incarnation, int, bool]


class Streams:
    """All streams of this node.

    accept: called with a new stream of a peer and the first part; the default refuses.
    """

    def __init__(self, port: Port) -> None:
        self.port = port
        self.accept: Callable[[Stream, bytes], None] = lambda stream, first: stream.close("not accepted")
        self._open: dict[Key, Stream] = {}
        self.touched: dict[Stream, None] = {}  # a Flow of each is sent at the end of the turn
        self._last = 0

    def open(self, peer: Incarnation, first: bytes) -> Stream:
        """Open a stream to the peer. first: the part that says what the stream is for."""
        self._last += 1
        stream = self._open[peer, self._last, True] = Stream(self, peer, self._last, mine=True)
        stream.send(first)
        return stream

    def touch(self, stream: Stream) -> None:
        """Send a Flow of this stream at the end of the turn."""
        self.touched[stream] = None

    def on_flow(self, sender: Incarnation, message: Flow) -> None:
        """Take a Flow of the peer: acknowledge, deliver new parts in order, and end the stream if the peer has."""
        key = (sender, message.number, not message.opener)
        stream = self._open.get(key)
        if stream is None:
            if not message.opener or message.first != 0 or not message.parts:
                if message.end is None:
                    self.port.send(sender.key, Flow(message.number, not message.opener, 0, [], 0, "unknown", True))
                return
            stream = self._open[key] = Stream(self, sender, message.number, mine=False)
        stream.probe_at = self.port.now + STREAM_PROBE_S
        self._acknowledged(stream, message.ack)
        stream.used = max(stream.used, message.used)
        for number, part in enumerate(message.parts, message.first):
            if number == stream.expected and not stream.early:
                self._give(stream, part)
            elif stream.expected <= number < stream.expected + EARLY:
                stream.early[number] = part
        while stream.expected in stream.early:
            self._give(stream, stream.early.pop(stream.expected))
        if message.parts or (message.end is not None and not message.heard):
            self.touch(stream)  # an answer without news is not answered
        if message.end is not None and (stream.ended_at or stream.expected >= message.first + len(message.parts)):
            self._other_has_ended(stream, message.end)

    def _other_has_ended(self, stream: Stream, reason: str) -> None:
        stream.is_over = True
        if stream.end is None:  # the peer learns from the next Flow that the end has arrived
            stream.end, stream.ended_at = reason, self.port.now
            stream.unacked.clear()
            stream.ended(reason)

    def _acknowledged(self, stream: Stream, upto: int) -> None:
        if upto > stream.acked:
            stream.acked = upto
            stream.repeat_at = self.port.now + STREAM_REPEAT_S
        while stream.unacked and stream.unacked[0][0] < upto:
            stream.bytes -= len(stream.unacked.popleft()[1])

    def _give(self, stream: Stream, part: bytes) -> None:
        """Give the owner the part that comes next. Parts after the end are dropped."""
        if stream.ended_at:
            return
        stream.expected += 1
        if stream.expected == 1 and not stream.mine:
            self.accept(stream, part)
        else:
            stream.received(part)

    def lose(self, stream: Stream, reason: str) -> None:
        """Cut a stream that cannot go on, and tell both sides."""
        if not stream.ended_at:
            stream.unacked.clear()
            stream.next = CUT
            stream.end, stream.ended_at = reason, self.port.now
            self.touch(stream)
            self.port.run(lambda: stream.ended(reason))

    def flush(self) -> None:
        """End the turn: send new parts, and acknowledge received parts."""
        touched, self.touched = self.touched, {}
        for stream in touched:
            # Until the peer knows the stream, no part may overtake the first part.
            self._send(stream, stream.sent if stream.acked or not stream.mine else 0)

    def _send(self, stream: Stream, first: int) -> None:
        """Send all parts from number `first` on that have no acknowledgement."""
        count = min(stream.next - first, len(stream.unacked))
        parts = [part for _, part in islice(stream.unacked, len(stream.unacked) - count, None)] if count > 0 else []
        first = stream.next - len(parts)
        stream.sent = stream.next
        if stream.uses is None:
            stream.told = stream.expected
        elif (uses := stream.uses()) > stream.told:
            stream.told, stream.tellings, stream.tell_at = uses, TELLINGS - 1, self.port.now + STREAM_REPEAT_S
        flow = Flow(stream.number, stream.mine, first, parts, stream.expected, stream.end, stream.is_over, stream.told)
        self.port.send(stream.peer.key, flow)

    def _repeat(self, stream: Stream) -> None:
        now = self.port.now
        stream.repeat_at, stream.probe_at = now + STREAM_REPEAT_S, now + STREAM_PROBE_S
        self._send(stream, 0)

    @property
    def is_busy(self) -> bool:
        """Tell whether a stream has something to send again before long."""
        return any(one.unacked or one.tellings or (one.ended_at and not one.is_over) for one in self._open.values())

    def tick(self) -> None:
        """Repeat what has no acknowledgement, probe silent streams, and forget streams that have ended."""
        now, peers = self.port.now, self.port.peers
        for key, stream in list(self._open.items()):
            if stream.ended_at:
                if now - stream.ended_at > STREAM_ENDED_S or not peers.is_current(stream.peer):
                    del self._open[key]
                elif not stream.is_over and now >= stream.repeat_at:
                    self._repeat(stream)
            elif not peers.is_current(stream.peer):
                del self._open[key]
                stream.ended_at = now
                stream.ended("lost")
            elif stream.tellings and now >= stream.tell_at:
                stream.tellings, stream.tell_at = stream.tellings - 1, now + STREAM_REPEAT_S
                self._send(stream, stream.sent if stream.acked or not stream.mine else 0)
            elif (stream.unacked and now >= stream.repeat_at) or now >= stream.probe_at:
                self._repeat(stream)
