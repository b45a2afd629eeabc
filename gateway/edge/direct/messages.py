"""Brings a private message to its reader: the nick's master names the holder, then a conversation takes the text (P32).

Before a message to a person without a seat in the conversation, the speaker's node opens the conversation: both
sessions are told, and the nodes of both seat their users. Messages keep their order, whatever way a message goes.

A guest has no session, and no seat. A guest's message to an account is said in the conversation of the account and the
guest's user id, if the account has a seat there. The account's message is said there too, and then told to the guest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from gateway.edge.client.call import Token
from gateway.edge.client.slots import Slot
from gateway.edge.cursors.playback import await_echo
from gateway.edge.direct.local import PLAIN, VERBS, LocalMessages
from gateway.edge.direct.opening import open_conversation
from gateway.edge.direct.pace import may_write
from gateway.edge.direct.pairs import UNKNOWN, DirectMessage, Pair, Turn
from gateway.edge.direct.remote import InDoubt, RemoteMessages
from gateway.edge.direct.whisper import Whisper
from gateway.edge.ports import DirectMessagesPort, EdgePort
from gateway.edge.procedures import run
from gateway.irc.limits import BODY_BYTES
from gateway.state.conversation.conversation import Conversation, other_of
from gateway.state.conversation.messages import Say
from gateway.state.idempotency import IdempotencyKey, Probe
from gateway.state.nick.hearing import hearing
from gateway.state.nick.messages import Reached, Tell
from gateway.state.people import Person, Refusal
from gateway.state.session.messages import Stored
from ring.ids import GroupId

if TYPE_CHECKING:
    from gateway.edge.client.call import Call
    from gateway.edge.client.connection import Connection
    from gateway.edge.users.user import User


PUNCTUATION: Final = len(":   :")


class DirectMessages(DirectMessagesPort):
    """Holds the private messages of people here on the way to a conversation or a nick."""

    local: LocalMessages
    remote: RemoteMessages

    def __init__(self, edge: EdgePort) -> None:
        self.edge = edge
        self._opening: dict[tuple[str, str], deque[DirectMessage]] = {}  # by speaker and other person (see _key)
        self._pairs: dict[tuple[str, GroupId], Pair] = {}  # by user and nick
        self._sending: dict[str, int] = {}  # uid -> how many private messages have no place yet
        self._quitting: dict[str, Callable[[], None]] = {}  # uid -> called once all of these have a place
        self.local = LocalMessages(edge, self._pairs)
        self.remote = RemoteMessages(edge, self.local)

    def pair(self, key: tuple[str, GroupId]) -> Pair:
        found = self._pairs.get(key)
        if found is None:
            found = self._pairs[key] = Pair(key)
        return found

    def tell(self, call: Call, home: GroupId, tell: Tell, done: Callable[[Any], None]) -> None:
        """Send a private message; done(Reached, or the reason of a failure). The message is sent even if the client
        leaves meanwhile. tell.in_conversation: the present answer of `in_conversation`."""
        uid = call.user.uid
        pair = self.pair((uid, home))
        turn = Turn(self, call, pair, call.user, tell, done)
        call.hold_in(turn)
        self._sending[uid] = self._sending.get(uid, 0) + 1
        pair.turns.append(turn)
        if self.edge.sessions.is_unsure(turn.user):
            self.edge.sessions.once_known(turn.user, turn.go)
        elif not (pair.asked or pair.held or tell.idempotency_key is not None) and self.remote.send(
            turn.user, home, (tell.sender, tell.verb, tell.text, tell.tags), turn.came
        ):
            pair.direct += 1
        elif pair.direct:
            pair.held.append(turn)
        else:
            self.ask(turn, tell.in_conversation)

    def relay(self, connection: Connection, line: bytes) -> bool:
        """Carry out a plain line to a guest from bytes to bytes. Returns False for a line that has to take the general
        way."""
        sender, plain = connection.user, PLAIN.fullmatch(line)
        if plain is None or sender is None or len(sender.connections) != 1:
            return False
        verb, name, text = plain.groups()
        home = self.local.home(name)
        if home is None or not may_write(self.edge, sender, home):
            return False
        if self.edge.nick_owners.of(home) and self.local.relay(connection, sender, home, plain):
            return True
        return connection.remote.speaker is None and self._whisper(connection, sender, home, (VERBS[verb], name, text))

    def _whisper(self, connection: Connection, user: User, home: GroupId, line: tuple[str, bytes, bytes]) -> bool:
        """Send a plain message to the holder's node, if the message may go directly."""
        verb, name, text = line
        key, person = (user.uid, home), user.person
        pair = self._pairs.get(key)
        if (pair is not None and (pair.asked or pair.held)) or "B" in person.modes:
            return False
        if len(person.source) + len(verb) + len(name) + len(text) + PUNCTUATION > BODY_BYTES:
            return False
        pair = pair if pair is not None else Pair(key)
        whisper = Whisper(self, connection, user, pair, line)
        if not self.remote.send(user, home, (person, verb, text, None), whisper.came):
            return False
        self._pairs[key] = pair
        pair.turns.append(whisper)
        pair.direct += 1
        self._sending[user.uid] = self._sending.get(user.uid, 0) + 1
        whisper.stand()
        self.edge.used[verb] += 1
        user.spoke_at = self.edge.network.now
        return True

    def ask(self, turn: Turn, in_conversation: bool) -> None:
        """Ask the nick's group, with the user's choice on kept messages."""
        user, tell = turn.user, turn.tell
        guests = (
            bool(user.session.account)
            and self.edge.conversations.keeps(user)
            and self.edge.conversations.keeps_with_guests()
        )
        asked = (
            tell
            if (tell.in_conversation, tell.guests) == (in_conversation, guests)
            else replace(tell, in_conversation=in_conversation, guests=guests)
        )
        self._submit_turn(turn, asked)

    def ask_in_doubt(self, turn: Turn, doubt: InDoubt) -> None:
        """Ask the nick's group to tell a message that may have come directly, to the same user under the same id."""
        msgid, at = doubt.event_id
        facts = {"in_conversation": False, "guests": False, "uid": doubt.uid, "msgid": msgid, "at": at}
        self._submit_turn(turn, replace(turn.tell, **facts))

    def _submit_turn(self, turn: Turn, tell: Tell) -> None:
        turn.pair.asked += 1
        turn.user.unsettled[turn.home] = None
        self.edge.network.submit(turn.home, tell, turn)

    def in_conversation(self, user: User, idempotency_key: IdempotencyKey | None) -> bool:
        """Return whether the user prefers conversations, or may have used one on a former node (P9)."""
        conversations = self.edge.conversations
        if not user.session.account:
            return user.person.account is None and conversations.keeps_with_guests()
        return conversations.keeps(user) or (idempotency_key is not None and bool(conversations.of(user)))

    def look_for(self, name: str, sender: Person, refusal: Refusal, known: Callable[[Any], None]) -> None:
        """Look for a lasting session of a dead node, not taken up yet: nobody else has the nick. The nick's group would
        judge whether the session's user reads messages of the sender; here nobody else does.

        refusal: the answer if there is no such session.
        """

        def looked(stored: Stored | None) -> None:
            person = stored.person if stored is not None and stored.lasts else None
            if person is None or self.edge.settings.casemap(person.nick) != name:
                known(refusal)
            else:
                heard = hearing(person, sender, "PRIVMSG", self.edge.settings.casemap)
                known(heard.refusal or Reached(person, in_conversation=heard.is_shown))

        self.edge.sessions.look(name, looked)

    def in_turn(self, turn: Turn, outcome: Any) -> None:
        """Send messages on in the order of speaking: answers of the nick's group may come in any order."""
        turn.outcome = outcome
        turns = turn.pair.turns
        while turns and turns[0].outcome is not UNKNOWN:
            first = turns.popleft()
            first.found(first.outcome)
        self.forget(turn.pair)

    def forget(self, pair: Pair) -> None:
        """Forget the pair if none of its messages waits for an answer."""
        if not pair.turns and not pair.direct and self._pairs.get(pair.key) is pair:
            del self._pairs[pair.key]

    def _submit(
        self, group: GroupId, command: Any, call: Call, user: User, place: Slot, done: Callable[[Any], None]
    ) -> None:
        """place: the slot for the command's answers among the call's answers."""
        user.unsettled[group] = None
        self.edge.network.submit(group, command, Token(call, done, place))

    def sent(self, user: User) -> None:
        self._sending[user.uid] -= 1
        if not self._sending[user.uid]:
            del self._sending[user.uid]
            if user.uid in self._quitting:
                self._quitting.pop(user.uid)()

    def when_sent(self, user: User, run: Callable[[], None]) -> None:
        """Run the callback once all private messages of the user have found their way."""
        if user.uid in self._sending:
            self._quitting[user.uid] = run
        else:
            run()

    def _key(self, message: DirectMessage) -> tuple[str, str]:
        """Return the speaker and the other person: each as folded account, or as user id of a guest."""
        account = message.holder.account
        other = self.edge.settings.casemap(account) if account is not None else message.holder.uid
        return message.user.session.account or message.user.uid, other

    def _keeps(self, message: DirectMessage) -> bool:
        """Return whether the speaker's side wants the message kept. The other account is asked later."""
        conversations = self.edge.conversations
        wants = (
            conversations.keeps(message.user) if message.user.session.account else message.holder.account is not None
        )
        return wants and (not message.has_guest or conversations.keeps_with_guests())

    def say(self, message: DirectMessage) -> None:
        """Say the message in the conversation of the two people, or by the nick if either keeps no messages."""
        key = self._key(message)
        if not self._keeps(message):
            self._plainly(message)
        elif key in self._opening:
            self._opening[key].append(message)
        elif (group := self._open(message, key[1])) is not None:
            self._converse(group, message)
        else:
            self._opening[key] = deque((message,))
            self._begin(key)

    def _plainly(self, message: DirectMessage) -> None:
        """Tell the message by the nick, unless said in a conversation on a former node already (P9)."""
        user, idempotency_key = message.user, message.tell.idempotency_key
        group = (
            self.edge.conversations.with_account(user, self._key(message)[1]) if idempotency_key is not None else None
        )
        tell = replace(message.tell, in_conversation=False)

        def asked(outcome: Any) -> None:
            if isinstance(outcome, Refusal):
                self._submit(message.home, tell, message.call, user, message.place, message.done)
            else:  # already said: the speaker's clients read the message there, if the user still sits there
                message.done(
                    Reached(message.holder, in_conversation=group in user.seats.conversations)
                    if outcome is None
                    else outcome
                )

        if group is not None:
            self._submit(group, Probe(idempotency_key), message.call, user, message.place, asked)
        else:
            self._submit(message.home, tell, message.call, user, message.place, message.done)

    def _converse(self, group: GroupId, message: DirectMessage, *, opened: bool = False) -> None:
        """Say the message in the conversation. opened: just now, for this message, so the other's session has agreed.
        The other user may have no seat yet, while the session is taken up from a dead node."""
        user, tell, holder = message.user, message.tell, message.holder
        person, is_guest = user.person, not user.session.account

        def said(outcome: Any) -> None:
            if outcome is None and message.tell.verb != "TAGMSG":
                await_echo(message.call, group)
            if is_guest and isinstance(outcome, Refusal):  # the account has left the conversation since
                self._turned_away(message)
            elif outcome is None and holder.account is None:
                self._pass_on(message)
            elif outcome is None:  # a guest does not follow the conversation: echo as usual
                message.done(Reached(holder, in_conversation=not is_guest))
            else:
                message.done(outcome)

        me, name = user.session.account or user.uid, None if is_guest else person.account
        facts = (user.uid, me, person.source, tell.verb, tell.text, holder.nick, name, tell.tags, "B" in person.modes)
        say = Say(*facts, tell.idempotency_key, holder.uid if is_guest and not opened else "")
        self._submit(group, say, message.call, user, message.place, said)

    def _turned_away(self, message: DirectMessage) -> None:
        """Ask the account once more for consent: the account has no seat in the guest's conversation."""
        key = self._key(message)
        message.user.privacy.forget(key[1])
        if key in self._opening:
            waiting = sorted((*self._opening[key], message), key=lambda one: one.call.line)
            self._opening[key] = deque(waiting)
        else:
            self._opening[key] = deque((message,))
            self._begin(key)

    def _pass_on(self, message: DirectMessage) -> None:
        """Tell a guest by the nick's group of a message said by an account in the conversation. The message keeps the
        msgid and time known to the account's own clients."""
        msgid, at = message.call.stamp or ("", 0)
        tell = replace(message.tell, in_conversation=False, guests=False, uid=message.holder.uid, msgid=msgid, at=at)

        def told(outcome: Any) -> None:
            message.done(Reached(outcome.person, in_conversation=True) if isinstance(outcome, Reached) else outcome)

        self._submit(message.home, tell, message.call, message.user, message.place, told)

    def _open(self, message: DirectMessage, other: str) -> GroupId | None:
        """Return the conversation, if each party with an account has a seat there, as far as this node knows."""
        if not message.user.session.account:
            return message.user.privacy.guest_conversations.get(other)
        mine = self.edge.conversations.party(message.user)
        for group in message.user.seats.conversations:
            found = other_of(group.name, mine)
            state = self.edge.network.state(group) if found is not None and found.account == other else None
            if found is not None and isinstance(state, Conversation):
                seat = state.seats.get(other)
                if found.is_guest or (seat is not None and seat.uid == message.holder.uid):
                    return group
        return None

    def _begin(self, key: tuple[str, str]) -> None:
        """Open the conversation for the first waiting message."""
        message, other = self._opening[key][0], key[1]
        opening = open_conversation(self.edge, message.user, message.holder, other)
        run(self.edge, opening, lambda group: self._end(key, group))

    def _end(self, key: tuple[str, str], group: GroupId | None) -> None:
        """Say the waiting messages: the conversation is open, or is refused."""
        message = self._opening[key].popleft()
        if group is None:
            self._plainly(message)
        else:
            if not message.user.session.account:
                message.user.privacy.remember(key[1], group)
            self._converse(group, message, opened=True)
        while self._opening[key]:
            message = self._opening[key][0]
            found = self._open(message, key[1])
            if not self._keeps(message):
                self._plainly(self._opening[key].popleft())
            elif found is None:
                self._begin(key)
                return
            else:
                self._converse(found, self._opening[key].popleft())
        del self._opening[key]
