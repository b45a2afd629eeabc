"""One command of one connection while it is being answered; for labeled-response it collects what is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from gateway.edge import flood
from gateway.edge.answers import answer
from gateway.edge.asks import Ask
from gateway.edge.lines import Line
from gateway.groups.once import Once
from gateway.groups.people import Refusal
from gateway.irc.clienttags import label
from ring.groups.host import FAILED, Stamp, Unsupported
from ring.ids import GroupId

if TYPE_CHECKING:
    from gateway.edge.connection import Connection
    from gateway.edge.edge import Edge
    from gateway.edge.user import User
    from gateway.irc.message import Message

Done = Callable[[Any], None]


class Call:
    """What a command handler works with. Handlers never block: what comes later is a continuation."""

    __slots__ = (
        "_lines", "_open", "_paid", "_sent", "_turn", "_user", "connection", "edge", "label", "line", "made",
        "message", "stamp", "unsupported",
    )  # fmt: skip

    def __init__(self, edge: Edge, connection: Connection, message: Message) -> None:
        self.edge = edge
        self.connection = connection
        self.message = message
        self.line = connection.line
        self._user = connection.user
        wanted = label(message.tags) if message.tags and "labeled-response" in connection.caps else None
        self.label = wanted
        self.unsupported: Unsupported | None = None  # why the submitted command was not sent
        self.made: tuple[GroupId, ...] = ()  # channels that did not exist before
        self.stamp: Stamp | None = None  # of the submitted command's position, once that is answered
        self._lines: list[tuple[Line, str | None]] = []  # and the batch that each is in
        self._open = 0
        self._sent = 0  # lines of the answer so far, and work that is worth as many
        self._paid = 0.0  # tokens taken in advance
        self._turn: Callable[[], None] | None = None

    @property
    def params(self) -> list[str]:
        return self.message.params

    @property
    def user(self) -> User:
        """The caller. Only for commands that need registration. Its session may have gone on elsewhere meanwhile."""
        user = self.connection.user or self._user
        assert user is not None
        return user

    @property
    def nick(self) -> str:
        user = self.connection.user or self._user
        return user.person.nick if user is not None else "*"

    @property
    def account(self) -> str | None:
        """The caller's account, which its commands carry beside its source."""
        return self.user.person.account

    # Answers --------------------------------------------------------------------------------------------------------

    def reply(self, numeric: str, *params: str) -> None:
        self.send(Line(self.edge.settings.server_name, numeric, (self.nick, *params)))

    def refuse(self, refusal: Refusal) -> None:
        self.reply(refusal.numeric, *refusal.params)

    def notice(self, text: str) -> None:
        self.send(Line(self.edge.settings.server_name, "NOTICE", (self.nick, text)))

    def fail(self, code: str, *context: str) -> None:
        """Source: IRCv3 standard replies. context: the words that say what failed, the text last."""
        self.send(Line(self.edge.settings.server_name, "FAIL", (self.message.command, code, *context)))

    def send(self, line: Line, batch: str | None = None) -> None:
        """A line to the caller, under its label where it gave one. batch: that the line is in."""
        self._sent += 1
        if self.label is None:
            extra: dict[str, str | None] | None = {"batch": batch} if batch is not None else None
            self.connection.send(line.render(self.connection.variant, extra))
        else:
            self._lines.append((line, batch))

    def send_to_all(self, line: Line) -> None:
        """To the caller as its answer, and to the person's other clients, for whom it is news."""
        self.send(line)
        self.user.send(line, skip=self.connection)

    def send_batch(self, kind: str, params: Iterable[str], lines: Iterable[Line]) -> None:
        """Lines that belong together; to who has not asked for batches they go as they are. Source: IRCv3 batch."""
        if "batch" not in self.connection.caps:
            for line in lines:
                self.send(line)
            return
        server, name = self.edge.settings.server_name, self.edge.next_batch()
        self.send(Line(server, "BATCH", (f"+{name}", kind, *params)))
        for line in lines:
            self.send(line, name)
        self.send(Line(server, "BATCH", (f"-{name}",)))

    def worked(self, lines: int) -> None:
        """The call has made work beside the lines of its answer, as much as so many of those."""
        self._sent += lines

    def prepay(self, lines: int) -> None:
        """The caller pays now for an answer of so many lines; what comes short is given back when the call ends."""
        price = flood.price(lines)
        self._paid += price
        flood.charge(self.connection, price, self.edge.settings)

    # Continuations --------------------------------------------------------------------------------------------------

    def hold(self) -> None:
        self._open += 1

    def release(self) -> None:
        self._open -= 1
        if self._open == 0:
            if self.label is not None:
                self._finish(self.label)
            self._ended()

    def _ended(self) -> None:
        """Answered: the caller pays for the work (flood.py), and whoever waited for that is next."""
        due = flood.price(self._sent) - self._paid
        if due and self._user is not None:  # a welcome is nobody's choice
            flood.charge(self.connection, due, self.edge.settings)
        calls = self.connection.calls
        calls.pop(self, None)
        first = next(iter(calls), None)
        if first is not None and first._turn is not None:
            turn, first._turn = first._turn, None
            turn()

    def in_turn(self, run: Callable[[], None]) -> None:
        """Run once everything that this connection asked before is answered."""
        guarded = self._guarded(lambda _: run())
        if next(iter(self.connection.calls), self) is self:
            guarded(None)
        else:
            self._turn = lambda: guarded(None)

    def _finish(self, label: str) -> None:
        """Source: IRCv3 labeled-response: nothing, one line, or a batch of them."""
        server, connection = self.edge.settings.server_name, self.connection
        lines, self._lines = self._lines, []
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

    def _guarded(self, done: Done) -> Done:
        """Runs the continuation, unless the client has gone meanwhile, and lets the call end."""
        self.hold()

        def run(value: Any) -> None:
            if self.connection.closed is None:
                self.edge.act_for(self.connection, done, value)
            self.release()

        return run

    def later(self, done: Done) -> Done:
        """A continuation for something that answers exactly once; the call is open until then."""
        return self._guarded(done)

    def once(self, target: int = 0) -> Once | None:
        """What the caller says to one of the line's targets is known by; None: no other edge says it (P9)."""
        sayer = self.connection.sayer
        return Once(sayer, self.line, target) if sayer is not None else None

    def submit(self, group: GroupId, command: Any, done: Done | None = None, because: GroupId | None = None) -> None:
        """Submit for the caller; the default shows a refusal or a failure."""
        self.user.unsettled[group] = None
        token = Token(self, self._guarded(done or self.report))
        self.edge.engine.submit(group, command, token, because)

    def report(self, outcome: Any) -> None:
        if isinstance(outcome, Refusal):
            self.refuse(outcome)
        elif outcome is FAILED and self.unsupported is not None:
            self.notice(
                f"The network does not support this yet: the node {self.unsupported.node} runs an older version. "
                "Nothing was changed; try again once all nodes are upgraded."
            )
        elif outcome is FAILED and self.stamp is not None:
            self.notice(
                "The server made a mistake with that command: nothing was changed. Its operator finds it in the log."
            )
        elif outcome is FAILED:
            self.notice("The network did not answer in time; the command may or may not be carried out.")

    def ask(self, group: GroupId, question: Any, done: Done) -> None:
        self.edge.engine.ask(group, question, self._guarded(done))

    def ask_node(self, key: str, body: Any, done: Done) -> None:
        self.edge.engine.ask_node(key, body, self._guarded(done))

    def gather(self, body: Ask, done: Callable[[list[Any], list[str]], None]) -> None:
        """Ask every live node; done(replies, this node's first; names of those that did not answer)."""
        nodes = [node for node in self.edge.engine.live() if node.key != self.edge.record.key]
        self.worked(flood.QUESTION * len(nodes))
        replies: list[Any] = [answer(self.edge, body)]
        silent: list[str] = []
        finish = self._guarded(lambda _: done(replies, silent))

        def one(name: str) -> Done:
            def arrived(reply: Any) -> None:
                if reply is None:
                    silent.append(name)
                else:
                    replies.append(reply)
                if len(replies) - 1 + len(silent) == len(nodes):
                    finish(None)

            return arrived

        for node in nodes:
            self.edge.engine.ask_node(node.key, body, one(node.name))
        if not nodes:
            finish(None)

    def after(self, groups: Iterable[GroupId], run: Callable[[], None]) -> None:
        """Run once what the caller submitted to the groups is settled: `MODE +b` then `MODE b` in one packet (P11)."""
        self.after_all([group for group in groups if group in self.user.unsettled], run)

    def after_all(self, groups: Iterable[GroupId], run: Callable[[], None]) -> None:
        """Run once all that this edge has submitted to the groups is settled."""
        guarded = self._guarded(lambda _: run())
        self.edge.engine.settle(groups, lambda: guarded(None))


class Token:
    """Ties a submit's answer to its call."""

    __slots__ = ("call", "done")

    def __init__(self, call: Call, done: Done) -> None:
        self.call = call
        self.done = done
