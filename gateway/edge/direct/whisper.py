"""A plain private message on the short way to another node: from the bytes of the line to the holder's node (P49).

Nearly all private messages between guests of two nodes are shown, and need no answer but an echo. So such a message
needs no parsed line, no handler and no slots. Whatever else becomes of the message is the business of a Turn and its
Call, which take the place of the Whisper among the speaker's messages and commands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.edge.client.plain import PlainCommand
from gateway.edge.direct.local import tags_of
from gateway.edge.direct.pairs import UNKNOWN, Pair, Turn
from gateway.edge.direct.remote import Direct, Elsewhere, InDoubt, Late
from gateway.edge.direct.telling import told
from gateway.edge.users.user import User
from gateway.irc.message import Message, decode
from gateway.state.nick.messages import Reached, Tell

if TYPE_CHECKING:
    from gateway.edge.client.connection import Connection
    from gateway.edge.direct.messages import DirectMessages

ECHO: Final = "echo-message"


class Whisper(PlainCommand):
    """A PRIVMSG or NOTICE without tags to one nick, without an answer yet. turn: what has taken the message's place."""

    __slots__ = ("messages", "outcome", "pair", "person", "target", "text", "turn", "user", "verb")

    def __init__(
        self, messages: DirectMessages, connection: Connection, user: User, pair: Pair, line: tuple[str, bytes, bytes]
    ) -> None:
        super().__init__(messages.edge, connection)
        self.messages = messages
        self.user = user
        self.person = user.person
        self.verb, self.target, self.text = line
        self.outcome = UNKNOWN
        self.pair = pair
        self.turn: Turn | None = None

    def came(self, answer: Direct | Elsewhere | InDoubt | Late) -> None:
        """Take the answer of the holder's node. A message that was shown ends here, in most cases."""
        if self.turn is not None:
            self.turn.came(answer)
        elif type(answer) is Direct and type(answer.outcome) is Reached and self._may_end(answer.outcome):
            if ECHO in self.connection.caps and self.connection.closed is None:
                self._echo(answer.outcome.person.nick, answer)
            pair = self.pair
            pair.direct -= 1
            pair.turns.popleft()
            self.messages.sent(self.user)
            self.end()
            if pair.held:
                pair.release()
            self.messages.forget(pair)
        else:
            self.turn = self._become_turn()
            self.turn.came(answer)

    def _may_end(self, outcome: Reached) -> bool:
        """Tell whether nothing has to wait: neither for an earlier message, nor an echo for an earlier answer. A later
        message with an answer, from another node, waits for a Turn here."""
        connection, turns = self.connection, self.pair.turns
        is_free = len(turns) == 1 or turns[1].outcome is UNKNOWN
        is_next = turns[0] is self and is_free and outcome.person.away is None
        echoes = ECHO in connection.caps and connection.closed is None
        return is_next and (not echoes or self.late or next(iter(connection.queue.calls), None) is self)

    def _echo(self, nick: str, answer: Direct) -> None:
        body = b":%b %b %b :%b\r\n" % (self.person.source.encode(), self.verb.encode(), nick.encode(), self.text)
        self.connection.send(tags_of(self.connection.variant, answer.event_id) + body)

    def found(self, outcome: Any) -> None:
        """A Whisper has no outcome before a Turn takes its place."""
        raise AssertionError("a Whisper waits until a Turn takes its place")

    def _become_turn(self) -> Turn:
        """Let a Turn and a Call take the place of the message."""
        target = decode(self.target)
        call = self.become_call(Message(None, None, self.verb, [target, decode(self.text)]))
        tell = Tell(self.person, self.verb, self.text, None, target, self.connection.socket.secure)
        turn = Turn(self.messages, call, self.pair, self.user, tell, lambda outcome: told(call, tell, outcome))
        call.hold_in(turn)
        self.pair.turns[self.pair.turns.index(self)] = turn
        call.release()
        return turn
