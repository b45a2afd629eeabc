"""An answer of thousands of lines to one command: in slices, and no faster than the client reads (P23).

Theory of operation. The command begins in the turn of the client's line, shows some rows at a time, and rests after
each part (`rest`). The first AT_ONCE parts are shown at once: most answers end within the turn. Further parts wait for
the engine's slices of long work; while more than UNREAD_BYTES are on the way to the client, the answer waits for the
client. The answers to later commands of the client wait behind the long answer (client/order.py), and other people's
lines do not wait. A labeled answer begins a batch with the first rest that waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from gateway.edge.client.call import Call
from gateway.edge.client.slots import Slot

AT_ONCE: Final = 4
"""So many parts are shown at once."""

UNREAD_BYTES: Final = 256 * 1024
"""At most so many bytes, and one part, are on the way to the client; or half of `sendq`, if that is less."""

UNUSED_PARTS: Final = 8
"""The same for a client on another node, in parts of the stream: one in each turn."""

LOOK_S: Final = 0.05
"""Time until the next look whether a slow client has read."""


class LongAnswer:
    """The answer of one call. is_over: the client has gone, and nothing more is shown."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._slot = Slot()
        self._rests = 0
        call.hold_in(self._slot)

    @property
    def is_over(self) -> bool:
        connection = self._call.connection
        return connection.closed is not None or connection.socket.unread

    def show(self, rows: Callable[[], None]) -> None:
        """Let `rows` send lines of the answer."""
        if not self.is_over:
            self._call.within(self._slot, lambda _: rows(), None)

    def rest(self, done: Callable[[Any], None]) -> None:
        """Call done(None) when the next part may be shown."""
        self._rests += 1
        if self._rests < AT_ONCE or self.is_over:
            done(None)
            return
        self._call.open_batch()
        self._go_on(done)

    def _go_on(self, done: Callable[[Any], None]) -> None:
        call = self._call
        call.since = call.edge.now  # the answer goes on: later commands still wait for the answer
        if not self.is_over and self._is_full():
            call.edge.later(LOOK_S, lambda: self._go_on(done))
        else:
            call.edge.network.in_slices(_step(done))

    def _is_full(self) -> bool:
        """Whether the client has to read first."""
        connection = self._call.connection
        stream, receipts = connection.remote.stream, connection.delivery.receipts
        if stream is not None:
            return stream.next - stream.used > UNUSED_PARTS
        if receipts is None:
            return False
        most = min(UNREAD_BYTES, self._call.edge.settings.clients.sendq // 2)
        return connection.sent() - receipts.arrived() > most

    def end(self) -> None:
        """End the answer; the call may end, too."""
        self._call.close(self._slot)


def _step(done: Callable[[Any], None]) -> Iterator[None]:
    """Make a single step of long work."""
    done(None)
    return
    yield
