"""A command of a connection under way, for the command's handler: steps on the network, one after another.

The answers and their order: client/answering.py and client/order.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from gateway.edge.client import flood
from gateway.edge.client.answering import Answering
from gateway.edge.client.slots import Done, Slot
from gateway.edge.rpc.asks import Ask
from gateway.edge.rpc.operator_asks import OperatorAsk
from gateway.state.audit.messages import AUDIT
from gateway.state.idempotency import IdempotencyKey
from gateway.state.people import Refusal
from ring.ids import GroupId
from ring.replication.application import FAILED, Halted, Unsupported

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort
    from ring.roster import NodeRecord


TOO_OLD: Final = "The network does not support this yet: try again once all nodes are upgraded."
"""For a command that the edge refuses because the network acts at an older feature level (P42)."""


class Call(Answering):
    """A command under way. Handlers never block: a later step is a continuation."""

    __slots__ = ()

    edge: EdgePort

    # Turns ----------------------------------------------------------------------------------------------------------

    def in_turn(self, run: Callable[[], None]) -> None:
        """Run once all earlier commands of this connection are answered."""
        self._take_turn(Part(self, lambda _: run()))

    def _take_turn(self, part: Part) -> None:
        self.hold_in(part)
        if self._leads:
            part(None)
        else:
            self._turns = [*(self._turns or ()), part]

    def answered(self, run: Callable[[], None]) -> None:
        """Run once all earlier commands of this connection are answered, even if the client has gone."""
        self._take_turn(Errand(self, lambda _: run()))

    def alone(self, run: Callable[[], None]) -> None:
        """Run once all earlier commands are answered; later commands begin when this command has ended."""
        self.shut()
        self.in_turn(run)

    # Steps on the network ---------------------------------------------------------------------------------------------

    def _guarded(self, done: Done) -> Part:
        """Return a part which runs the continuation, unless the client has gone meanwhile, and lets the call end."""
        part = Part(self, done)
        self.hold_in(part)
        return part

    def later(self, done: Done) -> Done:
        """Return a continuation for exactly one answer; the call is open until the answer comes."""
        return self._guarded(done)

    def idempotency_key(self, target: int = 0) -> IdempotencyKey | None:
        """Return the key of a message to one target of the line; None if no other edge can repeat the message (P9)."""
        speaker = self.connection.remote.speaker
        return IdempotencyKey(speaker, self.line, target) if speaker is not None else None

    def submit(self, group: GroupId, command: Any, done: Done | None = None, because: GroupId | None = None) -> None:
        """Submit a command for the caller; the default `done` shows a refusal or a failure."""
        self.user.unsettled[group] = None
        self.edge.network.submit(group, command, self._guarded(done or self.report), because)

    def report(self, outcome: Any) -> None:
        if isinstance(outcome, Refusal):
            self.refuse(outcome)
        elif outcome is FAILED and isinstance(self.failure, Unsupported):
            self.notice(
                f"The network does not support this yet: the node {self.failure.node} runs an older version. "
                "Nothing was changed; try again once all nodes are upgraded."
            )
        elif outcome is FAILED and isinstance(self.failure, Halted):
            self.notice(
                "A mistake of the program has stopped what your command needs, on "
                f"{', '.join(self.failure.nodes)}: the command may or may not be carried out. Tell an operator: "
                "the log of that node names the mistake, and a restart of the node tries again."
            )
        elif outcome is FAILED and self.stamp is not None:
            self.notice(
                "The server made a mistake with that command: nothing was changed. "
                "The operator finds the mistake in the log."
            )
        elif outcome is FAILED:
            self.notice("The network did not answer in time; the command may or may not be carried out.")

    def audit(self, act: str, target: str = "", reason: str = "", letter: str = "o") -> None:
        """Keep an act of the caller, an operator, in the network's audit (P53). The call ends once the act is kept.

        act: a word in lower case, such as "kill". target: whom or what the act concerns. letter: the snomask
        (gateway/irc/operator_table.py) of the operators who are told now.
        """
        operator, nick = self.user.identity.oper or "", self.user.person.nick
        self.user.unsettled[AUDIT] = None
        self.edge.oversight.record(operator, nick, act, target, reason, letter, self._guarded(lambda _: None))

    def ask(self, group: GroupId, question: Any, done: Done) -> None:
        self.edge.network.ask(group, question, self._guarded(done))

    def ask_node(self, key: str, body: Any, done: Done) -> None:
        self.edge.network.ask_node(key, body, self._guarded(done))

    def gather(self, body: Ask | OperatorAsk, done: Callable[[list[Any], list[str]], None]) -> None:
        """Ask every live node; done(replies, this node's first; names of silent nodes)."""
        me, nodes = self.edge.record.key, self.edge.network.live()
        self.worked(flood.QUESTION * (len(nodes) - 1))
        replies: list[Any] = []
        silent: list[str] = []
        finish = self._guarded(lambda _: done(replies, silent))

        def arrived(node: NodeRecord, reply: Any) -> None:
            if reply is None:
                silent.append(node.name)
            elif node.key == me:
                replies.insert(0, reply)
            else:
                replies.append(reply)
            if len(replies) + len(silent) == len(nodes):
                finish(None)

        for node in nodes:
            self.edge.network.ask_node(node.key, body, partial(arrived, node))

    def after(self, groups: Iterable[GroupId], run: Callable[[], None]) -> None:
        """Run once all earlier commands are answered, and the caller's commands to the groups are settled: `MODE +b`
        then `MODE b` in one packet (P11)."""
        self.in_turn(lambda: self.after_all([group for group in groups if group in self.user.unsettled], run))

    def after_all(self, groups: Iterable[GroupId], run: Callable[[], None]) -> None:
        """Run once all commands of this edge to the groups are settled."""
        guarded = self._guarded(lambda _: run())
        self.edge.network.settle(groups, lambda: guarded(None))


class Token(Slot):
    """Ties the outcome of a submit to the call. place: the slot for the resulting lines among the call's answers."""

    __slots__ = ("call", "done", "place")

    def __init__(self, call: Call, done: Done, place: Slot | None = None) -> None:
        self.items = []
        self.open = True
        self.call = call
        self.done = done
        self.place: Slot | None = place if place is not None else call

    def __call__(self, value: Any) -> None:
        self.done(value)


class Part(Token):
    """A continuation of a call, and the slot for the continuation's answers."""

    __slots__ = ()

    def __init__(self, call: Call, done: Done) -> None:
        self.items = []
        self.open = True
        self.call = call
        self.done = done
        self.place = None  # the part itself

    def __call__(self, value: Any) -> None:
        call = self.call
        connection = call.connection
        if connection.closed is None:
            at, direct = call.at, call.direct
            call.at, call.direct = self, False
            call.edge.clients.act_for(connection, self.done, value)
            call.at, call.direct = at, direct and not (at or call).items
        call.close(self)


class Errand(Part):
    """A continuation for the node's own ends: the continuation runs even if the client has gone."""

    __slots__ = ()

    def __call__(self, value: Any) -> None:
        self.done(value)
        self.call.close(self)
