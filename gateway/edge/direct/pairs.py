"""The private messages of a user to a nick, one after the other, whatever way each takes (P32, P49)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from gateway.edge.client.call import Token
from gateway.edge.client.slots import Slot
from gateway.edge.direct.remote import Direct, Elsewhere, InDoubt, Late
from gateway.irc import numerics as n
from gateway.state.nick.messages import Reached, Tell
from gateway.state.people import Person, Refusal
from ring.ids import GroupId
from ring.replication.application import FAILED, EventId

if TYPE_CHECKING:
    from gateway.edge.client.call import Call
    from gateway.edge.direct.messages import DirectMessages
    from gateway.edge.users.user import User


class DirectMessage(NamedTuple):
    """A private message on the way to the nick's holder. At least one of the two people has an account. home: the
    nick's group."""

    call: Call
    user: User
    home: GroupId
    tell: Tell
    holder: Person
    place: Slot
    done: Callable[[Any], None]

    @property
    def has_guest(self) -> bool:
        return not self.user.session.account or self.holder.account is None


UNKNOWN: Final = object()


class Waiting(Protocol):
    """A message of a pair: a Turn or a Whisper."""

    outcome: Any

    def found(self, outcome: Any) -> None: ...


class Pair:
    """The private messages of a user to a nick, as long as one has no answer.

    turns: the oldest first. asked, direct: how many wait for the nick's group, and for the holder's node. held: those
    that wait for the direct ones: a message may not overtake another on another way (P49).
    """

    __slots__ = ("asked", "direct", "held", "key", "turns")

    def __init__(self, key: tuple[str, GroupId]) -> None:
        self.key = key
        self.turns: deque[Waiting] = deque()
        self.asked = 0
        self.direct = 0
        self.held: list[Turn] = []

    def release(self) -> None:
        """Let the held messages go to the nick's group once no message is on its way to the holder's node."""
        if self.held and not self.direct:
            held, self.held = self.held, []
            for turn in held:
                turn.go()


class Turn(Token):
    """A private message waiting for the nick's group, or for the holder's node. The turn is also the slot for the
    message's answers. event_id: of a message that went directly."""

    __slots__ = ("event_id", "home", "messages", "outcome", "pair", "tell", "user")

    def __init__(
        self,
        messages: DirectMessages,
        call: Call,
        pair: Pair,
        user: User,
        tell: Tell,
        done: Callable[[Any], None],
    ) -> None:
        self.items = []
        self.open = True
        self.call = call
        self.done = done
        self.place = None  # itself
        self.messages = messages
        self.user = user
        self.home = pair.key[1]
        self.tell = tell
        self.pair = pair
        self.outcome: Any = UNKNOWN
        self.event_id: EventId | None = None

    def go(self) -> None:
        """Ask the nick's group: the user's choice is known by now."""
        self.messages.ask(self, self.messages.in_conversation(self.user, self.tell.idempotency_key))

    def came(self, answer: Direct | Elsewhere | InDoubt | Late) -> None:
        """Take the answer of the holder's node."""
        if isinstance(answer, Late):
            self.fail()
            return
        pair = self.pair
        pair.direct -= 1
        if self.outcome is not UNKNOWN:  # the speaker was told already that no answer came in time
            self.messages.forget(pair)
        elif isinstance(answer, Direct):
            self.event_id = answer.event_id
            self.messages.in_turn(self, answer.outcome)
        elif isinstance(answer, Elsewhere):
            self.go()
        else:
            self.event_id = answer.event_id
            self.messages.ask_in_doubt(self, answer)
        pair.release()

    def fail(self) -> None:
        """Tell the speaker that the message may or may not have come."""
        self.event_id = self.call.stamp = self.call.failure = None
        self.messages.in_turn(self, FAILED)

    def __call__(self, outcome: Any) -> None:
        """Take the answer of the nick's group."""
        self.pair.asked -= 1
        self.messages.remote.asked(self.user, self.home, outcome, self.call.stamp)
        if self.event_id is not None and not isinstance(outcome, Reached):
            self.fail()  # the message may have been shown before (P49)
        elif isinstance(outcome, Refusal) and outcome.numeric == n.ERR_NOSUCHNICK:
            self.messages.look_for(self.home.name, self.tell.sender, outcome, self.known)
        else:
            self.messages.in_turn(self, outcome)

    def known(self, outcome: Any) -> None:
        self.messages.in_turn(self, outcome)

    def found(self, outcome: Any) -> None:
        """Send the message on: all earlier messages of the user to the nick have gone."""
        if isinstance(outcome, Reached) and outcome.in_conversation:
            message = DirectMessage(self.call, self.user, self.home, self.tell, outcome.person, self, self.ended)
            self.messages.say(message)
        else:
            self.ended(outcome)

    def ended(self, outcome: Any) -> None:
        call = self.call
        if self.event_id is not None:
            call.stamp = self.event_id
        self.messages.sent(self.user)
        if call.connection.closed is None and call.connection.user is self.user:
            call.within(self, self.done, outcome)
        call.close(self)
