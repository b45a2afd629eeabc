"""The answers of one command: lines, batches, labels, and the turn of the command among the client's commands.

Theory of operation. A command's lines go out once all earlier commands of the connection are answered. The command has
slots for the answers of later steps (client/slots.py), and ends when no step is open. client/order.py orders the
commands of a connection; labeled-response collects all answers of the command.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from gateway.edge.client import flood, order, slots
from gateway.edge.client.lines import Line
from gateway.edge.client.slots import Answer, Command, Done, Drawn, Slot
from gateway.edge.traffic import REFUSALS
from gateway.irc.clienttags import label
from gateway.state.people import Refusal
from ring.ids import GroupId
from ring.replication.application import EventId, Halted, Unsupported

if TYPE_CHECKING:
    from gateway.edge.client.answer_port import AnswerPort
    from gateway.edge.client.connection import Connection
    from gateway.edge.client.texts import Template
    from gateway.edge.users.user import User
    from gateway.irc.message import Message


class Answering(Command):
    """The answers of a command under way. Lines wait until all earlier commands of the client are answered."""

    __slots__ = (
        "_batch", "_open", "_paid", "_sent", "_turns", "_user", "asides", "at", "connection", "direct", "edge",
        "failure", "label", "late", "line", "made", "message", "since", "stamp",
    )  # fmt: skip

    def __init__(self, edge: AnswerPort, connection: Connection, message: Message) -> None:
        self.items = []
        self.open = True
        self.edge = edge
        self.connection = connection
        self.message = message
        self.line = connection.queue.line
        self._user = connection.user
        wanted = label(message.tags) if message.tags and "labeled-response" in connection.caps else None
        self.label = wanted
        self.failure: Unsupported | Halted | None = None  # why the submitted command has failed, if known
        self.made: tuple[GroupId, ...] = ()  # channels that did not exist before
        self.stamp: EventId | None = None  # of the submitted command's position, once answered
        self.since = edge.network.now
        self.late = False  # the call holds up nobody: the call has ended, or is too old
        self.asides: Mapping[GroupId, slots.Aside] = slots.NOWHERE  # groups in which the call's own lines wait
        self.at: Slot | None = None  # the slot for the next answer; None: after all answers
        self.direct = False  # the next answer goes out at once
        self._batch: str | None = None  # the open batch of a long labeled answer
        self._open = 0
        self._sent = 0  # lines of the answer so far, and other work counted in lines
        self._paid = 0.0  # tokens taken in advance
        self._turns: list[Done] | None = None  # these begin once all earlier commands are answered

    @property
    def params(self) -> list[str]:
        return self.message.params

    @property
    def user(self) -> User:
        """The caller, for commands after registration. The session may have moved to another node meanwhile."""
        user = self.connection.user or self._user
        assert user is not None
        return user

    @property
    def nick(self) -> str:
        user = self.connection.user or self._user
        return user.person.nick if user is not None else "*"

    @property
    def account(self) -> str | None:
        """The caller's account, which the caller's commands carry beside the source."""
        return self.user.person.account

    # Answers --------------------------------------------------------------------------------------------------------

    def reply(self, numeric: str, *params: str) -> None:
        if numeric in REFUSALS:
            self.edge.traffic.refused[numeric] += 1
        self.send(Line(self.edge.settings.network.server_name, numeric, (self.nick, *params)))

    def reply_all(self, template: Template) -> None:
        """Send the replies of the template. The replies are no refusals."""
        rendered = template.render(self.nick) if self.direct else None
        if rendered is None:
            for numeric, *params in template.replies:
                self.send(Line(self.edge.settings.network.server_name, numeric, (self.nick, *params)))
            return
        self._sent += len(rendered)
        for data in rendered:
            self.connection.send(data)

    def refuse(self, refusal: Refusal) -> None:
        self.reply(refusal.numeric, *refusal.params)

    def notice(self, text: str) -> None:
        self.send(Line(self.edge.settings.network.server_name, "NOTICE", (self.nick, text)))

    def fail(self, code: str, *context: str) -> None:
        """Send a FAIL. context: the words which say what failed, the text last. Source: IRCv3 standard replies."""
        self.edge.traffic.refused[code] += 1
        self.send(Line(self.edge.settings.network.server_name, "FAIL", (self.message.command, code, *context)))

    def send(self, line: Line, batch: str | None = None) -> None:
        """Send a line to the caller, under the command's label if any. batch: the name of the line's batch."""
        if self.direct:
            self._emit((line, batch))
        else:
            self._keep((line, batch))

    def draw(self, lines: Drawn) -> None:
        """Send lines to the caller, made at the moment when the caller may read the lines."""
        if self.direct:
            lines(self.send)
        else:
            self._keep(lines)

    def _keep(self, answer: Answer) -> None:
        if self.late and self.label is None:
            self._emit(answer)
            return
        at, items = self.at or self, self.items
        if self.label is not None or not self._leads:
            at.items.append(answer)
        elif not at.items and (at is self or (len(items) == 1 and items[0] is at)):  # nothing comes before the answer
            self.direct = True
            self._emit(answer)
        else:
            at.items.append(answer)
            self.direct = self._drain() is at

    def send_to_all(self, line: Line) -> None:
        """Send the line to the caller as an answer, and to the person's other clients as news."""
        self.send(line)
        self.user.send(line, skip=self.connection)

    def send_batch(self, kind: str, params: Iterable[str], lines: Iterable[Line]) -> None:
        """Send lines as one batch, or as plain lines to a client without batches. Source: IRCv3 batch."""
        if "batch" not in self.connection.caps:
            for line in lines:
                self.send(line)
            return
        server, name = self.edge.settings.network.server_name, self.edge.next_batch()
        self.send(Line(server, "BATCH", (f"+{name}", kind, *params)))
        for line in lines:
            self.send(line, name)
        self.send(Line(server, "BATCH", (f"-{name}",)))

    def worked(self, lines: int) -> None:
        """Count work beside the lines of the answer: as much work as so many lines make."""
        self._sent += lines

    def prepay(self, lines: int) -> None:
        """Charge the caller now for an answer of so many lines; a surplus is given back when the call ends."""
        price = flood.price(lines)
        self._paid += price
        flood.charge(self.connection, price, self.edge.settings)

    # Continuations --------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Place the command after all unanswered commands. The call is held until `release`."""
        calls = self.connection.queue.calls
        calls[self] = None
        self.edge.clients.attention.restless[self.connection] = None
        self._open += 1
        self.direct = self.label is None and (len(calls) == 1 or order.first(self.connection) is self)

    def hold(self) -> None:
        self._open += 1

    def release(self) -> None:
        self._open -= 1
        if not self._open:
            self._carried_out()

    def _carried_out(self) -> None:
        """Send the answer if this command has the turn. An empty answer waits for nobody."""
        connection = self.connection
        first = next(iter(connection.queue.calls), self)
        if first is not self and not self._leads and connection.closed is None and self._waits:
            return
        self._end()
        if connection.queue.calls:
            order.advance(connection)

    @property
    def _waits(self) -> bool:
        """Whether there is something for the client to read."""
        return self.label is not None or not slots.is_empty(self)

    def _end(self) -> None:
        """End the call: the answer goes out, and the caller pays for the work (client/flood.py)."""
        connection = self.connection
        calls = connection.queue.calls
        calls.pop(self, None)
        if not calls:
            calls.clear()  # gives back the memory of the table, which an empty dict keeps
        self.open, self.late = False, True
        if self.label is not None:
            self._finish(self.label)
        elif self.items:
            self._empty()
        if self._batch is not None:
            self._close_batch(self._batch)
        self.direct, self.at = True, None
        if self.asides:
            self.edge.asides.end(self)
        if self._sent > flood.FREE_LINES or self._paid:
            due, self._sent, self._paid = flood.price(self._sent) - self._paid, 0, 0.0
            if self._user is not None:  # nobody pays for the welcome
                flood.charge(connection, due, self.edge.settings)
        if connection.queue.gate is self:
            self._open_gate()

    def _empty(self) -> None:
        first = self.items[0]
        if len(self.items) == 1 and isinstance(first, Slot) and not first.items:
            self.items.clear()
        else:
            slots.empty(self, self._emit)

    def _open_gate(self) -> None:
        self.connection.queue.gate = None
        self.edge.clients.resume(self.connection)

    # Order ----------------------------------------------------------------------------------------------------------

    @property
    def _leads(self) -> bool:
        """Whether all earlier commands are answered."""
        calls = self.connection.queue.calls
        return self.late or next(iter(calls), None) is self or order.first(self.connection) is self

    def go_on(self) -> bool:
        """Go on, as all earlier commands are answered. Returns whether this command is answered now, too."""
        self._begin_turns()
        if not self.late and self._open == 0:
            self._end()
        elif not self.late and self.label is None and self.items:
            self._drain()
        return self.late

    def _begin_turns(self) -> None:
        if self._turns:
            turns, self._turns = self._turns, None
            for turn in turns:
                turn(None)

    def flush(self) -> None:
        """Send all waiting answers, in order."""
        if self.label is None:
            slots.empty(self, self._emit)
            if self.asides:
                self.edge.asides.end(self)

    def let_go(self) -> None:
        """Leave the order: nothing waits for this command any more, nor this command for others."""
        self.late = True
        if self._open == 0:
            self._end()
            return
        self.flush()
        if self.connection.queue.gate is self:
            self._open_gate()
        self._begin_turns()

    def lead(self) -> None:
        """Let the answer to this command wait for no earlier command."""
        order.let_go(self.connection, self)

    def shut(self) -> None:
        """Hold the client's further lines until this command has ended, so others see the same order (P28)."""
        if self.connection.queue.gate is None and not self.late:
            self.connection.queue.gate = self

    def _drain(self) -> Slot | None:
        return slots.drain(self, self._emit)

    def _emit(self, answer: Answer) -> None:
        if isinstance(answer, tuple):
            line, batch = answer
            batch = batch or self._batch
            self._sent += 1
            extra: dict[str, str | None] | None = {"batch": batch} if batch is not None else None
            self.connection.send(line.render(self.connection.variant, extra))
        else:
            answer(self._show)

    def _show(self, line: Line) -> None:
        self._emit((line, None))

    def enter(self, slot: Slot) -> tuple[Slot | None, bool]:
        """Put all further answers into the slot. Returns the argument for `leave`."""
        before = self.at, self.direct
        self.at, self.direct = slot if slot is not self else None, False
        return before

    def leave(self, before: tuple[Slot | None, bool]) -> None:
        """Put further answers where answers went before `enter`, after any open slot made meanwhile."""
        self.at = before[0]
        self.direct = before[1] and not (before[0] or self).items

    def hold_in(self, slot: Slot) -> None:
        """Add the slot here, for later answers. The call is open until the slot is closed."""
        self._open += 1
        if not self.late:
            (self.at or self).items.append(slot)
            self.direct = False

    def close(self, slot: Slot) -> None:
        """Close the slot: the answers after the slot wait for the slot no more."""
        slot.open = False
        self._open -= 1
        if not self._open:
            self._carried_out()
        elif self.label is None and not (len(self.items) == 1 and self.items[0] is slot) and self._leads:
            self._drain()

    def within(self, slot: Slot, done: Done, value: Any) -> None:
        before = self.enter(slot)
        done(value)
        self.leave(before)

    def open_batch(self) -> None:
        """Begin the batch of a labeled answer that is too long to be collected. All earlier commands are answered."""
        if self.label is None:
            return
        server, connection, label = self.edge.settings.network.server_name, self.connection, self.label
        name = self.edge.next_batch()
        start = Line(server, "BATCH", (f"+{name}", "labeled-response"))
        connection.send(start.render(connection.variant, {"label": label}))
        self.label, self._batch = None, name
        self._drain()

    def _close_batch(self, name: str) -> None:
        connection = self.connection
        end = Line(self.edge.settings.network.server_name, "BATCH", (f"-{name}",))
        connection.send(end.render(connection.variant))
        self._batch = None

    def _finish(self, label: str) -> None:
        """Send the answer under the label: ACK, one line, or a batch of lines. Source: IRCv3 labeled-response."""
        server, connection = self.edge.settings.network.server_name, self.connection
        lines: list[tuple[Line, str | None]] = []

        def collect(answer: Answer) -> None:
            if isinstance(answer, tuple):
                lines.append(answer)
            else:
                answer(lambda line: lines.append((line, None)))

        slots.empty(self, collect)
        self._sent += len(lines)
        self.label = None
        if len(lines) <= 1:
            line = lines[0][0] if lines else Line(server, "ACK", ())
            connection.send(line.render(connection.variant, {"label": label}))
            return
        name = self.edge.next_batch()
        start = Line(server, "BATCH", (f"+{name}", "labeled-response"))
        connection.send(start.render(connection.variant, {"label": label}))
        for line, inner in lines:
            connection.send(line.render(connection.variant, {"batch": inner or name}))
        connection.send(Line(server, "BATCH", (f"-{name}",)).render(connection.variant))
