"""Ask read-only questions: of the master of a group that this node does not follow, or of one node (P39).

A question is repeated until the reply comes, and ends with None after QUESTION_GIVE_UP_S.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ring.durations import QUESTION_AGAIN_S, QUESTION_GIVE_UP_S, QUESTION_REPEAT_S
from ring.features import unsupported
from ring.ids import UNREADABLE, GroupId, Incarnation
from ring.replication.application import Later
from ring.replication.port import Port
from ring.replication.replica import Replica
from ring.replication.state_machine import State
from ring.wire.group import Question
from ring.wire.log import raw
from ring.wire.node import Ask, Reply

OPEN = 10_000
"""At most this many questions of this node are open. A further question is answered with None at once."""


class Open:
    """A question that waits for a reply. group: None if the question goes to `node`."""

    __slots__ = ("body", "done", "group", "node", "repeat_at", "sent_at", "since")

    def __init__(self, group: GroupId | None, node: str, body: Any, done: Callable[[Any], None], now: float) -> None:
        self.group = group
        self.node = node
        self.body = body
        self.done = done
        self.since = now
        self.sent_at = now
        self.repeat_at = now + QUESTION_REPEAT_S


class Rpc:
    """The open questions of this node, and the answers to other nodes."""

    def __init__(self, port: Port) -> None:
        self.port = port
        self.open: dict[int, Open] = {}
        self._by_group: dict[GroupId, dict[int, Open]] = {}  # the open questions to groups
        self.working: set[tuple[Incarnation, int]] = set()  # (asker, question number) under way here
        self._next = port.me.first_number

    # Ask ------------------------------------------------------------------------------------------------------------

    def ask_group(self, group: GroupId, question: Any, done: Callable[[Any], None]) -> None:
        """Ask the group's master, or the local replica if this node masters or follows the group."""
        state = self.port.state(group)
        if unsupported(question, self.port.level):
            done(None)
        elif state is not None:
            done(self._judged(group, state, question))
        else:
            self._add(Open(group, "", question, done, self.port.now))

    def ask_node(self, key: str, body: Any, done: Callable[[Any], None]) -> None:
        """Ask one node, which may be this node."""
        if key == self.port.me.key:
            self._reply(self.port.me, body, done)
        elif unsupported(body, self.port.level):
            done(None)
        else:
            self._add(Open(None, key, body, done, self.port.now))

    def _add(self, question: Open) -> None:
        if len(self.open) >= OPEN:
            question.done(None)
            return
        self._next += 1
        self.open[self._next] = question
        if question.group is not None:
            self._by_group.setdefault(question.group, {})[self._next] = question
        self._send(self._next, question)

    def _close(self, number: int) -> Open | None:
        """Take a question out of the tables; None if the question has ended before."""
        question = self.open.pop(number, None)
        if question is not None and question.group is not None:
            others = self._by_group[question.group]
            del others[number]
            if not others:
                del self._by_group[question.group]
        return question

    def _send(self, number: int, question: Open) -> None:
        port = self.port
        question.sent_at = port.now
        question.repeat_at = port.now + QUESTION_REPEAT_S
        if question.group is None:
            port.send(question.node, Ask(number, raw(question.body)))
            return
        target = port.target(question.group)
        if target != port.me.key:
            port.send(target, Question(question.group, number, raw(question.body)))
            return
        m = port.replicas.masters.get(question.group)
        replica = m.replica if m is not None else port.readable(question.group)
        if replica is not None:
            if self._close(number) is not None:
                question.done(self._judged(question.group, replica.state, question.body))
        else:
            port.find(question.group, curious=True)

    def master_known(self, group: GroupId) -> None:
        """Send the group's open questions again: the group was found, here or on another node, or nobody holds it."""
        waiting = self._by_group.get(group)
        if waiting is None:
            return
        here = group in self.port.replicas.masters or self.port.readable(group) is not None
        for number, question in list(waiting.items()):
            if here or self.port.now - question.sent_at > QUESTION_AGAIN_S or question.sent_at == question.since:
                self._send(number, question)

    def on_reply(self, sender: Incarnation, message: Reply) -> None:
        """Take a reply: decode the body and end the question. A reply to no open question is dropped."""
        question = self.open.get(message.id)
        if question is None:
            return
        port = self.port
        if bytes(message.body) == b"\xc0":
            body = None
        elif question.group is not None:
            body = port.kinds[question.group.kind].read_answer(message.body)
        else:
            body = port.app.read_reply(message.body)
        self._close(message.id)
        question.done(body)

    # Answer ---------------------------------------------------------------------------------------------------------

    def on_question(self, sender: Incarnation, message: Question) -> None:
        """Answer a question to a group from the replica here, or park the question until the group is found."""
        m = self.port.replicas.masters.get(message.group)
        replica = m.replica if m is not None else self.port.readable(message.group)
        if replica is None:
            self.port.park(message.group, sender, message)
        else:
            self.answer(sender, message, replica)

    def answer(self, sender: Incarnation, message: Question, replica: Replica) -> None:
        question = replica.kind.read_question(message.question)
        answer = self._judged(message.group, replica.state, question)
        self.port.answer(sender, Reply(message.id, raw(answer)))

    def on_ask(self, sender: Incarnation, message: Ask) -> None:
        """Answer a question to this node. A question under way is not begun again."""
        try:
            body = self.port.app.read_ask(message.body)
        except UNREADABLE:
            self.port.send(sender.key, Reply(message.id, raw(None)))
            raise
        asked = (sender, message.id)
        if asked in self.working:  # the asker repeats a question until the reply arrives
            return
        self.working.add(asked)
        self._reply(sender, body, lambda reply: self._send_reply(asked, reply))

    def _send_reply(self, asked: tuple[Incarnation, int], reply: Any) -> None:
        self.working.discard(asked)
        self.port.answer(asked[0], Reply(asked[1], raw(reply)))

    def _reply(self, asker: Incarnation, body: Any, done: Callable[[Any], None]) -> None:
        reply = self._asked(asker, body)
        if isinstance(reply, Later):
            reply.then(done)
        else:
            done(reply)

    def _judged(self, group: GroupId, state: State, question: Any) -> Any:
        """Return a state's answer to a question; None, as if no master answered, where the state meets a mistake."""
        try:
            return state.answer(question, self.port.now_ms)
        except Exception as problem:
            self.port.note_bug("answer", problem, group)
            return None

    def _asked(self, node: Incarnation, body: Any) -> Any:
        """Return this node's answer to another node's question for a client; None where a mistake is met."""
        try:
            return self.port.app.asked(node, body)
        except Exception as problem:
            self.port.note_bug("asked", problem)
            return None

    # Timers ---------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Repeat open questions, and end questions that are too old or have a dead receiver."""
        port = self.port
        for number, question in list(self.open.items()):
            dead = question.group is None and not port.peers.is_alive(question.node)
            if dead or port.now - question.since > QUESTION_GIVE_UP_S:
                if self._close(number) is not None:
                    question.done(None)
            elif port.now >= question.repeat_at:
                self._send(number, question)
